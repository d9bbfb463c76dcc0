package loadtest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
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
	limits limits
	unhook func() bool // of the context

	expired atomic.Bool   // a stage took too long
	data    atomic.Uint64 // bytes of data that it then had

	exited chan struct{} // closed once it is reaped
	mu     sync.Mutex
	reaped bool
}

// within kills the worker when it is not told to stop doing so within d; 0 is
// any time.
func (p *process) within(d time.Duration) (stop func() bool) {
	if d <= 0 {
		return func() bool { return true }
	}
	return time.AfterFunc(d, func() {
		p.data.Store(dataOf(p.cmd.Process.Pid))
		p.expired.Store(true)
		p.kill()
	}).Stop
}

// launch starts the worker in a process group of its own. The group is killed
// when ctx ends, when the worker dies, by close, and when this process dies.
func launch(ctx context.Context, path string, model *os.File, l limits) (*process, error) {
	hide()
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

	p := &process{stdin: stdin, stdout: stdout, reader: bufio.NewReader(stdout), limits: l, exited: make(chan struct{})}
	p.cmd = &exec.Cmd{
		Path: path, Args: []string{path}, Env: environment(l), Dir: "/",
		Stdin: childIn, Stdout: childOut, Stderr: &p.stderr, ExtraFiles: []*os.File{model},
		// Should a process of the worker's group keep stderr open.
		WaitDelay:   time.Second,
		SysProcAttr: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL},
	}
	started := make(chan error, 1)
	go p.supervise(started)
	if err := <-started; err != nil {
		stdin.Close()
		stdout.Close()
		return nil, err
	}
	p.offerToKiller()
	p.unhook = context.AfterFunc(ctx, p.kill)
	return p, nil
}

// supervise starts the worker and waits for its death. It holds its thread to
// the end: the kernel sends the parent-death signal when the thread that
// started a child ends, not the process. The thread ends with it, because it
// is confined.
func (p *process) supervise(started chan<- error) {
	runtime.LockOSThread()
	dropCapabilities()
	if err := confineThread(p.limits.devices()); err != nil {
		started <- err
		return
	}
	if err := p.cmd.Start(); err != nil {
		started <- err
		return
	}
	if err := p.limits.apply(p.cmd.Process.Pid); err != nil {
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
