package loadtest_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
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

// Set, it makes the test program one that load-tests a model as a main program
// of its own, and tells on stdout what that did to it.
const runOneVariable = "LOADTEST_RUN_ONE"

type oneRun struct {
	Worker, Model string
	Samples       []string
	Memory        uint64
	Timeout       time.Duration
}

type oneOutcome struct {
	Stage    protocol.Stage
	Findings []rules.Finding
	Peak     int64  // bytes that the main program had resident at most
	Children string // process ids that are left
}

func runOne(text string) oneOutcome {
	var run oneRun
	must(json.Unmarshal([]byte(text), &run))
	file, err := os.Open(run.Model)
	must(err)
	var specs []sample.Spec
	for _, s := range run.Samples {
		spec, err := sample.Parse(s)
		must(err)
		specs = append(specs, spec)
	}
	result, findings := loadtest.Run(context.Background(), loadtest.Config{
		Worker: run.Worker, Model: file, ModelPath: filepath.Base(run.Model), Memory: run.Memory, Timeout: run.Timeout,
		Sample: func(args []protocol.Argument) (*sample.Sample, error) {
			return sample.Build(specs, args, sample.Settings{}, 0)
		},
	})
	status, err := os.ReadFile("/proc/self/status")
	must(err)
	kib, err := strconv.ParseInt(string(regexp.MustCompile(`VmHWM:\s*(\d+) kB`).FindSubmatch(status)[1]), 10, 64)
	must(err)
	var children []byte
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	for _, path := range tasks {
		pids, _ := os.ReadFile(path) // a thread may have ended
		children = append(children, pids...)
	}
	return oneOutcome{result.Stage, findings, kib << 10, strings.TrimSpace(string(children))}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// bomb copies the scripted model with a tensor that is small in the file and
// would be large in memory.
func bomb(t *testing.T, size int64) string {
	t.Helper()
	old, err := zip.OpenReader(models("scripted"))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, entry := range old.File {
		if !strings.HasSuffix(entry.Name, "/data/0") {
			if err := w.Copy(entry); err != nil {
				t.Fatal(err)
			}
			continue
		}
		deflated, err := w.Create(entry.Name)
		if err != nil {
			t.Fatal(err)
		}
		zeros := make([]byte, 1<<20)
		for range size / int64(len(zeros)) {
			if _, err := deflated.Write(zeros); err != nil {
				t.Fatal(err)
			}
		}
	}
	path := filepath.Join(t.TempDir(), "bomb.pt")
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Whatever a model does, the main program stays small, names the stage, and
// leaves nothing behind: no file, no process.
func TestNoModelHurtsTheMainProgram(t *testing.T) {
	failing := func(name string) string { return testtools.Testdata("failing", name+".pt") }
	const forward = "def forward(self, x: Tensor) -> Tensor:\n"
	ones := []string{"float32[3]=ones"}
	short := (3*startup(t) + 2*time.Second).Round(time.Second)
	written := filepath.Join(t.TempDir(), "written")
	for name, test := range map[string]struct {
		run    oneRun
		stages []protocol.Stage
		rule   string // empty: none; after a | what a faster machine finds
	}{
		"an endless loop":          {oneRun{Model: failing("forever"), Timeout: short}, []protocol.Stage{"forward"}, rules.LoadTestTimeout},
		"a memory bomb":            {oneRun{Model: failing("hungry"), Memory: 1 << 30}, []protocol.Stage{"forward"}, rules.MemoryExceeded},
		"a memory bomb at loading": {oneRun{Model: bomb(t, 1<<30), Memory: 512 << 20}, []protocol.Stage{"load"}, rules.MemoryExceeded},
		"a stack overflow":         {oneRun{Model: hostile("sinks")}, []protocol.Stage{"forward"}, rules.WorkerCrashed},
		"a stack overflow at loading": {oneRun{Model: withCode(t, forward+"    return "+strings.Repeat("-", 200_000)+"x\n")},
			[]protocol.Stage{"load"}, rules.WorkerCrashed},
		"aten::save":      {oneRun{Model: hostile("saves"), Samples: []string{ones[0], fmt.Sprintf("path:str=%q", written)}}, []protocol.Stage{"done"}, ""},
		"aten::from_file": {oneRun{Model: hostile("maps"), Samples: []string{fmt.Sprintf("path:str=%q", written)}}, []protocol.Stage{"forward"}, rules.ForwardFailed},
		"a crash":         {oneRun{Model: failing("crash")}, []protocol.Stage{"forward"}, rules.WorkerCrashed},
		"a trace of 100,000 lines": {oneRun{Model: withCode(t, forward+strings.Repeat("    x = torch.relu(x)\n", 100_000)+"    return x\n"), Timeout: short},
			[]protocol.Stage{"load", "forward"}, rules.LoadTestTimeout + "|" + rules.WorkerCrashed},
		"many outputs":   {oneRun{Model: hostile("floods")}, []protocol.Stage{"done"}, rules.OutputUnread},
		"a long message": {oneRun{Model: hostile("shouts")}, []protocol.Stage{"forward"}, rules.ForwardFailed},
		"much printed":   {oneRun{Model: hostile("prints")}, []protocol.Stage{"done"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := test.run
			run.Worker = worker(t)
			if run.Samples == nil {
				run.Samples = ones
			}
			if run.Timeout == 0 {
				run.Timeout = 2 * time.Minute
			}
			outcome := runInAProgram(t, run)
			if !slices.Contains(test.stages, outcome.Stage) {
				t.Errorf("ended in stage %s, want %v", outcome.Stage, test.stages)
			}
			if got := ruleOf(outcome.Findings); !slices.Contains(strings.Split(test.rule, "|"), got) {
				t.Errorf("findings %v, want %q", outcome.Findings, test.rule)
			}
			if outcome.Peak > 64<<20 {
				t.Errorf("the main program took %d bytes", outcome.Peak)
			}
			if outcome.Children != "" {
				t.Errorf("processes %s are left", outcome.Children)
			}
			if _, err := os.Stat(written); err == nil {
				t.Error("a file was written")
			}
		})
	}
}

func runInAProgram(t *testing.T, run oneRun) oneOutcome {
	t.Helper()
	text, err := json.Marshal(run)
	if err != nil {
		t.Fatal(err)
	}
	program := exec.Command(os.Args[0])
	program.Env = append(os.Environ(), runOneVariable+"="+string(text))
	program.Dir = t.TempDir()
	program.Stderr = os.Stderr
	said, err := program.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	var outcome oneOutcome
	if err := json.Unmarshal(said, &outcome); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	if entries, err := os.ReadDir(program.Dir); err != nil || len(entries) != 0 {
		t.Errorf("it left %v (%v)", entries, err)
	}
	return outcome
}

func ruleOf(findings []rules.Finding) string {
	if len(findings) == 0 {
		return ""
	}
	return findings[0].Rule
}

// reportsItself is a worker that tells on stderr what it was given, and dies.
const reportsItself = `env >&2; ulimit -a >&2; cat /proc/self/oom_score_adj >&2; exit 1`

func TestTheWorkersEnvironmentHasNoSecrets(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	t.Setenv("CUDA_VISIBLE_DEVICES", "3")
	result, _ := loadTest(t, models("scripted"), nil, fake(t, reportsItself), func(c *loadtest.Config) { c.Threads = 7 })
	for _, words := range []string{"hunter2", "CUDA_VISIBLE_DEVICES", "HOME="} {
		if strings.Contains(result.Error, words) {
			t.Errorf("the worker sees %s:\n%s", words, result.Error)
		}
	}
	for _, words := range []string{"PATH=", "OMP_NUM_THREADS=7", "OPENBLAS_NUM_THREADS=7", "LC_ALL=C"} {
		if !strings.Contains(result.Error, words) {
			t.Errorf("the worker does not see %s:\n%s", words, result.Error)
		}
	}
	result, _ = loadTest(t, models("scripted"), nil, fake(t, reportsItself), func(c *loadtest.Config) { c.Device = "cuda" })
	if !strings.Contains(result.Error, "CUDA_VISIBLE_DEVICES=3") {
		t.Errorf("with --device cuda the worker does not see CUDA_VISIBLE_DEVICES:\n%s", result.Error)
	}
}

func TestTheWorkersLimits(t *testing.T) {
	// The limits are set once it runs, so it waits for that.
	result, _ := loadTest(t, models("scripted"), nil, fake(t, "sleep 1; "+reportsItself), func(c *loadtest.Config) {
		c.Memory, c.Timeout = 1<<30, 100*time.Second
	})
	for _, pattern := range []string{
		`data.*\s1048576\n`, `core.*\s0\n`, `file.*\s0\n`, `time.*seconds\D+[1-9]\d{3,}\n`, `(?m)^1000$`,
	} {
		if !regexp.MustCompile(pattern).MatchString(result.Error) {
			t.Errorf("no %s in:\n%s", pattern, result.Error)
		}
	}
}

// What the main program has, and gave nobody, the worker has not: neither as a
// descriptor nor in /proc, also when root runs it.
func TestTheWorkerSeesNothingOfTheMainProgram(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	fd, err := syscall.Open(secret, syscall.O_RDWR, 0) // as if inherited: it stays open in children
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	result, _ := loadTest(t, models("scripted"), nil, fake(t, `ls -l /proc/self/fd >&2
for thread in /proc/$PPID/task/*; do
	test -z "$(cat $thread/environ $thread/maps)" || echo readable $thread >&2
done
grep CapEff /proc/self/status >&2
exit 1`))
	if !strings.Contains(result.Error, "scripted.pt") || !regexp.MustCompile(`CapEff:\s0{15}[06]\n`).MatchString(result.Error) {
		t.Fatalf("the worker does not tell:\n%s", result.Error)
	}
	for _, words := range []string{secret, "readable"} {
		if strings.Contains(result.Error, words) {
			t.Errorf("%q:\n%s", words, result.Error)
		}
	}
}
