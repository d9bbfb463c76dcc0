package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/torchscript"
)

// torchServeHandlers are the modules of ts.torch_handler that are found without
// a file in the archive, beyond those that torch-model-archiver knows.
var torchServeHandlers = []string{
	"dali_handler", "densenet_handler", "text_handler", "vision_handler",
}

// loaders are the built-in handlers that load the model as base_handler does,
// with their class.
var loaders = map[string]string{
	"base_handler": "BaseHandler", "text_classifier": "TextClassifier", "image_classifier": "ImageClassifier",
	"object_detector": "ObjectDetector", "image_segmenter": "ImageSegmenter", "dali_image_classifier": "DALIImageClassifier",
}

// readHandler reads the handler's file and says where there is none.
func (c *Check) readHandler() error {
	m := c.subject.Manifest
	file := c.subject.handlerFile()
	switch {
	case c.subject.builtin() || m.Model.Handler == "":
		return nil
	case m.Runtime == manifest.LSP:
		if !c.subject.has(file) && !c.subject.has(strings.TrimSuffix(file, ".so")+".dylib") {
			c.missingHandler()
		}
		return nil
	}
	text, err := c.read(file, maxSource)
	switch {
	case err != nil:
		return err
	case text == nil && !c.subject.has(file):
		c.missingHandler()
		return nil
	case text == nil:
		return nil
	}
	c.handler = readSource(file, text)
	c.checkEntryPoint()
	return nil
}

// function is the name of the handler's function that TorchServe looks for.
func (c *Check) function() string {
	if _, name, named := strings.Cut(c.subject.Manifest.Model.Handler, ":"); named && name != "" {
		return name
	}
	return "handle"
}

// missingHandler judges a handler without a file.
func (c *Check) missingHandler() {
	given, file := c.subject.Manifest.Model.Handler, c.subject.handlerFile()
	module, _, _ := strings.Cut(given, ":")
	switch {
	case slices.Contains(torchServeHandlers, moduleName(given)):
	case c.subject.has(moduleName(given) + "/__init__.py"), c.subject.has(moduleName(given) + ".pyc"), c.subject.compiled(moduleName(given)):
	case !strings.HasSuffix(module, ".py") && strings.Contains(module, "."):
		c.add(rules.HandlerElsewhere, "",
			fmt.Sprintf("the handler %q is no entry of the archive; TorchServe finds it only where it is installed", given),
			"install it on the server, or pack the handler's file")
	default:
		c.add(rules.HandlerMissing, file,
			fmt.Sprintf("the handler %q is not built into TorchServe, and the archive has no %q", given, file),
			"pack the handler's file, or name a built-in handler")
	}
}

// checkEntryPoint finds what TorchServe would call: a function of the module,
// or else its only class.
func (c *Check) checkEntryPoint() {
	h, function := c.handler, c.function()
	if !h.Complete {
		c.addUnread(h)
		return
	}
	switch h.Defines(function) {
	case pysource.Yes:
		c.checkFunction(function)
		return
	case pysource.CannotTell:
		return
	}
	if !h.sure {
		return
	}
	class := h.class()
	if class == nil {
		hint := "move helper classes to a file of their own, or define the function"
		if len(h.classes) == 0 {
			hint = "define the function, or one class that inherits from ts.torch_handler.base_handler.BaseHandler"
		}
		c.add(rules.HandlerEntryPoint, h.name, fmt.Sprintf("%q defines no function %q and %s",
			h.name, function, classesText(h.classes, "TorchServe takes a class only where it is the only one")), hint)
		return
	}
	if strings.Contains(c.subject.Manifest.Model.Handler, ":") {
		c.add(rules.HandlerFunction, h.name,
			fmt.Sprintf("%q defines no function %q; TorchServe takes the class %s instead", h.name, function, class.Name),
			"name a function of the file, or none")
	}
	c.checkClass(class)
}

func (c *Check) addUnread(s *source) {
	c.add(rules.HandlerUnread, s.name,
		fmt.Sprintf("%q can't be read to its end: %v; what it needs was not checked", s.name, s.err),
		"see what Python 3 says of it: python3 -m py_compile "+s.name)
}

