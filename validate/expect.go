package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/sample"
)

// baseHandlers are the built-in handlers that load the model through
// TorchServe's base_handler, which takes a .pt for TorchScript.
var baseHandlers = []string{
	"base_handler", "text_classifier", "image_classifier", "object_detector", "image_segmenter", "dali_image_classifier",
}

// expectation says whether the server or the handler will load the serialized
// file with torch.jit.load, and why.
type expectation struct {
	torchScript bool
	reason      string // such as `save_mode is "torchscript" in "setup_config.json"`
}

// expect decides from the settings, the handler and the file's name. A model
// file or save_mode "pretrained" mean an eager model, whatever else speaks for
// TorchScript.
func (s *Subject) expect(settings sample.Settings, handler *pysource.Module) expectation {
	m := s.Manifest.Model
	mode := strings.ToLower(settings.SaveMode)
	switch {
	case m.SerializedFile == "", m.ModelFile != "", mode == "pretrained":
		return expectation{}
	case mode == "torchscript":
		return expectation{true, fmt.Sprintf("save_mode is %q in %q", settings.SaveMode, settings.MaxLengthSource)}
	case s.Manifest.Runtime == manifest.LSP:
		return expectation{m.Handler == "TorchScriptHandler", "the handler TorchScriptHandler loads it with torch::jit::load"}
	case s.builtin():
		loads := slices.Contains(baseHandlers, m.Handler) && strings.HasSuffix(m.SerializedFile, ".pt")
		return expectation{loads, fmt.Sprintf("the built-in handler %q loads a .pt file with torch.jit.load", m.Handler)}
	case mode == "" && handler != nil:
		return expectation{onlyJITLoads(handler), fmt.Sprintf("the handler %q loads it with torch.jit.load", m.Handler)}
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
