package validate

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/pytorch"
	"go-model-archiver/validate/rules"
)

func version(t *testing.T, text string) pytorch.Version {
	t.Helper()
	v, err := pytorch.ParseVersion(text)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// newer is a model that PyTorch 2.15 wrote.
func newer(name string) string {
	return filepath.Join(testtools.Root(), "validate", "torchscript", "testdata", "newer", name+".pt")
}

func checkOf(t *testing.T, path string) *Check {
	t.Helper()
	c, err := NewCheck(python(serves).subject(t).of(t, path))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheModelIsComparedWithTheTargetsPyTorch(t *testing.T) {
	const models, failing = "models/", "failing/"
	for _, test := range []struct {
		model, target string
		want, says    []string
	}{
		{models + "bert-seq.pt", "1.13", nil, nil},
		{models + "bert-seq.pt", "2.15.0", nil, nil},
		{models + "quantized.pt", "2.1.2+cu121", nil, nil},
		{models + "bert-seq.pt", "1.11", []string{rules.TargetFormat, rules.TargetUnknown}, []string{
			"has version 10 of the file format, which PyTorch 1.11 does not read and 1.12 and newer do",
			"save it with PyTorch 1.11, or serve it with 1.12 or newer", "the operators of PyTorch 1.11 are not known here, only those of 1.13 to 2.15",
		}},
		{models + "bert-seq.pt", "1.12", []string{rules.TargetUnknown}, []string{"cannot be told"}},
		{models + "bert-seq.pt", "3.0", []string{rules.TargetUnknown}, []string{"the operators of PyTorch 3.0 are not known here"}},
		{failing + "too-new.pt", "2.15", []string{rules.TargetFormat}, []string{"has version 99 of the file format, and PyTorch 2.15 reads at most version 10"}},
		{failing + "missing-operator.pt", "2.1", []string{rules.TargetUnknown}, []string{
			"no PyTorch from 1.13 to 2.15 has torchvision::nms by itself", "see that the handler imports the library",
		}},
		{failing + "missing-class.pt", "2.1", []string{rules.TargetUnknown}, []string{"it needs the class __torch__.torch.classes.tensorrt.Engine"}},
		{"notmodels/state_dict.pt", "2.1", []string{rules.TargetUnknown}, []string{"was not compared with PyTorch 2.1: it is no TorchScript that can be read"}},
	} {
		t.Run(test.model+" and "+test.target, func(t *testing.T) {
			c := checkOf(t, testtools.Testdata(test.model))
			compareFindings(t, c.TargetFindings(version(t, test.target)), test.want, test.says)
		})
	}
}

func TestWhatTheTargetLacksIsNamed(t *testing.T) {
	for _, test := range []struct {
		model, target string
		want, says    []string
	}{
		{"bert-traced", "2.0", nil, nil},
		{"static-quantized", "1.13", nil, nil},
		{"bert-traced", "1.13.1", []string{rules.TargetOperator}, []string{
			"calls what PyTorch 1.13 lacks: aten::scaled_dot_product_attention (new in 2.0)",
			"trace or script it with PyTorch 1.13, or serve it with 2.0 or newer",
		}},
		{"bert-frozen", "1.9", []string{rules.TargetOperator, rules.TargetUnknown}, []string{"lacks: aten::scaled_dot_product_attention"}},
	} {
		t.Run(test.model+" and "+test.target, func(t *testing.T) {
			compareFindings(t, checkOf(t, newer(test.model)).TargetFindings(version(t, test.target)), test.want, test.says)
		})
	}
}

// An operator may be older than one of its arguments.
func TestAnArgumentThatTheTargetLacksIsNamed(t *testing.T) {
	c := checkOf(t, withMethod(t, testtools.Testdata("models", "scripted.pt"), "  def attend(self: __torch__.M, q: Tensor) -> Tensor:\n"+
		"    return torch.scaled_dot_product_attention(q, q, q, None, 0., False, scale=0.125, enable_gqa=True)\n"))
	for target, says := range map[string]string{
		"2.0": "scale= of aten::scaled_dot_product_attention (new in 2.1)",
		"2.4": "calls what PyTorch 2.4 lacks: enable_gqa= of aten::scaled_dot_product_attention (new in 2.5)",
	} {
		compareFindings(t, c.TargetFindings(version(t, target)), []string{rules.TargetOperator}, []string{says, "serve it with 2.5 or newer"})
	}
	compareFindings(t, c.TargetFindings(version(t, "2.5")), nil, nil)
}

// withMethod copies a TorchScript file and adds lines to each file of its code.
func withMethod(t *testing.T, path, lines string) string {
	t.Helper()
	return rewritten(t, path, func(name string, content []byte) []byte {
		if strings.HasSuffix(name, ".py") {
			content = append(content, lines...)
		}
		return content
	})
}

// rewritten copies a zip file with other contents; an entry whose content becomes
// nil is left out.
func rewritten(t *testing.T, path string, change func(name string, content []byte) []byte) string {
	t.Helper()
	in, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, entry := range in.File {
		r, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if content = change(entry.Name, content); content == nil {
			continue
		}
		to, err := w.Create(entry.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := to.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	changed := filepath.Join(t.TempDir(), filepath.Base(path))
	if err := os.WriteFile(changed, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return changed
}

// The load test's own judge, the PyTorch that is installed, has to be of the same
// mind on every model that a newer one wrote.
func TestTheTargetAgrees(t *testing.T) {
	paths, err := filepath.Glob(newer("*"))
	if err != nil || len(paths) < 20 {
		t.Fatalf("%d models, %v", len(paths), err)
	}
	const load = `import json, sys, torch
said = {}
for path in sys.argv[1:]:
    try:
        torch.jit.load(path)
        said[path] = ""
    except Exception as e:
        said[path] = str(e)
print(json.dumps({"version": torch.__version__, "said": said}))`
	out, err := exec.Command(testtools.Python(t), append([]string{"-c", load}, paths...)...).Output()
	if err != nil {
		t.Fatal(err)
	}
	var judge struct {
		Version string
		Said    map[string]string
	}
	if err := json.Unmarshal(out, &judge); err != nil {
		t.Fatal(err)
	}
	installed := version(t, judge.Version)
	lacks := regexp.MustCompile(`Unknown builtin op: (\w+::\w+)`)
	refused := 0
	for path, words := range judge.Said {
		findings := checkOf(t, path).TargetFindings(installed)
		operator := lacks.FindStringSubmatch(words)
		if operator == nil {
			compareFindings(t, findings, nil, nil)
			continue
		}
		refused++
		compareFindings(t, findings, []string{rules.TargetOperator}, []string{strings.TrimSpace(operator[1])})
	}
	if refused == 0 && installed.Less(version(t, "2.0")) {
		t.Errorf("%s loads all of them, so this test says nothing", judge.Version)
	}
}