func classesText(classes []pysource.Class, why string) string {
	if len(classes) == 0 {
		return "no class"
	}
	names := make([]string, 0, maxNamed)
	for _, class := range classes[:min(len(classes), maxNamed)] {
		names = append(names, class.Name)
	}
	if len(classes) > maxNamed {
		names = append(names, "…")
	}
	return fmt.Sprintf("%d classes (%s), and %s", len(classes), strings.Join(names, ", "), why)
}

func (c *Check) checkFunction(name string) {
	h := c.handler
	if bindings(h.Names, name) != 1 {
		return
	}
	c.checkNamedClass(name)
	i := slices.IndexFunc(h.Functions, func(f pysource.Function) bool { return f.Name == name })
	if i < 0 {
		return
	}
	if f := h.Functions[i]; len(f.Decorators) == 0 && !f.Conditional {
		c.checkArguments(f, f.Params, "data", "context")
	}
}

// checkNamedClass finds a class where TorchServe would call a function: it would
// make one with the data and the context, which object's constructor refuses,
// as does that of TorchServe's own classes.
func (c *Check) checkNamedClass(name string) {
	h := c.handler
	i := slices.IndexFunc(h.Classes, func(class pysource.Class) bool { return class.Name == name })
	if i < 0 {
		return
	}
	class := &h.Classes[i]
	if class.Conditional || len(class.Decorators)+len(class.Keywords) > 0 || bindings(class.Names, "__init__")+bindings(class.Names, "__new__") > 0 ||
		slices.ContainsFunc(class.Bases, func(base string) bool { return base != "object" && h.torchServeClass(base) == "" }) {
		return
	}
	c.add(rules.HandlerEntryPoint, h.name,
		fmt.Sprintf("%q names the class %s, and TorchServe would call it as a function: %s(data, context)", c.subject.Manifest.Model.Handler, name, name),
		fmt.Sprintf("name the file alone: %q", h.name))
}

// checkClass looks for what TorchServe calls of the handler's class: it makes
// one without arguments, then takes its methods initialize and handle.
func (c *Check) checkClass(class *pysource.Class) {
	h := c.handler
	for _, want := range []struct {
		name string
		args []string
	}{{"__init__", nil}, {"initialize", []string{"context"}}, {"handle", []string{"data", "context"}}} {
		f := method(class, want.name)
		switch {
		case f != nil && len(f.Params) > 0:
			c.checkArguments(*f, f.Params[1:], want.args...)
		case want.name != "__init__" && lacks(class, want.name) && !h.MaySet(want.name):
			c.add(rules.HandlerClass, h.name, fmt.Sprintf("the class %s of %q has no method %q", class.Name, h.name, want.name),
				"inherit from ts.torch_handler.base_handler.BaseHandler, or define the method")
		}
	}
}

// lacks says that a class surely has no attribute of that name: it neither
// binds it nor inherits from anything.
func lacks(class *pysource.Class, name string) bool {
	return len(class.Bases) == 0 && len(class.Keywords) == 0 && len(class.Decorators) == 0 &&
		bindings(class.Names, name)+bindings(class.Names, "__getattr__")+bindings(class.Names, "__getattribute__")+
			bindings(class.Names, "__new__") == 0
}

