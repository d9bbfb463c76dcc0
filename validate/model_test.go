package validate

import (
	"bytes"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/manifest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// subclass is a handler that leaves all to a class of TorchServe.
const subclass = "from ts.torch_handler.image_classifier import ImageClassifier\n\nclass H(ImageClassifier):\n    topk = 1\n"

func (a archive) modelled(model string) archive {
	a.model = model
	return a
}

func eager(class, weights string) archive {
	return archive{handler: "image_classifier", model: weights, modelPy: "model.py", files: map[string]string{"model.py": class}}
}

var modelCases = []ruleCase{
	{
		name: "TorchScript that is not named .pt", archive: archive{handler: "image_classifier", model: "models/conv.pt", as: "conv.pth"},
		want: []string{rules.ModelName}, says: []string{`only from a name that ends in ".pt"`, `rename it to "conv.pt"`},
	},
	{
		name: "the same for a handler that inherits", archive: archive{
			handler: "h.py", model: "models/conv.pt", as: "conv.bin", files: map[string]string{"h.py": subclass},
		}, want: []string{rules.ModelName},
	},
	{
		name: "a handler whose initialize calls its parent's",
		archive: archive{handler: "h.py", model: "models/conv.pt", as: "conv.bin", files: map[string]string{
			"h.py": subclass + "    def initialize(self, context):\n        logger.info(\"load\")\n        super().initialize(context)\n        self.ready = check(self)\n",
		}}, want: []string{rules.ModelName},
	},
	{name: "nothing to load", archive: archive{handler: "image_classifier"}, want: []string{rules.NoWeights}},
	{
		name: "a state_dict without its class", archive: archive{handler: "base_handler", model: "notmodels/state_dict.pt", as: "weights.bin"},
		want: []string{rules.ModelName}, says: []string{"--model-file"},
	},
	{
		name: "a library that the config file does not ask for", archive: archive{handler: "base_handler", model: "notmodels/text.pt", as: "model.so"},
		want: []string{rules.ModelName},
	},
	{
		name: "ONNX under another name", archive: archive{handler: "base_handler", model: "notmodels/mlp.onnx", as: "mlp.bin"},
		want: []string{rules.ModelName}, says: []string{"is \"mlp.bin\", an ONNX model", `rename it to "mlp.onnx"`},
	},
	{
		name: "a state_dict named .pt", archive: builtin("base_handler", "notmodels/state_dict.pt"),
		want: []string{rules.ModelNotTorchScript}, says: []string{`the built-in handler "base_handler"`},
	},
	{
		name: "a state_dict for a handler that inherits", archive: python(subclass).modelled("notmodels/state_dict.pt"),
		want: []string{rules.ModelNotTorchScript}, says: []string{`the handler "h.py" loads a .pt file`},
	},
	{name: "empty", archive: python(serves).modelled("notmodels/empty.pt"), want: []string{rules.ModelEmpty}},
	{name: "cut off", archive: python(serves).modelled("notmodels/truncated.pt"), want: []string{rules.ModelTruncated}},
	{name: "a web page", archive: python(serves).modelled("notmodels/html.pt"), want: []string{rules.ModelHTML}},
	{name: "not fetched by git lfs", archive: python(serves).modelled("notmodels/lfs-pointer.pt"), want: []string{rules.ModelLFSPointer}},
	{name: "another kind", archive: python(serves).modelled("notmodels/mlp.onnx"), want: []string{rules.ModelKind}},
	{name: "none", archive: python(serves), want: []string{rules.ModelNone}},
	{
		name: "a GPU in the code", archive: python(serves).modelled("failing/needs-cuda.pt"),
		want: []string{rules.ModelDevice}, says: []string{"cuda:0 written into its code"},
	},
	{
		name: "the CPU in the code, for a GPU", archive: python(serves).modelled(oneArgument).with("deviceType: GPU\n"),
		want: []string{rules.ModelDevice}, says: []string{"deviceType is gpu"},
	},
	{
		name: "operators of torchvision", archive: python(serves).modelled("failing/missing-operator.pt"),
		want: []string{rules.ModelLibrary}, says: []string{"import torchvision in the handler"},
	},
	{name: "a class of Torch-TensorRT", archive: python("import json\n" + serves).modelled("failing/missing-class.pt"), want: []string{rules.ModelLibrary}},

	{
		name: "a pickled module beside a model file", archive: eager("import torch.nn as nn\nclass Net(nn.Module): pass\n", "notmodels/pickled-module.pt"),
		want: []string{rules.EagerWeights}, says: []string{"loads a state_dict into the class", "model.state_dict()"},
	},
	{
		name: "TorchScript beside a model file", archive: eager("from torchvision.models.resnet import ResNet\nclass Net(ResNet): pass\n", "models/conv.pt"),
		want: []string{rules.EagerWeights},
	},

	{
		name: "a nested checkpoint beside a model file", archive: eager("from torch import nn\nclass Net(nn.Module): pass\n", "notmodels/training-checkpoint.pt"),
		want: []string{rules.EagerWeights}, says: []string{`a checkpoint saved with torch.save: "epoch" in it is a number`, `torch.save(checkpoint["model"], path)`},
	},
	{
		name: "the state_dict of another class", archive: eager("from torch import nn\nclass Net(nn.Module): pass\n", "notmodels/state_dict.pt"),
		want: []string{rules.EagerWeights}, says: []string{`with keys such as "hidden.…", which the class Net does not have`},
	},
	{name: "a state_dict beside a model file", archive: eager("from torch import nn\nclass Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n        self.hidden, self.head = layers()\n", "notmodels/state_dict.pt")},
	{name: "a class that loads in its own way", archive: eager("from torch import nn\nclass Net(nn.Module):\n    def load_state_dict(self, x): pass\n", "models/conv.pt")},
	{name: "a class that may", archive: eager("from helper import Base\nclass Net(Base): pass\n", "models/conv.pt")},
	{name: "well named", archive: builtin("image_classifier", "models/conv.pt")},
	{name: "any name for a model file's weights", archive: archive{
		handler: "base_handler", model: "notmodels/state_dict.pt", as: "weights.bin", modelPy: "model.py", files: map[string]string{"model.py": "class Net: pass\n"},
	}},
	{name: "ONNX", archive: archive{handler: "base_handler", model: "notmodels/mlp.onnx"}},
	{name: "an AOTInductor library", archive: archive{
		handler: "base_handler", model: "notmodels/text.pt", as: "model.so", config: "c.yaml",
		files: map[string]string{"c.yaml": "pt2:\n  export:\n    aot_compile: true\n"},
	}},
	{name: "a handler that loads it in its own way", archive: archive{
		handler: "h.py", model: "models/conv.pt", as: "conv.pth", files: map[string]string{"h.py": subclass + "    def initialize(self, context): self.model = load()\n"},
	}},
	{name: "a handler that fetches the model first", archive: archive{
		handler: "h.py", model: "notmodels/state_dict.pt", files: map[string]string{
			"h.py": subclass + "    def initialize(self, context):\n        fetch(context)\n        super().initialize(context)\n",
		},
	}},
	{name: "a script in training mode", archive: python(serves).modelled("models/training.pt")},
	{name: "the CPU in the code, for the CPU", archive: python(serves).modelled(oneArgument).with("deviceType: cpu\n")},
	{name: "torchvision is imported", archive: python("import torchvision\n" + serves).modelled("failing/missing-operator.pt")},
	{name: "what may import torchvision", archive: python("import helper\n"+serves).modelled("failing/missing-operator.pt").beside("helper.py", "")},
	{name: "quantized operators are PyTorch's own", archive: builtin("base_handler", "models/quantized.pt")},
	{name: "a handler in C++", archive: archive{handler: "TorchScriptHandler", runtime: manifest.LSP, model: twoArguments}},
}

func TestModel(t *testing.T) { runCases(t, modelCases) }

// A TorchScript file that was packed anew without a part of it.
func TestTorchScriptThatLacksAPart(t *testing.T) {
	for part, says := range map[string]string{
		"data/0":   "is a TorchScript model: the file has no data/0, which its tensors need",
		"version":  "the file has no version",
		"code/":    "the file has no code for __torch__.",
		"no such/": "",
	} {
		t.Run(part, func(t *testing.T) {
			a := python(serves).modelled("models/conv.pt")
			c, err := NewCheck(a.subject(t).of(t, without(t, testtools.Testdata(a.model), part)))
			if err != nil {
				t.Fatal(err)
			}
			if says == "" {
				compareFindings(t, c.Findings, nil, nil)
				return
			}
			compareFindings(t, c.Findings, []string{rules.ModelDamaged}, []string{says})
			if result, findings := c.LoadTest(t.Context(), LoadTestOptions{}); len(findings) > 0 || result.Stage != protocol.StageNone {
				t.Errorf("it was load-tested: %+v, %+v", result, findings)
			}
		})
	}
}

// without copies a zip, all but the entries below its root folder that begin so.
func without(t *testing.T, path, part string) string {
	t.Helper()
	return rewritten(t, path, func(name string, content []byte) []byte {
		if _, name, _ = strings.Cut(name, "/"); strings.HasPrefix(name, part) {
			return nil
		}
		return content
	})
}

// A script asks its mode, and a trace has it in its code.
func TestTraceInTrainingMode(t *testing.T) {
	for model, want := range map[string][]string{"training": {rules.ModelTraining}, "scripted": nil} {
		c := checkOf(t, withMethod(t, testtools.Testdata("models", model+".pt"), "  def more(self: __torch__.M, x: Tensor) -> Tensor:\n"+
			"    return torch.batch_norm(torch.dropout(x, 0.10000000000000001, True), x, x, x, x, True, 0.1, 1e-05, True)\n"))
		var says []string
		if want != nil {
			says = []string{"its code keeps batch_norm, dropout as in training", "model.eval()"}
		}
		compareFindings(t, c.Findings, want, says)
	}
}

func TestOperatorsThatUseFiles(t *testing.T) {
	c := checkOf(t, withMethod(t, testtools.Testdata("models", "scripted.pt"), "  def more(self: __torch__.M, x: Tensor):\n"+
		"    torch.save(x, \"/var/x\")\n    return torch.from_file(\"/var/x\")\n"))
	compareFindings(t, c.Findings, []string{rules.ModelFiles}, []string{"calls aten::from_file, aten::save"})
}

func TestModelSavedOnAGPU(t *testing.T) {
	path := rewritten(t, testtools.Testdata("models", "scripted.pt"), func(_ string, content []byte) []byte {
		return bytes.ReplaceAll(content, []byte("X\x03\x00\x00\x00cpu"), []byte("X\x06\x00\x00\x00cuda:0"))
	})
	for _, test := range []struct {
		a    archive
		want []string
	}{
		{archive{}, []string{rules.ModelStored}},
		{builtin("base_handler", "models/scripted.pt"), nil}, // gives map_location
		{python(serves + "torch.jit.load(f, map_location=device)\n"), nil},
		{python("import torch\n" + serves + "torch.jit.load(f)\n"), []string{rules.ModelDevice}},
	} {
		c, err := NewCheck(test.a.subject(t).of(t, path))
		if err != nil {
			t.Fatal(err)
		}
		compareFindings(t, c.Findings, test.want, nil)
	}
}
