package loadtest_test

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// expected is what Python computed of a model in testdata.
type expected struct {
	Sample    []string            `json:"sample"`
	Arguments []protocol.Argument `json:"arguments"`
	Outputs   []protocol.Output   `json:"outputs"`
	Stage     protocol.Stage      `json:"stage"`
	EndsWith  string              `json:"ends_with"`
}

// model is a .pt file of testdata with the .json beside it.
func model(t *testing.T, path string) (string, expected) {
	t.Helper()
	text, err := os.ReadFile(strings.TrimSuffix(path, ".pt") + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var e expected
	if err := json.Unmarshal(text, &e); err != nil {
		t.Fatal(err)
	}
	return path, e
}

// workerVariable names another build of the worker to run these tests against.
const workerVariable = "LOADTEST_WORKER"

func worker(t *testing.T) string {
	t.Helper()
	if path := os.Getenv(workerVariable); path != "" {
		return path
	}
	return testtools.Worker(t)
}

// loadTest runs the model at path in the real worker; change may alter the
// configuration.
func loadTest(t *testing.T, path string, samples []string, change ...func(*loadtest.Config)) (*loadtest.Result, []rules.Finding) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var specs []sample.Spec
	for _, s := range samples {
		// The files that samples name stand beside the model.
		s = strings.ReplaceAll(s, "@", "@"+filepath.Dir(path)+"/")
		spec, err := sample.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, spec)
	}
	cfg := loadtest.Config{
		Worker: worker(t), Model: file, ModelPath: filepath.Base(path), Timeout: time.Minute,
		Sample: func(args []protocol.Argument) (*sample.Sample, error) {
			return sample.Build(specs, args, sample.Settings{}, 0)
		},
	}
	for _, c := range change {
		c(&cfg)
	}
	return loadtest.Run(context.Background(), cfg)
}

// nearly compares numbers as two builds of libtorch agree; they have different
// engines for quantized models.
func nearly(name string) cmp.Option {
	tolerance := 1e-5
	if name == "quantized" {
		tolerance = 1e-2
	}
	return cmp.Comparer(func(a, b *float64) bool {
		if a == nil || b == nil {
			return a == b
		}
		return math.Abs(*a-*b) <= tolerance*(1+math.Abs(*b))
	})
}

// tensors leaves out what is no tensor, which testdata does not describe.
func tensors(outputs []protocol.Output) []protocol.Output {
	return slices.DeleteFunc(slices.Clone(outputs), func(o protocol.Output) bool {
		return slices.Contains([]string{"int", "float", "str", "none"}, o.DType)
	})
}

func TestOutputsAreThoseOfPython(t *testing.T) {
	paths, err := filepath.Glob(testtools.Testdata("models", "*.pt"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("found %d models: %v", len(paths), err)
	}
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".pt")
		path, want := model(t, path)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, findings := loadTest(t, path, want.Sample)
			if result.Stage != protocol.StageDone {
				t.Fatalf("ended in stage %s: %v\n%s", result.Stage, findings, result.Error)
			}
			if diff := cmp.Diff(want.Outputs, tensors(result.Outputs), nearly(name)); diff != "" {
				t.Errorf("outputs (-Python +worker):\n%s", diff)
			}
			for _, rule := range []string{rules.OutputNaN, rules.OutputInf, rules.OutputNegInf} {
				if got, want := has(findings, rule), rule == want.oddRule(); got != want {
					t.Errorf("finding %s: %t, want %t: %v", rule, got, want, findings)
				}
			}
			if _, err := json.Marshal(result); err != nil {
				t.Error(err)
			}
		})
	}
}

func (e expected) oddRule() string {
	for _, o := range e.Outputs {
		switch {
		case o.NaN > 0:
			return rules.OutputNaN
		case o.Inf > o.NegInf:
			return rules.OutputInf
		case o.Inf > 0:
			return rules.OutputNegInf
		}
	}
	return ""
}

func has(findings []rules.Finding, rule string) bool {
	return slices.ContainsFunc(findings, func(f rules.Finding) bool { return f.Rule == rule })
}
