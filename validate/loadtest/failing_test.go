package loadtest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/pytorch"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// failings says what each model of testdata/failing has to lead to in libtorch
// 1.13; half-linear runs in those newer than 2.1, and forever has a test of its own.
var failings = map[string]struct {
	rule  string
	words []string // of message and hint
}{
	"missing-operator": {rules.OperatorMissing, []string{"custom operator torchvision::nms of torchvision"}},
	"missing-class":    {rules.ClassMissing, []string{"custom class tensorrt.Engine of Torch-TensorRT"}},
	"too-new":          {rules.FileTooNew, []string{"version 99", "at most version 10"}},
	"needs-cuda":       {rules.DeviceMissing, []string{"CUDA", "model.cpu()"}},
	"half-linear":      {rules.KernelMissing, []string{"Half", "float32"}},
	"raises":           {rules.ForwardFailed, []string{`libtorch says "ValueError: this model wants 7 columns"`, "float32[2,4] (from --sample)"}},
	"wrong-shape":      {rules.ForwardFailed, []string{"the sample leads to 2x4 where a layer's weights are 2x4"}},
	"crash":            {rules.WorkerCrashed, []string{"running forward", "SIGSEGV (segmentation fault)"}},
	"hungry":           {rules.MemoryExceeded, []string{`running forward on x float32[2,4] (from --sample) of "hungry.pt" needs more than the 1.0 GiB of --memory`, "can't allocate memory"}},
}

func TestFailingModels(t *testing.T) {
	paths, _ := filepath.Glob(testtools.Testdata("failing", "*.pt"))
	if len(paths) != len(failings)+1 {
		t.Errorf("testdata/failing has %d models and this test knows %d", len(paths), len(failings)+1)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".pt")
		if name == "forever" {
			continue
		}
		path, made := model(t, path)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, findings := loadTest(t, path, made.Sample, func(c *loadtest.Config) {
				if name == "hungry" {
					c.Memory = 1 << 30
				}
			})
			want := failings[name]
			if v, err := pytorch.ParseVersion(result.Libtorch); name == "half-linear" && err == nil && (pytorch.Version{Major: 2, Minor: 1}).Less(v) {
				if len(findings) != 0 {
					t.Errorf("libtorch %s has the kernel: %v", v, findings)
				}
				return
			}
			if len(findings) != 1 || findings[0].Rule != want.rule {
				t.Fatalf("findings %v, want one of %s\n%s", findings, want.rule, result.Error)
			}
			said := findings[0].Message + "\n" + findings[0].Hint
			for _, words := range want.words {
				if !strings.Contains(said, words) {
					t.Errorf("%s\nlacks %q; libtorch said:\n%s", said, words, result.Error)
				}
			}
			if result.Stage != made.Stage {
				t.Errorf("ended in stage %s, want %s", result.Stage, made.Stage)
			}
		})
	}
}

// startup is how long a whole load test takes on this machine, just now.
func startup(t *testing.T) time.Duration {
	t.Helper()
	start := time.Now()
	if _, findings := loadTest(t, models("scripted"), []string{"float32[2,8]"}); len(findings) != 0 {
		t.Fatal(findings)
	}
	return time.Since(start)
}

// slack is what a busy machine may add to what takes no time: the tests of other
// packages run beside these.
const slack = 10 * time.Second

func TestTheDeadlineEndsAnEndlessLoop(t *testing.T) {
	timeout := (3*startup(t) + 2*time.Second).Round(time.Second)
	start := time.Now()
	result, findings := loadTest(t, testtools.Testdata("failing", "forever.pt"), []string{"float32[2,4]=ones"},
		func(c *loadtest.Config) { c.Timeout = timeout })
	if took := time.Since(start); took > timeout+slack {
		t.Errorf("took %s, and the deadline was %s", took, timeout)
	}
	want := fmt.Sprintf(`the load test of "forever.pt" was stopped after %s while running forward on x float32[2,4] (from --sample)`, timeout)
	if len(findings) != 1 || findings[0].Rule != rules.LoadTestTimeout || findings[0].Message != want {
		t.Errorf("findings %v, want %s", findings, want)
	}
	if result.Stage != protocol.StageForward {
		t.Errorf("ended in stage %s", result.Stage)
	}
	noWorkersOf(t, os.Getpid())
}

func TestCancellingEndsTheWorker(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(2*time.Second, cancel)
	file, err := os.Open(testtools.Testdata("failing", "forever.pt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	start := time.Now()
	_, findings := loadtest.Run(ctx, loadtest.Config{
		Worker: worker(t), Model: file, ModelPath: "forever.pt", Sample: ones,
	})
	if took := time.Since(start); took > 2*time.Second+slack {
		t.Errorf("took %s", took)
	}
	if !has(findings, rules.WorkerFailed) || !strings.Contains(findings[0].Message, "cancelled") {
		t.Errorf("findings %v", findings)
	}
	noWorkersOf(t, os.Getpid())
}

// noWorkersOf fails when the process pid still has a worker as its child.
func noWorkersOf(t *testing.T, pid int) {
	t.Helper()
	if worker := workerOf(t, pid); worker != 0 {
		t.Errorf("the worker %d is still there", worker)
	}
}

type processStat struct {
	pid, parent int
	name, state string
}

// processes reads /proc; its names are cut to 15 bytes.
func processes(t *testing.T) []processStat {
	t.Helper()
	paths, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	var all []processStat
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		name, rest, _ := strings.Cut(string(text), ") ")
		number, name, _ := strings.Cut(name, " (")
		s := processStat{name: name}
		s.pid, _ = strconv.Atoi(number)
		if _, err := fmt.Sscan(rest, &s.state, &s.parent); err == nil {
			all = append(all, s)
		}
	}
	return all
}

// Set, it makes the test program one that is to be killed inside a load test.
const runForeverVariable = "LOADTEST_RUN_FOREVER"

func TestMain(m *testing.M) {
	if worker := os.Getenv(runForeverVariable); worker != "" {
		runForever(worker)
	}
	if text := os.Getenv(runOneVariable); text != "" {
		must(json.NewEncoder(os.Stdout).Encode(runOne(text)))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runForever(worker string) {
	file, err := os.Open(testtools.Testdata("failing", "forever.pt"))
	if err != nil {
		panic(err)
	}
	loadtest.Run(context.Background(), loadtest.Config{
		Worker: worker, Model: file, ModelPath: "forever.pt",
		Sample: func(args []protocol.Argument) (*sample.Sample, error) {
			fmt.Println("forward") // comes next
			return ones(args)
		},
	})
}
