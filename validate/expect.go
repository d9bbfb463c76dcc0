package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/pysource"
)

// expectation says whether the server or the handler will load the serialized
// file with torch.jit.load, and why.
type expectation struct {
	torchScript bool
	reason      string // such as `save_mode is "torchscript" in "setup_config.json"`
}

// expect decides from the settings, the handler and the file's name. A model
// file or save_mode "pretrained" mean an eager model, whatever else speaks for
// TorchScript. save_mode counts for handlers that read it.
func (c *Check) expect() expectation {
	m, builtin := c.subject.Manifest.Model, c.subject.builtin()
	if m.SerializedFile == "" || m.ModelFile != "" {
		return expectation{}
	}
	if c.subject.Manifest.Runtime == manifest.LSP {
		return expectation{m.Handler == "TorchScriptHandler", "the handler TorchScriptHandler loads it with torch::jit::load"}
	}
	if c.loader() != "" {
		kind := "built-in handler"
		if !builtin {
			kind = "handler"
		}
		return expectation{strings.HasSuffix(m.SerializedFile, ".pt"), fmt.Sprintf("the %s %q loads a .pt file with torch.jit.load", kind, m.Handler)}
	}
	f := c.effective()
	switch mode := strings.ToLower(f.word("save_mode")); {
	case mode == "pretrained":
		return expectation{}
	case mode == "torchscript" && c.handler.huggingFace():
		return expectation{true, fmt.Sprintf("save_mode is %q in %q", f.word("save_mode"), f.name)}
	}
	if c.handler != nil && onlyJITLoads(c.handler.Module) {
		return expectation{true, fmt.Sprintf("the handler %q loads it with torch.jit.load", m.Handler)}
	}
	return expectation{}
}

// onlyJITLoads says that a handler calls torch.jit.load and nothing else that
// loads a model. Of a source that can't be read to its end nothing is said.
func onlyJITLoads(handler *pysource.Module) bool {
	if !handler.Complete || len(handler.CallsTo("torch.jit.load")) == 0 {
		return false
	}
	importsONNX := slices.ContainsFunc(handler.Imports, func(i pysource.Import) bool {
		root, _, _ := strings.Cut(i.Module, ".")
		return root == "onnxruntime"
	})
	return !importsONNX && len(handler.CallsTo("torch.load")) == 0 && len(handler.CallsMethod("from_pretrained")) == 0
}
