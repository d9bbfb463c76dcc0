package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
)

// builtinCalls says how many arguments the built-in handlers call the model
// with; they pass tensors only.
var builtinCalls = map[string]int{
	"base_handler": 1, "image_classifier": 1, "object_detector": 1, "image_segmenter": 1,
	"dali_image_classifier": 1, "text_classifier": 2,
}

// checkCall compares how the handler calls the model with forward's signature.
func (c *Check) checkCall() {
	if c.model == nil || c.model.Forward == nil || !c.expected.torchScript {
		return
	}
	args := c.model.Forward.Arguments
	if c.subject.builtin() {
		if n, ok := builtinCalls[c.subject.Manifest.Model.Handler]; ok {
			c.checkBuiltinCall(n, args)
		}
		return
	}
	if h := c.handler; h != nil && h.sure && c.modelIsTorchScript() {
		c.checkOwnCalls(args)
	}
}

// checkBuiltinCall judges the call of a built-in handler, which passes n
// tensors.
func (c *Check) checkBuiltinCall(n int, args []protocol.Argument) {
	call := pysource.Call{Positional: n}
	if fits(call, args) {
		for _, a := range args[:n] {
			if !takesTensor(a.Type) {
				c.addCall(fmt.Sprintf("forward of %q takes %s: %s, and the handler %q passes a Tensor",
					c.subject.ModelPath, a.Name, a.Type, c.subject.Manifest.Model.Handler))
				return
			}
		}
		return
	}
	c.addCall(fmt.Sprintf("forward of %q takes %s, and the handler %q passes %d",
		c.subject.ModelPath, signature(args), c.subject.Manifest.Model.Handler, n))
}

// checkOwnCalls finds a call of self.model that each request surely makes and
// that does not fit. Other calls may be for other models, or never be made.
func (c *Check) checkOwnCalls(args []protocol.Argument) {
	h := c.handler
	for _, call := range h.Calls {
		if call.Callee != "self.model" && call.Callee != "self.model.forward" || fits(call, args) || !c.each(call.Scope, call.Line, everyLoop, nil) {
			continue
		}
		passed := fmt.Sprint(call.Positional + len(call.Keywords))
		if call.Star || call.DoubleStar {
			passed = "at least " + passed
		}
		if names := slices.DeleteFunc(slices.Clone(call.Keywords), func(k string) bool { return argument(args, k) >= 0 }); len(names) > 0 {
			passed += fmt.Sprintf(" with the name %q", names[0])
		}
		c.addCall(fmt.Sprintf("forward of %q takes %s, and %q passes %s in line %d",
			c.subject.ModelPath, signature(args), h.name, passed, call.Line))
		return
	}
	c.checkInheritedCall(args)
}

// inheritedCalls says how many arguments the inference of TorchServe's classes
// calls the model with.
var inheritedCalls = map[string]int{
	"BaseHandler": 1, "VisionHandler": 1, "ImageClassifier": 1, "ImageSegmenter": 1, "ObjectDetector": 1, "TextHandler": 1, "TextClassifier": 2,
}

// checkInheritedCall judges the call of an inference that the handler inherits,
// where it surely is that of its parent which each request reaches.
func (c *Check) checkInheritedCall(args []protocol.Argument) {
	h := c.handler
	class, n := h.class(), inheritedCalls[h.parent]
	if n == 0 || h.Defines(c.function()) != pysource.No || h.MaySet("inference") || fits(pysource.Call{Positional: n}, args) ||
		bindings(class.Names, "handle")+bindings(class.Names, "inference") > 0 ||
		slices.ContainsFunc(h.Calls, func(call pysource.Call) bool { return strings.HasSuffix(call.Callee, ".inference") }) {
		return
	}
	c.addCall(fmt.Sprintf("forward of %q takes %s, and %q inherits the inference of %s, which passes %d",
		c.subject.ModelPath, signature(args), h.name, h.parent, n))
}

func (c *Check) addCall(message string) {
	c.add(rules.HandlerCall, c.subject.ModelPath, message,
		"trace the model with the arguments that the handler passes, or change the handler's call")
}

// fits says that a call may fit: what *args and **kwargs bring can't be told.
func fits(call pysource.Call, args []protocol.Argument) bool {
	if call.Positional > len(args) {
		return false
	}
	given := make([]bool, len(args))
	for i := range call.Positional {
		given[i] = true
	}
	for _, k := range call.Keywords {
		i := argument(args, k)
		if i < 0 || given[i] && !call.Star {
			return false
		}
		given[i] = true
	}
	if call.Star || call.DoubleStar {
		return true
	}
	for i, a := range args {
		if !given[i] && a.Default == nil {
			return false
		}
	}
	return true
}

func argument(args []protocol.Argument, name string) int {
	return slices.IndexFunc(args, func(a protocol.Argument) bool { return a.Name == name })
}

// signature says what forward takes: "1 argument (input_ids: Tensor)".
func signature(args []protocol.Argument) string {
	names := make([]string, len(args))
	optional := 0
	for i, a := range args {
		names[i] = a.Name + ": " + a.Type
		if a.Default != nil {
			names[i] += " = " + *a.Default
			optional++
		}
	}
	text := counted(len(args), "argument")
	if len(args) == 0 {
		return text
	}
	if len(names) > 2*maxNamed {
		names = append(names[:2*maxNamed], "…")
	}
	return fmt.Sprintf("%s (%s)", text, strings.Join(names, ", "))
}

func takesTensor(kind string) bool {
	return kind == "Tensor" || kind == "Optional[Tensor]" || kind == "Any" || strings.HasPrefix(kind, "Union[")
}

// modelValues are what self.model may be assigned where it stays the serialized
// file's model; torch.compile keeps its signature.
var modelValues = []string{
	"None", "torch.jit.load()", "torch.jit.load().to()", "torch.jit.load().eval()", "torch.jit.load().to().eval()", "torch.compile()",
	"torch.jit.freeze()", "torch.jit.optimize_for_inference()", "self._load_torchscript_model()",
	"self.model.to()", "self.model.eval()", "self.model.float()", "self.model.half()", "self.model.cuda()", "self.model.to().eval()",
}

// modelIsTorchScript says that self.model of the handler is the serialized file
// wherever it is called. What a branch for save_mode "pretrained" assigns does
// not count: the save_mode is "torchscript" here.
func (c *Check) modelIsTorchScript() bool {
	h := c.handler
	class := h.class()
	if class == nil || bindings(class.Names, "model") > 0 {
		return false
	}
	loaded := c.loader() != ""
	for _, a := range h.Assignments {
		if a.Target != "self.model" && !strings.HasPrefix(a.Target, "self.model.") {
			continue
		}
		pretrained := a.Conditional && strings.HasSuffix(a.Value, ".from_pretrained()") && h.huggingFace()
		transformed := a.Conditional && a.Value == "BetterTransformer.transform()" && h.huggingFace()
		switch {
		case a.Target != "self.model" || a.Class != class.Name:
			return false
		case !slices.Contains(modelValues, a.Value) && !pretrained && !transformed:
			return false
		case strings.HasPrefix(a.Value, "torch.jit.load()"):
			if c.loadsAnother(a) {
				return false
			}
			loaded = true
		}
	}
	return loaded
}

// loadsAnother says that what is assigned is loaded from another file.
func (c *Check) loadsAnother(a pysource.Assignment) bool {
	return slices.ContainsFunc(c.handler.CallsTo("torch.jit.load"), func(call pysource.Call) bool {
		if call.Line != a.Line {
			return false
		}
		name, same := c.loadedFile(call)
		return name != "" && !same
	})
}
