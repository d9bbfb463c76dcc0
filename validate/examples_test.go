package validate

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/rules"
)

// TestExamples checks archives of the shapes that TorchServe's own examples
// have: their handlers, configs, label maps and requirements.
func TestExamples(t *testing.T) {
	odd := map[string][]string{
		"classifier":      {rules.LabelsKeys, rules.NoWeights},
		"detector":        {rules.NoWeights},
		"tensor-parallel": {rules.ConfigKey},
		"token-tagger":    {rules.PretrainedFiles},
		// Its initialize is its parent's first.
		"function-of-class": {rules.NoWeights},
	}
	folders, err := filepath.Glob("testdata/examples/*")
	if err != nil || len(folders) < 8 {
		t.Fatalf("%d examples (%v)", len(folders), err)
	}
	for _, folder := range folders {
		t.Run(filepath.Base(folder), func(t *testing.T) {
			a := archive{handler: "handler.py", files: map[string]string{}}
			files, err := os.ReadDir(folder)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				text, err := os.ReadFile(filepath.Join(folder, f.Name()))
				if err != nil {
					t.Fatal(err)
				}
				a.files[f.Name()] = string(text)
				switch f.Name() {
				case "model-config.yaml":
					a.config = f.Name()
				case "requirements.txt":
					a.require = f.Name()
				}
			}
			findings := slices.DeleteFunc(a.check(t).Findings, func(f rules.Finding) bool { return f.Severity == rules.Note })
			compareFindings(t, findings, odd[filepath.Base(folder)], nil)
		})
	}
}

// TestHandlersOfTorchServe checks the handlers that TorchServe itself brings as
// if they were packed without a config file, which one of them needs.
func TestHandlersOfTorchServe(t *testing.T) {
	pattern := filepath.Join(filepath.Dir(testtools.Python(t)), "..", "lib", "python3*", "site-packages", "ts", "torch_handler", "*_*.py")
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, file := range files {
		if filepath.Base(file) == "__init__.py" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		read++
		// Imports from its own package work for a handler of that name alone.
		for _, f := range called(filepath.Base(file), string(text)).check(t).Findings {
			if f.Severity == rules.Error && !(filepath.Base(file) == "trt_llm_handler.py" && f.Rule == rules.HandlerConfigMissing) {
				t.Errorf("%s: %s [%s]", filepath.Base(file), f.Message, f.Rule)
			}
		}
	}
	if read < 10 {
		t.Errorf("only %d handlers were read", read)
	}
}
