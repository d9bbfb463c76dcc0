package validate

import (
	"errors"
	"io/fs"
	"testing"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/rules"
)

// FuzzCheck gives all the texts that an archive holds to the rules. None may
// panic, and each finding must be whole.
func FuzzCheck(f *testing.F) {
	f.Add(huggingFace(newSettings), goodConfig, goodSetup, twoLabels, "transformers>=4\n-r x.txt\n")
	f.Add(huggingFace(oldSettings), "torchrun:\n  nproc_per_node: 2\nBatchSize: 4\n", `{"max_length": "long"}`, `{"label_list": "[O, B]"}`, "a b\n")
	f.Add(subclass, "x: &x {a: 1}\nhandler:\n  <<: *x\n", "{", `["a"]`, "numpy==1.* \\\n  --hash=sha256:00\n")
	f.Add(loads("return self.model(data, *rest, mask=data)"), "---\na: !b c\n---\n", `[1]`, `{"object_type_names": [1]}`, "-e .\n;\n")
	f.Add(serves, "", "", `{"0": []}`, "foo @ \n")
	f.Add(helper("if not config", "").files["h.py"], "? [a]\n: [1,\n  2] b\n", "\ufeff{}", "\xff\xfe", "a ; (b == 'c' and\n")
	f.Add(mapping("").files["h.py"], "a: b: c\n---\nx: [", "null", `{"label_list": 1}`, "-r\n")
	f.Fuzz(func(t *testing.T, handler, config, setup, labels, requirements string) {
		files := map[string]string{"h.py": handler, "c.yaml": config, setupConfig: setup, labelFile: labels, "r.txt": requirements}
		s := Subject{
			Manifest: &manifest.Manifest{Runtime: manifest.Python, Model: &manifest.Model{
				ModelName: "m", Handler: "h.py", ConfigFile: "c.yaml", RequirementsFile: "r.txt", ModelFile: "h.py",
			}},
			ReadEntry: func(name string, _ int64) ([]byte, error) {
				if text, ok := files[name]; ok {
					return []byte(text), nil
				}
				return nil, fs.ErrNotExist
			},
		}
		for _, name := range []string{"h.py", "h.py:serve", "image_classifier"} {
			s.Manifest.Model.Handler = name
			c, err := NewCheck(s)
			if err != nil {
				t.Fatal(err)
			}
			for _, finding := range append(c.Findings, c.OutputFindings(loadtest.NotRun())...) {
				if _, known := rules.Lookup(finding.Rule); !known || finding.Message == "" {
					t.Fatal(errors.New(finding.Rule + ": " + finding.Message))
				}
			}
		}
	})
}
