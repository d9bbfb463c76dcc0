package loadtest_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// ones is float32[2,4] for every argument.
func ones(args []protocol.Argument) (*sample.Sample, error) {
	spec, err := sample.Parse("float32[2,4]=ones")
	if err != nil {
		return nil, err
	}
	var specs []sample.Spec
	for range args {
		specs = append(specs, spec)
	}
	return sample.Build(specs, args, sample.Settings{}, 0)
}

func TestTheWorkerDiesWithItsParentInsideForward(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGKILL, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			parent := exec.Command(os.Args[0])
			parent.Env = append(os.Environ(), runForeverVariable+"="+worker(t))
			out, err := parent.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
				t.Fatalf("%q: %v", line, err)
			}
			time.Sleep(300 * time.Millisecond) // now it is inside forward
			worker := workerOf(t, parent.Process.Pid)
			if worker == 0 {
				t.Fatal("no worker runs")
			}
			if err := parent.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = parent.Wait()
			deadline := time.Now().Add(slack)
			for alive(t, worker) {
				if time.Now().After(deadline) {
					_ = syscall.Kill(worker, syscall.SIGKILL)
					t.Fatal("the worker still runs long after its parent's death")
				}
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
}

func workerOf(t *testing.T, parent int) int {
	for _, s := range processes(t) {
		if s.parent == parent && strings.HasPrefix(filepath.Base(worker(t)), s.name) {
			return s.pid
		}
	}
	return 0
}

func alive(t *testing.T, pid int) bool {
	for _, s := range processes(t) {
		if s.pid == pid {
			return s.state != "Z"
		}
	}
	return false
}

// fake writes a shell script that stands in for the worker, to test what the
// main program does with a worker that misbehaves.
func fake(t *testing.T, script string) func(*loadtest.Config) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "worker")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return func(c *loadtest.Config) {
		c.Worker = path
		c.Timeout = 5 * time.Second
	}
}

const (
	hello  = `echo '{"protocol":3,"libtorch":"9.9"}'; read request; `
	loaded = `echo '{"loaded":{"seconds":1,"arguments":[{"name":"x","type":"Tensor"}],"returns":"Tensor"}}'; read request; `
)

func TestWorkersThatMisbehave(t *testing.T) {
	tests := []struct {
		name, script string
		stage        protocol.Stage
		rule         string
		words        []string
	}{
		{"garbage for a greeting", "echo hello", protocol.StageOpen, rules.WorkerFailed, []string{"hello", "make worker"}},
		{"nothing at all", "exit 0", protocol.StageOpen, rules.WorkerFailed, []string{"ended with status 0"}},
		{"another version of the protocol", `echo '{"protocol":7,"libtorch":"9.9"}'; sleep 9`, protocol.StageOpen, rules.WorkerMismatch,
			[]string{"version 7", fmt.Sprintf("version %d", protocol.Version), "make worker"}},
		{"a missing library", `echo "$0: error while loading shared libraries: libc10.so: cannot open shared object file" >&2; exit 127`,
			protocol.StageOpen, rules.WorkerFailed, []string{"libc10.so: cannot open", "install it again", "make worker"}},
		{"an endless line", `while :; do printf '%0100000d' 0; done`, protocol.StageOpen, rules.WorkerFailed, []string{"a line of more than"}},
		{"a greeting that never comes", "sleep 30", protocol.StageOpen, rules.WorkerFailed, []string{"did not answer within 5s"}},
		{"a closed stdout", "exec >&-; sleep 30", protocol.StageOpen, rules.WorkerFailed, []string{"closed its output"}},
		{"a reply that is no reply", hello + `echo '{}'; sleep 9`, protocol.StageLoad, rules.WorkerFailed, []string{"not a message"}},
		{"a reply of other types", hello + `echo '{"loaded":[]}'; sleep 9`, protocol.StageLoad, rules.WorkerFailed, []string{"not a message"}},
		{"half a reply", hello + `printf '{"loaded"'`, protocol.StageLoad, rules.WorkerCrashed, []string{"ended with status 0"}},
		{"death while loading", hello + `echo 'terminate called' >&2; kill -ABRT $$`, protocol.StageLoad, rules.WorkerCrashed,
			[]string{"loading the model", "SIGABRT", "terminate called"}},
		{"the kernel's killer of large processes", hello + loaded + "kill -KILL $$", protocol.StageForward, rules.WorkerCrashed,
			[]string{"running forward on x float32[2,4]", "SIGKILL", "out of memory"}},
		{"death by an exit in forward", hello + loaded + "exit 3", protocol.StageForward, rules.WorkerCrashed, []string{"ended with status 3"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			result, findings := loadTest(t, testtools.Testdata("models", "scripted.pt"), nil, fake(t, test.script),
				func(c *loadtest.Config) { c.Sample = ones })
			if len(findings) != 1 || findings[0].Rule != test.rule {
				t.Fatalf("findings %v, want one of %s", findings, test.rule)
			}
			said := findings[0].Message + "\n" + findings[0].Hint
			for _, words := range test.words {
				if !strings.Contains(said, words) {
					t.Errorf("%s\nlacks %q", said, words)
				}
			}
			if result.Stage != test.stage {
				t.Errorf("ended in stage %s, want %s", result.Stage, test.stage)
			}
		})
	}
}

func TestEachStageHasADeadlineOfItsOwn(t *testing.T) {
	slow := `sleep 3; ` + loaded + `sleep 3; echo '{"outcome":{"seconds":1,"latencies":[1],"outputs":[],"peakMemory":1}}'; sleep 9`
	result, findings := loadTest(t, models("scripted"), nil, fake(t, hello+slow), func(c *loadtest.Config) { c.Sample = ones })
	if len(findings) != 0 || result.Stage != protocol.StageDone {
		t.Errorf("two stages of 3 s within 5 s each: stage %s, findings %v", result.Stage, findings)
	}
}

func TestAWorkerThatCannotBeStarted(t *testing.T) {
	broken := fake(t, "")
	result, findings := loadTest(t, testtools.Testdata("models", "scripted.pt"), nil, broken, func(c *loadtest.Config) {
		if err := os.WriteFile(c.Worker, []byte("#!/nonexistent/interpreter\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	})
	if len(findings) != 1 || findings[0].Rule != rules.WorkerFailed || result.Stage != protocol.StageOpen {
		t.Errorf("stage %s, findings %v", result.Stage, findings)
	}
}

func TestWhatAWorkerStartedIsEndedToo(t *testing.T) {
	// It may not write files, so it tells the number in its greeting.
	_, findings := loadTest(t, models("scripted"), nil, fake(t, "sleep 60 & echo started $!"))
	if len(findings) != 1 {
		t.Fatalf("findings %v", findings)
	}
	_, rest, _ := strings.Cut(findings[0].Message, "started ")
	pid, err := strconv.Atoi(rest[:strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })])
	if err != nil {
		t.Fatalf("%v in %q", err, findings[0].Message)
	}
	// What is killed takes a moment to die.
	for end := time.Now().Add(slack); alive(t, pid); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("process %d of the worker's group still runs", pid)
		}
	}
}
