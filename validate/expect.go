package validate

import (
	"fmt"
	"path"
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
	case mode == "torchscript" && c.handler.huggingFace() && c.jitLoads(true):
		return expectation{true, fmt.Sprintf("save_mode is %q in %q", f.word("save_mode"), f.name)}
	}
	if c.jitLoads(false) {
		return expectation{true, fmt.Sprintf("the handler %q loads it with torch.jit.load", m.Handler)}
	}
	return expectation{}
}

// jitLoads says that the handler surely loads the serialized file with
// torch.jit.load: that is the file whose name the call is given, or nothing
// else of the handler could load it, and it is no other file of the archive.
// Where save_mode says so, the call may stand elsewhere. Of a source that can't be
// read to its end nothing is said.
func (c *Check) jitLoads(saidSo bool) bool {
	h := c.handler
	if h == nil || !h.Complete {
		return false
	}
	calls := h.CallsTo("torch.jit.load")
	maybe := saidSo && len(calls) == 0
	for _, call := range calls[:min(len(calls), maxLookups)] {
		name, same := c.loadedFile(call)
		if same && c.loading(call.Scope, call.Line) {
			return true
		}
		maybe = maybe || same || name == "" || !c.subject.has(name)
	}
	return maybe && !h.loadsOtherwise()
}

// loadedFile is the name of the file that a call loads, where it is written
// there; same says that it surely is the serialized file.
func (c *Check) loadedFile(call pysource.Call) (name string, same bool) {
	file := c.handler.File(c.handler.Argument(call, 0), call.Scope, call.Line)
	if file.Op == pysource.Name {
		return "", len(file.Keys) > 0 && file.Keys[len(file.Keys)-1].Name == "serializedFile"
	}
	return file.Text, file.Text == path.Base(c.subject.Manifest.Model.SerializedFile)
}

// loadsOtherwise says that a handler calls something else that may load a model,
// or imports what may do so.
func (s *source) loadsOtherwise() bool {
	known := map[string]bool{}
	for _, function := range []string{"torch.jit.load", "json.load", "json.loads", "yaml.load", "yaml.safe_load", "ts.utils.util.load_label_mapping"} {
		for _, call := range s.CallsTo(function) {
			known[call.Callee] = true
		}
	}
	own := s.callable(s.class())
	hf := s.huggingFace()
	return slices.ContainsFunc(s.Calls, func(call pysource.Call) bool {
		_, defined := own[call.Callee]
		return !known[call.Callee] && !defined && mayLoad(lastName(call.Callee), hf)
	}) || !hf && slices.ContainsFunc(s.Imports, func(i pysource.Import) bool {
		top, _, _ := strings.Cut(i.Module, ".")
		return i.Level > 0 || !pysource.IsStandardLibrary(top) && !slices.Contains(brought, top)
	})
}

// mayLoad says that a function may load a model, by its name. That of a Hugging
// Face handler does not load a folder where save_mode says so.
func mayLoad(name string, huggingFace bool) bool {
	switch name {
	case "load_state_dict", "load_library", "load_module":
		return false
	case "from_pretrained":
		return !huggingFace
	}
	lower := strings.ToLower(name)
	return strings.HasPrefix(lower, "load") || strings.Contains(lower, "_load") || strings.HasPrefix(lower, "from_checkpoint") ||
		strings.HasPrefix(lower, "restore") || name == "InferenceSession"
}
