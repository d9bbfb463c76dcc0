package loadtest_test

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

func hostile(name string) string { return testtools.Testdata("hostile", name+".pt") }

func TestAModelThatPrintsDoesNotDisturbTheProtocol(t *testing.T) {
	t.Parallel()
	result, findings := loadTest(t, hostile("prints"), []string{"float32[3]=ones"})
	if len(findings) != 0 || len(result.Outputs) != 1 || *result.Outputs[0].Mean != 1 {
		t.Errorf("findings %v, outputs %v", findings, result.Outputs)
	}
}

// What is too much for us to read says nothing against a model.
func TestOutputsThatNobodyCanRead(t *testing.T) {
	for name, words := range map[string]string{
		"expands": "a copy of 1099511627776 elements",
		"floods":  "output has 1000000 elements, and at most 10000 are read",
		"circles": "nested more than 64 deep",
		"spikes":  "output has 1000 dimensions",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, findings := loadTest(t, hostile(name), []string{"float32[3]=ones"})
			if len(findings) != 1 || findings[0].Rule != rules.OutputUnread || !strings.Contains(findings[0].Message, words) {
				t.Errorf("findings %v, want %q", findings, words)
			}
			if result.Stage != protocol.StageDone || len(result.Outputs) == 0 {
				t.Errorf("ended in stage %s with the outputs %v", result.Stage, result.Outputs)
			}
		})
	}
}

// They were to be saved or compared, though, and were not.
func TestOutputsThatNobodyCanReadAreNotSavedOrCompared(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "out.npz")
	_, findings := loadTest(t, hostile("layouts"), []string{"float32[4]=arange"}, func(c *loadtest.Config) { c.SaveOutputs, c.Ignore = file, []string{"*"} })
	if has(findings, rules.OutputsUnused) {
		t.Fatalf("findings %v", findings)
	}
	_, findings = loadTest(t, hostile("floods"), []string{"float32[3]=ones"}, func(c *loadtest.Config) {
		c.Expect, c.SaveOutputs = goldenFile(t, file), filepath.Join(t.TempDir(), "given.npz")
	})
	unused := 0
	for _, f := range findings {
		if f.Rule == rules.OutputsUnused {
			unused++
		}
	}
	if unused != 2 || has(findings, rules.OutputDiffers) {
		t.Errorf("findings %v", findings)
	}
}

func TestTensorsOfOtherLayoutsAreRead(t *testing.T) {
	t.Parallel()
	result, findings := loadTest(t, hostile("layouts"), []string{"float32[4]=arange"})
	tensor := func(i int, dtype string, shape []int64, minMaxMean ...float64) protocol.Output {
		o := protocol.Output{Path: fmt.Sprintf("output[%d]", i), DType: dtype, Shape: shape}
		if len(minMaxMean) > 0 {
			o.Min, o.Max, o.Mean = &minMaxMean[0], &minMaxMean[1], &minMaxMean[2]
		}
		return o
	}
	want := []protocol.Output{
		tensor(0, "float32", []int64{4}, 0, 3, 1.5),
		tensor(1, "quint8", []int64{4}, 0, 3, 1.5),
		tensor(2, "float32", []int64{2, 2}, 0, 3, 1.5),
		tensor(3, "float32", []int64{2}, 0, 2, 1),
		tensor(4, "float32", []int64{3, 1}, 0, 0, 0),
		tensor(5, "complex64", []int64{4}),
		tensor(6, "float32", []int64{4}, 0, 3, 1.5),
		tensor(7, "complex64", []int64{4}), // 0/0 is NaN, the others are infinite
		tensor(8, "float32", []int64{0, 3}),
		tensor(9, "bool", []int64{}, 0, 0, 0),
		tensor(10, "float32", []int64{2, 3}),
	}
	want[7].NaN, want[7].Inf = 1, 3
	if diff := cmp.Diff(want, result.Outputs); diff != "" {
		t.Errorf("outputs (-want +worker):\n%s", diff)
	}
	if !has(findings, rules.OutputNaN) {
		t.Errorf("findings %v", findings)
	}
}

func TestAModelThatShoutsIsQuotedInMeasure(t *testing.T) {
	t.Parallel()
	result, findings := loadTest(t, hostile("shouts"), []string{"float32[3]=ones"})
	if len(findings) != 1 || findings[0].Rule != rules.ForwardFailed {
		t.Fatalf("findings %v", findings)
	}
	if m := findings[0].Message; len(m) > 1000 || strings.ContainsAny(m, "\x1b\a") || !strings.Contains(m, "spam spam") {
		t.Errorf("%d bytes: %.200q", len(m), m)
	}
	if len(result.Error) > 64<<10 {
		t.Errorf("kept %d bytes of libtorch's message", len(result.Error))
	}
}

// Landlock holds these two back: whoever runs the tests may write there. To
// aten::save a file that it cannot make is no error.
func TestAModelCannotWriteFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "written")
	result, findings := loadTest(t, hostile("saves"), []string{"float32[3]=ones", `path:str="` + path + `"`})
	if _, err := os.Stat(path); err == nil || result.Stage != protocol.StageDone {
		t.Errorf("stage %s, findings %v, file: %v", result.Stage, findings, err)
	}
}

func TestAModelCannotChangeFiles(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "precious")
	if err := os.WriteFile(path, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, findings := loadTest(t, hostile("maps"), []string{`path:str="` + path + `"`})
	if !has(findings, rules.ForwardFailed) {
		t.Errorf("findings %v", findings)
	}
	if text, err := os.ReadFile(path); string(text) != "precious" {
		t.Errorf("the file now holds %q, %v", text, err)
	}
}

// withCode copies the scripted model with other code for its forward.
func withCode(t *testing.T, forward string) string {
	t.Helper()
	old, err := zip.OpenReader(testtools.Testdata("models", "scripted.pt"))
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	path := filepath.Join(t.TempDir(), "model.pt")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := zip.NewWriter(file)
	edited := false
	for _, entry := range old.File {
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if at := strings.Index(string(content), "def forward"); at >= 0 && strings.HasSuffix(entry.Name, "own.py") {
			content, edited = []byte(string(content[:at])+forward), true
		}
		out, err := w.CreateHeader(&zip.FileHeader{Name: entry.Name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil || !edited {
		t.Fatalf("edited %t, %v", edited, err)
	}
	return path
}

func TestCodeNestedSoDeepThatTheParserOverflows(t *testing.T) {
	t.Parallel()
	path := withCode(t, "def forward(self, x: Tensor) -> Tensor:\n    return "+strings.Repeat("-", 200_000)+"x\n")
	result, findings := loadTest(t, path, []string{"float32[3]=ones"})
	if len(findings) != 1 || findings[0].Rule != rules.WorkerCrashed || !strings.Contains(findings[0].Message, "loading the model") {
		t.Errorf("stage %s, findings %v", result.Stage, findings)
	}
}
