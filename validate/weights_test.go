package validate

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/rules"
)

// TestWeightsAsPyTorchLoadsThem compares what is said of weights beside a model
// file with what PyTorch makes of them.
func TestWeightsAsPyTorchLoadsThem(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command(testtools.Python(t), filepath.Join("testdata", "make_weights.py"), dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "weights.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]struct {
		Fails string
		Told  bool
	}
	if err := json.Unmarshal(text, &cases); err != nil || len(cases) < 20 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	for name, want := range cases {
		for _, file := range []string{"model.pt", "legacy.pt"} {
			code, err := os.ReadFile(filepath.Join(dir, name, "model.py"))
			if err != nil {
				t.Fatal(err)
			}
			s := eager(string(code), "").subject(t).of(t, filepath.Join(dir, name, file))
			s.Manifest.Model.SerializedFile = file
			c, err := NewCheck(s)
			if err != nil {
				t.Fatal(err)
			}
			told := ruleOf(c.Findings, rules.EagerWeights)
			if told.Rule != "" && want.Fails == "" {
				t.Errorf("%s: PyTorch loads %s, and we say %q", name, file, told.Message)
			}
			if (told.Rule != "") != want.Told {
				t.Errorf("%s: got %+v of %s, want one: %v (%s)", name, told, file, want.Told, want.Fails)
			}
		}
	}
}

func ruleOf(findings []rules.Finding, id string) rules.Finding {
	for _, f := range findings {
		if f.Rule == id {
			return f
		}
	}
	return rules.Finding{}
}