// checkArguments compares a function's parameters with the arguments that
// TorchServe passes by their place.
func (c *Check) checkArguments(f pysource.Function, params []pysource.Param, passed ...string) {
	least, most, keyword := 0, 0, ""
	for _, p := range params {
		switch {
		case p.Stars == "*":
			most += len(passed)
		case p.Stars == "**":
		case p.KeywordOnly && !p.Default:
			keyword = p.Name
		case p.KeywordOnly:
		default:
			most++
			if !p.Default {
				least = most
			}
		}
	}
	if keyword == "" && least <= len(passed) && len(passed) <= most {
		return
	}
	takes := counted(max(least, min(most, len(params))), "argument")
	if keyword != "" {
		takes += fmt.Sprintf(" by place and wants %q by name", keyword)
	}
	what := "none"
	if len(passed) > 0 {
		what = fmt.Sprintf("%d: %s", len(passed), strings.Join(passed, ", "))
	}
	c.add(rules.HandlerArguments, c.handler.name, fmt.Sprintf("%q in line %d of %q takes %s, and TorchServe passes %s",
		f.Name, f.Line, c.handler.name, takes, what),
		"give it the parameters that TorchServe passes")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// loader is the class of TorchServe whose initialize surely loads the model:
// that of a built-in handler, or the parent of one that adds nothing to it.
func (c *Check) loader() string {
	if c.subject.builtin() {
		return loaders[c.subject.Manifest.Model.Handler]
	}
	h := c.handler
	if h == nil || h.parent == "" || h.Defines(c.function()) != pysource.No {
		return ""
	}
	class := h.class()
	for _, name := range []string{"_load_torchscript_model", "_load_pickled_model", "_use_torch_export_aot_compile"} {
		if bindings(class.Names, name) > 0 {
			return ""
		}
	}
	if bindings(class.Names, "initialize") == 0 || h.callsParent("initialize") {
		return h.parent
	}
	return ""
}

// callsParent says that a method surely calls the one that it overrides, and
// nothing before that could change what that one meets.
func (s *source) callsParent(name string) bool {
	class := s.class()
	for _, call := range s.Calls {
		if call.Class != class.Name || call.Function != name {
			continue
		}
		first, _, _ := strings.Cut(call.Callee, ".")
		switch {
		case call.Callee == "super()."+name:
			return !call.Conditional
		case call.Callee != "super" && first != "logger" && first != "logging" && first != "print" && !strings.HasSuffix(call.Callee, ".get"):
			return false
		}
	}
	return false
}

// checkModelFile looks for the one class that an eager model's file must have,
// and for the weights that go into it.
func (c *Check) checkModelFile() error {
	name := c.subject.Manifest.Model.ModelFile
	if name == "" || c.loader() == "" {
		return nil
	}
	text, err := c.read(name, maxSource)
	if err != nil || text == nil {
		return err
	}
	s := readSource(name, text)
	if !s.Complete {
		c.addUnread(s)
	}
	if s.sure && len(s.classes) != 1 {
		hint := "move helper classes to a file of their own"
		if len(s.classes) == 0 {
			hint = "define the model's class in it; one that is imported does not count"
		}
		c.add(rules.ModelFileClasses, name, fmt.Sprintf("%q defines %s", name,
			classesText(s.classes, "the handler takes a model file with exactly one")), hint)
	}
	if class := s.class(); class != nil && s.ofPyTorch(class) {
		c.checkWeights(s, class)
	}
	return nil
}

// noWeights are the kinds of files that load_state_dict surely refuses.
var noWeights = []torchscript.Kind{
	torchscript.TorchScript, torchscript.Mobile, torchscript.Module, torchscript.ONNX, torchscript.SafeTensors, torchscript.Export,
}

// ofPyTorch says that a class has the load_state_dict of PyTorch's own modules.
func (s *source) ofPyTorch(class *pysource.Class) bool {
	return len(class.Decorators) == 0 && bindings(class.Names, "load_state_dict") == 0 && len(class.Bases) > 0 &&
		!slices.ContainsFunc(class.Bases, func(base string) bool {
			first, _, _ := strings.Cut(base, ".")
			return !slices.ContainsFunc(s.Imports, func(i pysource.Import) bool {
				top, _, _ := strings.Cut(i.Module, ".")
				return (top == "torch" || top == "torchvision") && i.Level == 0 && slices.Contains([]string{i.Alias, i.Name, top}, first)
			})
		})
}

// sourceVocabulary is what the built-in text_classifier loads beside the model.
const sourceVocabulary = "source_vocab.pt"

// checkVocabulary looks for that file. Archives of old name another file in the manifest.
func (c *Check) checkVocabulary() error {
	if c.subject.Manifest.Model.Handler != "text_classifier" || !c.subject.builtin() {
		return nil
	}
	described, err := c.read(manifest.Path, manifest.MaxSize)
	if err != nil || strings.Contains(string(described), `"sourceVocab"`) {
		return err
	}
	if c.subject.has(sourceVocabulary) {
		return nil
	}
	c.add(rules.VocabularyMissing, sourceVocabulary,
		fmt.Sprintf("the handler %q needs %q, and the archive has none", "text_classifier", sourceVocabulary), "add it to --extra-files")
	return nil
}
