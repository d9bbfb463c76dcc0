package loadtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"go-model-archiver/validate/loadtest/protocol"
)

// modelPath is where the worker finds the descriptor of the model, which it
// inherits: the bytes it loads are those of the file that is archived.
const modelPath = "/proc/self/fd/3"

// process is a running worker.
type process struct {
	cmd    *exec.Cmd
	stdin  *os.File
	stdout *os.File
	reader *bufio.Reader
	stderr tail
	unhook func() bool // of the context

	exited chan struct{} // closed once it is reaped
	mu     sync.Mutex
	reaped bool
}

// limits are what the kernel lets the worker have.
type limits struct {
	threads int
	memory  uint64 // bytes of data; 0 is no limit
}

// launch starts the worker in a process group of its own. The group is killed
// when ctx ends, when the worker dies, by close, and when this process dies.
func launch(ctx context.Context, path string, model *os.File, l limits) (*process, error) {
	childIn, stdin, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer childIn.Close()
	stdout, childOut, err := os.Pipe()
	if err != nil {
		stdin.Close()
		return nil, err
	}
	defer childOut.Close()

	p := &process{stdin: stdin, stdout: stdout, reader: bufio.NewReader(stdout), exited: make(chan struct{})}
	p.cmd = &exec.Cmd{
		Path: path, Args: []string{path}, Env: environment(l.threads), Dir: "/",
		Stdin: childIn, Stdout: childOut, Stderr: &p.stderr, ExtraFiles: []*os.File{model},
		// Should a process of the worker's group keep stderr open.
		WaitDelay:   time.Second,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}
	started := make(chan error, 1)
	go p.supervise(started, l.memory)
	if err := <-started; err != nil {
		stdin.Close()
		stdout.Close()
		return nil, err
	}
	p.unhook = context.AfterFunc(ctx, p.kill)
	return p, nil
}

// supervise starts the worker and waits for its death. It holds its thread to
// the end: the kernel sends the parent-death signal when the thread that
// started a child ends, not the process. The thread ends with it, because it
// is confined.
func (p *process) supervise(started chan<- error, memory uint64) {
	runtime.LockOSThread()
	if err := confineThread(); err != nil {
		started <- err
		return
	}
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	if err := limit(p.cmd.Process.Pid, memory); err != nil {
		p.kill()
		p.reap()
		started <- err
		return
	}
	started <- nil
	// Wait without reaping: while it is a zombie its group's id is not reused.
	for {
		err := unix.Waitid(unix.P_PID, p.cmd.Process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	p.kill()
	p.reap()
}

// limit bounds what the worker may do from outside: no core file, no byte
// written to any file, and so much data.
func limit(pid int, memory uint64) error {
	bounds := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0}
	if memory > 0 {
		bounds[unix.RLIMIT_DATA] = memory
	}
	for resource, most := range bounds {
		err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("limit the worker: %w", err)
		}
	}
	return nil
}

// environment is the worker's: what its dynamic loader and its mathematics
// libraries look at, and nothing that could be a secret.
func environment(threads int) []string {
	env := []string{"LC_ALL=C"}
	for _, name := range []string{"PATH", "TMPDIR", "LD_LIBRARY_PATH"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range []string{"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"} {
		env = append(env, name+"="+strconv.Itoa(threads))
	}
	return env
}

func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.reaped {
		_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
	}
}

func (p *process) reap() {
	p.mu.Lock()
	defer p.mu.Unlock()
	_ = p.cmd.Wait() // the state tells
	p.reaped = true
	close(p.exited)
}

// close ends the worker and everything that it started, and waits for it.
func (p *process) close() {
	p.unhook()
	p.kill()
	<-p.exited
	p.stdin.Close()
	p.stdout.Close()
}

// send writes a request, then lets data write the bytes that follow it.
func (p *process) send(request protocol.Request, data func(io.Writer) error) error {
	w := bufio.NewWriter(p.stdin)
	if err := protocol.Write(w, request); err != nil {
		return err
	}
	if data != nil {
		if err := data(w); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (p *process) receive(message any) error { return protocol.Read(p.reader, message) }
