package cli_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
)

// forever starts an archiving whose model never ends its forward, in a new
// folder with an old archive, and returns once the worker is inside forward. under
// is a command that is to start it.
func forever(t *testing.T, under ...string) (cmd *exec.Cmd, dir string, worker int) {
	t.Helper()
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "m.mar"), []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	args := append(under, "go-model-archiver", "--model-name", "m", "--version", "1", "--force", "--handler", "base_handler",
		"--serialized-file", testtools.Testdata("failing", "forever.pt"), "--sample", "float32[2,4]=ones")
	cmd = exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GO_MODEL_ARCHIVER_WORKER="+testtools.Worker(t))
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	eventually(t, 60*time.Second, "a worker that computes", func() bool {
		worker = child(cmd.Process.Pid)
		return worker != 0 && cpuTime(worker) > time.Second
	})
	return cmd, dir, worker
}

func eventually(t *testing.T, limit time.Duration, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited %v for %s", limit, what)
		}
	}
}

// stat returns the fields of /proc/PID/stat behind the command's name.
func stat(pid string) []string {
	data, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return nil
	}
	_, rest, _ := strings.Cut(string(data), ") ")
	return strings.Fields(rest)
}

func child(parent int) int {
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range all {
		pid := filepath.Base(dir)
		if s := stat(pid); len(s) > 1 && s[1] == strconv.Itoa(parent) {
			n, _ := strconv.Atoi(pid)
			return n
		}
	}
	return 0
}

// cpuTime is the user time of a process; a clock tick is 10 ms.
func cpuTime(pid int) time.Duration {
	s := stat(strconv.Itoa(pid))
	if len(s) < 12 {
		return 0
	}
	ticks, _ := strconv.Atoi(s[11])
	return time.Duration(ticks) * 10 * time.Millisecond
}

func alive(pid int) bool {
	s := stat(strconv.Itoa(pid))
	return len(s) > 0 && s[0] != "Z"
}

func TestSignalsLeaveTheOldArchiveAndNoWorker(t *testing.T) {
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd, dir, worker := forever(t)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			exit, ok := errors.AsType[*exec.ExitError](cmd.Wait())
			if !ok || exit.ExitCode() != code {
				t.Errorf("exit %v, want code %d", cmd.ProcessState, code)
			}
			eventually(t, 10*time.Second, "the worker's end", func() bool { return !alive(worker) })
			wantOnly(t, dir, "m.mar")
		})
	}
}

func TestSignalsThatAreToBeIgnoredAre(t *testing.T) {
	cmd, _, worker := forever(t, "nohup")
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	time.Sleep(500 * time.Millisecond)
	if !alive(worker) {
		t.Error("the worker has ended")
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if exit, ok := errors.AsType[*exec.ExitError](cmd.Wait()); !ok || exit.ExitCode() != 143 {
		t.Errorf("exit %v, want code 143", cmd.ProcessState)
	}
}

func TestKilledMainProgramTakesTheWorkerAlong(t *testing.T) {
	cmd, dir, worker := forever(t)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	eventually(t, 10*time.Second, "the worker's end", func() bool { return !alive(worker) })
	if data, err := os.ReadFile(filepath.Join(dir, "m.mar")); err != nil || string(data) != "old" {
		t.Errorf("the old archive is now %q, %v", data, err)
	}

	// What the dead run left is removed by the next one.
	next := exec.Command("go-model-archiver", "--model-name", "m", "--version", "1", "-f", "--handler", "base_handler")
	next.Dir = dir
	if out, err := next.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wantOnly(t, dir, "m.mar")
}

func wantOnly(t *testing.T, dir, name string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != name {
			t.Errorf("%q was left behind", e.Name())
		}
	}
}
