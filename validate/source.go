package validate

import (
	"path"
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
)

// source is the handler's Python file, as far as it could be read.
type source struct {
	*pysource.Module
	name string // the entry
	text string
	err  error // why Module is not complete
	// classes are what TorchServe finds in the file; sure is false where that
	// depends on what happens when it runs.
	classes []pysource.Class
	sure    bool
	// running and serving are what runs and serves cache; asked counts what
	// reached was asked.
	running, serving map[pysource.Scope]bool
	asked            int
	// parent is the class of TorchServe that the handler's one class inherits
	// from alone, such as "BaseHandler", or "".
	parent string
}

func readSource(name string, text []byte) *source {
	s := &source{name: name, text: string(text)}
	s.Module, s.err = pysource.Parse(text)
	s.classes, s.sure = s.ServerClasses()
	if class := s.class(); class != nil && len(class.Keywords) == 0 {
		bases := slices.DeleteFunc(slices.Clone(class.Bases), func(base string) bool { return base == "ABC" || base == "abc.ABC" })
		if len(bases) == 1 {
			s.parent = s.torchServeClass(bases[0])
		}
	}
	return s
}

// class is the one class that TorchServe would make a handler of, or nil. A
// module-level function of the name that is asked for comes before it.
func (s *source) class() *pysource.Class {
	if !s.sure || len(s.classes) != 1 {
		return nil
	}
	return &s.classes[0]
}

// torchServeClass returns the name that a base class has in TorchServe's
// handlers, or "".
func (s *source) torchServeClass(base string) string {
	first, rest, dotted := strings.Cut(base, ".")
	for _, i := range s.Imports {
		local := i.Alias
		if local == "" {
			local = i.Name
		}
		if i.Conditional || !strings.HasPrefix(i.Module, "ts.torch_handler") {
			continue
		}
		switch {
		case !dotted && local == base && slices.Contains(torchServeClasses, i.Name):
			return i.Name
		case dotted && (local == first || i.Alias == "" && i.Name == "" && strings.HasPrefix(base, i.Module+".")):
			if name := rest[strings.LastIndexByte(rest, '.')+1:]; slices.Contains(torchServeClasses, name) {
				return name
			}
		}
	}
	return ""
}

// torchServeClasses are those of ts/torch_handler whose initialize loads the
// model as base_handler does.
var torchServeClasses = []string{
	"BaseHandler", "VisionHandler", "ImageClassifier", "ImageSegmenter", "ObjectDetector",
	"TextHandler", "TextClassifier", "DALIHandler", "DALIImageClassifier",
}

// method returns the one definition of a method of class, or nil where there
// are none or several, or where it is decorated.
func method(class *pysource.Class, name string) *pysource.Function {
	var found *pysource.Function
	for i, m := range class.Methods {
		if m.Name != name {
			continue
		}
		if found != nil || m.Conditional || len(m.Decorators) > 0 {
			return nil
		}
		found = &class.Methods[i]
	}
	if bindings(class.Names, name) != 1 {
		return nil
	}
	return found
}

func bindings(names []pysource.Binding, name string) int {
	n := 0
	for _, b := range names {
		if b.Name == name {
			n++
		}
	}
	return n
}

// line returns a line of the text, counted from 1.
func (s *source) line(n int) string {
	lines := strings.Split(s.text, "\n")
	if n < 1 || n > len(lines) {
		return ""
	}
	return lines[n-1]
}

// readsKey says that the file reads a string key of that name from anything.
func (s *source) readsKey(name string) bool {
	return slices.ContainsFunc(s.Reads, func(r pysource.Read) bool {
		return !r.Store && slices.ContainsFunc(r.Keys, func(k pysource.Key) bool { return k.Name == name })
	})
}

// mentions says that a string of the file is that text.
func (s *source) mentions(text string) bool {
	return slices.ContainsFunc(s.Strings, func(l pysource.String) bool { return !l.Doc && l.Value == text })
}

// huggingFace says that the handler takes save_mode, mode, max_length and the
// like for what TorchServe's Hugging Face handler takes them for. Other
// handlers use the same names for their own ends.
func (s *source) huggingFace() bool { return s != nil && s.readsKey("save_mode") }

// moduleName is what a handler of the manifest is imported as.
func moduleName(handler string) string {
	file, _, _ := strings.Cut(handler, ":")
	return path.Base(strings.TrimSuffix(file, ".py"))
}
