package rules

import (
	"slices"
	"strings"
	"testing"
)

func TestEveryRuleIsDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range All() {
		if seen[r.ID] {
			t.Errorf("rule %q stands twice in the catalogue", r.ID)
		}
		seen[r.ID] = true
		if r.Summary == "" || r.Example == "" || r.Severity == "" {
			t.Errorf("rule %q lacks a summary, an example or a severity", r.ID)
		}
		if strings.HasSuffix(r.Summary, ".") || strings.HasSuffix(r.Example, ".") {
			t.Errorf("rule %q: messages end without a full stop", r.ID)
		}
		if r.Inconclusive && r.Severity != Error {
			t.Errorf("rule %q is inconclusive and no error: it would stop nothing", r.ID)
		}
	}
}

// production is what people meet when they deploy a model, as the server, the
// handlers and libtorch say it.
var production = []string{
	"PytorchStreamReader failed reading zip archive: failed finding central directory",
	"PytorchStreamReader failed reading zip archive: not a ZIP archive",
	"failed locating file constants.pkl",
	"file not found: archive/constants.pkl",
	"Attempted to read a PyTorch file with version 11, but the maximum supported version for reading is 10",
	"Unknown builtin op: torchvision::nms.",
	"Unknown builtin op: torchvision::roi_align.",
	"Unknown builtin op: torchvision::deform_conv2d.",
	"Unknown builtin op: neuron::forward_1.",
	"Unknown type name '__torch__.torch.classes.tensorrt.Engine'",
	"Could not run 'aten::empty_strided' with arguments from the 'CUDA' backend",
	"Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False",
	"Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
	"Input and hidden tensors are not at the same device",
	"The size of tensor a (40) must match the size of tensor b (80) at non-singleton dimension 3",
	"forward() Expected a value of type 'List[Tensor]' for argument 'images' but instead found type 'Tensor'",
	"forward() is missing value for argument 'input'",
	"Error(s) in loading state_dict for ",
	"AttributeError: Can't get attribute 'Net' on <module '__main__'",
	"No model weights could be loaded",
	"No module named 'ts.torch_handler.",
	"Expected only one class in custom service code or a function entry point",
	"Missing the model.py file",
	"Expected only one class as model definition.",
	"Missing the source_vocab file.",
	"Missing the setup_config.json file.",
	"JSONDecodeError: Expecting property name enclosed in double quotes",
	`index->name JSON mapping should be in "class": "label" format.`,
	"selected index k out of range",
	"KeyError: '",
	"Load model failed: X, error: Worker died.",
	"Custom pip package installation failed for X",
	"Input is not in the .gz format",
	"Detected Zip Slip vulnerability",
	"Failed to parse model config yaml file.",
}

func TestEveryMessageOfProductionIsPreempted(t *testing.T) {
	for _, message := range production {
		if !slices.ContainsFunc(All(), func(r Rule) bool {
			return slices.ContainsFunc(r.Preempts, func(p string) bool { return strings.Contains(p, message) })
		}) {
			t.Errorf("no rule pre-empts %q", message)
		}
	}
}
