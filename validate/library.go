package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
)

// libraries are the modules that bring the operators and classes of a
// namespace.
var libraries = map[string]string{
	"torchvision": "torchvision", "torchaudio": "torchaudio", "torchtext": "torchtext", "sentencepiece": "torchtext",
	"neuron": "torch_neuron", "neuronx": "torch_neuronx", "tensorrt": "torch_tensorrt", "torch_ipex": "intel_extension_for_pytorch",
	"torch_sparse": "torch_sparse", "torch_scatter": "torch_scatter", "torch_cluster": "torch_cluster",
	"torch_spline_conv": "torch_spline_conv", "detectron2": "detectron2", "fairseq": "fairseq",
}

// checkLibraries looks for an import of what the model's operators and classes
// need. A handler that imports anything else from outside may import it there.
func (c *Check) checkLibraries() {
	var needed []string
	for _, namespace := range append(c.model.Namespaces(), classNamespaces(c.model.CustomClasses)...) {
		if library, known := libraries[namespace]; known && !slices.Contains(needed, library) && !c.mayImport(library) {
			needed = append(needed, library)
		}
	}
	if len(needed) == 0 {
		return
	}
	who := fmt.Sprintf("the handler %q", c.subject.Manifest.Model.Handler)
	hint := fmt.Sprintf("import %s in the handler", needed[0])
	if c.subject.builtin() {
		hint = fmt.Sprintf("write a handler that inherits from the built-in one and imports %s", needed[0])
	}
	c.add(rules.ModelLibrary, c.subject.ModelPath,
		fmt.Sprintf("%q needs the operators of %s, and %s does not import it", c.subject.ModelPath, strings.Join(needed, ", "), who),
		hint)
}

// classNamespaces returns the namespaces of C++ classes, such as "tensorrt" for
// "__torch__.torch.classes.tensorrt.Engine".
func classNamespaces(classes []string) []string {
	var spaces []string
	for _, class := range classes {
		if name, ok := strings.CutPrefix(class, "__torch__.torch.classes."); ok {
			space, _, _ := strings.Cut(name, ".")
			spaces = append(spaces, space)
		}
	}
	return spaces
}

// visionHandlers are the modules of ts.torch_handler that import torchvision.
var visionHandlers = []string{"image_classifier", "image_segmenter", "object_detector"}

// mayImport says that the handler imports a library, or may do so.
func (c *Check) mayImport(library string) bool {
	if c.subject.builtin() {
		handler := c.subject.Manifest.Model.Handler
		return library == "torch_tensorrt" || loaders[handler] == "" || library == "torchvision" && slices.Contains(visionHandlers, handler)
	}
	if c.handler == nil || !c.handler.Complete {
		return true
	}
	return slices.ContainsFunc(c.handler.Imports, func(i pysource.Import) bool {
		top, rest, _ := strings.Cut(i.Module, ".")
		switch {
		case top == "ts":
			return library == "torch_tensorrt" || library == "torchvision" &&
				slices.ContainsFunc(visionHandlers, func(v string) bool { return strings.HasSuffix(rest, v) || i.Name == v })
		case top == "torch" || pysource.IsStandardLibrary(top):
			return false
		}
		return top == library || i.Level > 0 || !slices.Contains(brought, top)
	})
}
