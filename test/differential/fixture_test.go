package differential

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
)

// dummy holds the files for command lines without real models; names that end
// in a slash are empty folders.
var dummy = map[string]string{
	"model.pt":              "not a model at all\n",
	"weights/model.pth":     "weights\n",
	"model.py":              "class Model:\n    pass\n",
	"net/model.py":          "class Net:\n    pass\n",
	"handler.py":            "def handle(data, context):\n    return data\n",
	"my.python/handler.py":  "def handle(data, context):\n    return [data]\n",
	"handlers/custom.py":    "def serve(data, context):\n    return data\n",
	"lib/handler.so":        "a shared library\n",
	"requirements.txt":      "numpy\n",
	"config.yaml":           "minWorkers: 1\n",
	"a.txt":                 "a\n",
	"empty":                 "",
	"out/":                  "",
	"exists.mar":            "the archive of yesterday\n",
	"exists.tar.gz":         "the archive of yesterday\n",
	"existsdir/weights.bin": "unpacked afterwards\n",
	"existsdir/a.txt":       "the a of yesterday\n",
	"taken.mar/":            "",
}

// extras are more of them, for command lines that name extra files.
var extras = map[string]string{
	"b.txt":                           "b\n",
	".hidden.txt":                     "hidden\n",
	"two words.txt":                   "two words\n",
	"größe.txt":                       "größe\n",
	"w[1].bin":                        "brackets\n",
	"other/a.txt":                     "another a\n",
	"same/a.txt":                      "a\n",
	"extra/c.txt":                     "c\n",
	"extra/.dot":                      "a hidden file\n",
	"extra/sub/d.txt":                 "d\n",
	"extra/sub/deep/e.txt":            "e\n",
	"extra/sub/__pycache__/x.pyc":     "dropped\n",
	"extra/.git/config":               "dropped\n",
	"extra/sub/.cache/f":              "dropped\n",
	"extra/__MACOSX/g":                "dropped\n",
	"extra/nothing/":                  "",
	"more/sub/h.txt":                  "h\n",
	"more/sub/tool.sh":                "#!/bin/sh\n",
	".secret/i.txt":                   "in a hidden folder\n",
	"old/old.txt":                     "from 1970\n",
	"manifests/MAR-INF/MANIFEST.json": "{}\n",
	"linked/target.txt":               "behind a link\n",
	"back\\slash.txt":                 "backslash\n",
	"linkeddir/sub/j.txt":             "also seen through a link\n",
	"dangling/k.txt":                  "beside a dangling link\n",
	"nested/sub/k.txt":                "beside a dangling link\n",
	"links/real.txt":                  "no link\n",
	"private/key.txt":                 "only for the owner\n",
	"bundle/index_to_name.json":       "{\"0\": \"a\"}\n",
	"bundle/vocab/tokens.txt":         "[PAD]\n[UNK]\n",
	"numbered/shard-1.bin":            "1\n",
	"numbered/shard-2.bin":            "2\n",
	"numbered/shard-10.bin":           "10\n",
	"numbered/!odd.bin":               "odd\n",
	"numbered/.shard-3.bin":           "hidden from wildcards\n",
}

// makeDummy fills dir with the dummy files that args may need.
func makeDummy(t *testing.T, dir string, args []string) {
	t.Helper()
	mkdir(t, dir)
	makeFiles(t, dir, dummy)
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "--ex") }) {
		return
	}
	makeFiles(t, dir, extras)
	check(t, os.Chmod(filepath.Join(dir, "more/sub/tool.sh"), 0o755))
	check(t, os.Chmod(filepath.Join(dir, "private/key.txt"), 0o600))
	check(t, os.Chtimes(filepath.Join(dir, "old/old.txt"), time.Unix(0, 0), time.Unix(0, 0)))
	for name, target := range map[string]string{
		"links/to-file.txt": "../linked/target.txt",
		"linkeddir/again":   "sub",
		"dangling/lost.txt": "../nowhere.txt",
		"nested/sub/lost":   "../nowhere",
	} {
		check(t, os.Symlink(target, filepath.Join(dir, name)))
	}
}

func makeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			mkdir(t, path)
			continue
		}
		write(t, path, []byte(content))
	}
}

// real maps the names of the folder in which real models are archived to
// their places in testdata.
var real = map[string]string{
	"Transformer_model/traced_model.pt":               "transformers/Transformer_model/traced_model.pt",
	"Transformer_handler_generalized.py":              "transformers/Transformer_handler_generalized.py",
	"setup_config.json":                               "transformers/setup_config.json",
	"model-config.yaml":                               "transformers/model-config.yaml",
	"Seq_classification_artifacts/index_to_name.json": "transformers/Seq_classification_artifacts/index_to_name.json",
}

// makeReal fills dir with the files of testdata/transformers, some handlers and
// settings, and those files of testdata that args name.
func makeReal(t *testing.T, dir string, args []string) {
	t.Helper()
	for name, source := range real {
		copyFile(t, testtools.Testdata(source), filepath.Join(dir, name))
	}
	for _, arg := range args {
		for name := range strings.SplitSeq(arg, ",") {
			switch folder, _, _ := strings.Cut(name, "/"); folder {
			case "models", "notmodels", "failing":
				copyFile(t, testtools.Testdata(name), filepath.Join(dir, name))
			}
		}
	}
	for name, content := range map[string]string{
		"mlp.py":                       "from torch import nn\n\n\nclass MLP(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.hidden, self.head = nn.Linear(3, 4), nn.Linear(4, 2)\n",
		"onnx_handler.py":              "import onnxruntime\n\n\ndef handle(data, context):\n    return onnxruntime.InferenceSession(data)\n",
		"own_handler.py":               "import torch\n\n\nclass Own:\n    def initialize(self, context):\n        self.model = torch.jit.load(context.file)\n\n    def handle(self, data, context):\n        return self.model(*data)\n",
		"pretrained/setup_config.json": `{"model_name": "bert-base-uncased", "mode": "sequence_classification", "save_mode": "pretrained", "max_length": "150"}`,
		"pretrained/handler.py":        "from transformers import AutoModel\n\n\ndef handle(data, context):\n    return AutoModel.from_pretrained(data)\n",
		"longformer/setup_config.json": `{"save_mode": "torchscript", "mode": "sequence_classification", "max_length": "80"}`,
		"short/setup_config.json":      `{"save_mode": "torchscript", "mode": "sequence_classification", "max_length": 64}`,
		"long/setup_config.json":       `{"save_mode": "torchscript", "mode": "sequence_classification", "max_length": 200}`,
	} {
		write(t, filepath.Join(dir, name), []byte(content))
	}
}

func copyFile(t *testing.T, source, path string) {
	t.Helper()
	content, err := os.ReadFile(source)
	check(t, err)
	write(t, path, content)
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	mkdir(t, filepath.Dir(path))
	check(t, os.WriteFile(path, content, 0o644))
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	check(t, os.MkdirAll(path, 0o755))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
