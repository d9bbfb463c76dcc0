package validate

import (
	"strings"
	"testing"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/rules"
)

const (
	base    = "from ts.torch_handler.base_handler import BaseHandler\n\n"
	classH  = "class H(BaseHandler):\n    pass\n"
	serves  = "def handle(data, context):\n    return data\n"
	methods = "    def initialize(self, context): pass\n    def handle(self, data, context): return data\n"
)

// python is an archive with a handler alone.
func python(text string) archive {
	return archive{handler: "h.py", files: map[string]string{"h.py": text}}
}

// beside adds another file.
func (a archive) beside(name, text string) archive {
	a.files[name] = text
	return a
}

// called is a handler under its own name.
func called(handler, text string) archive {
	return archive{handler: handler, files: map[string]string{handler: text}}
}

func named(handler, text string) archive {
	a := python(text)
	a.handler = handler
	return a
}

var handlerCases = []ruleCase{
	{
		name: "neither built in nor packed", archive: archive{handler: "service.py"},
		want: []string{rules.HandlerMissing}, says: []string{`"service.py" is not built into TorchServe`},
	},
	{name: "a built-in name with an ending", archive: archive{handler: "base_handler.py"}, want: []string{rules.HandlerMissing}},
	{
		name: "no shared library", archive: archive{handler: "libservice:Handler", runtime: manifest.LSP},
		want: []string{rules.HandlerMissing}, says: []string{`"libservice.so"`},
	},
	{name: "too large", archive: python(strings.Repeat("# \n", 1<<21)), want: []string{rules.FileTooLarge}},
	{name: "a dotted module", archive: archive{handler: "company.handlers"}, want: []string{rules.HandlerElsewhere}},
	{
		name: "nothing to call", archive: python("import torch\n"),
		want: []string{rules.HandlerEntryPoint}, says: []string{`no function "handle" and no class`},
	},
	{
		name: "two classes", archive: python(base + classH + "class Labels:\n    pass\n"),
		want: []string{rules.HandlerEntryPoint}, says: []string{"2 classes (H, Labels)"},
	},
	{
		name: "an Enum beside the handler", archive: python(base + "import enum\nclass Mode(enum.Enum):\n    A = 1\n" + classH),
		want: []string{rules.HandlerEntryPoint}, says: []string{"(Mode, H)"},
	},
	{
		name: "the named function is not there, nor a class", archive: named("h.py:serve", serves),
		want: []string{rules.HandlerEntryPoint}, says: []string{`no function "serve" and no class`},
	},
	{
		name: "the named function is not there, but one class", archive: named("h:serve", base+classH),
		want: []string{rules.HandlerFunction, rules.NoWeights}, says: []string{`takes the class H`},
	},
	{
		name: "a class of ABC beside the handler", archive: python(base + "import abc\nclass A(metaclass=abc.ABCMeta):\n    pass\n" + classH),
		want: []string{rules.HandlerEntryPoint}, says: []string{"(A, H)"},
	},
	{
		name: "the class for a function", archive: named("h.py:H", base+classH),
		want: []string{rules.HandlerEntryPoint}, says: []string{`"h.py:H" names the class H`, "H(data, context)"},
	},
	{
		name: "a class without handle that evaluates its model", archive: python("class H:\n    def initialize(self, context): self.model.eval()\n"),
		want: []string{rules.HandlerClass}, says: []string{`no method "handle"`},
	},
	{
		name: "a class without handle", archive: python("class H:\n    def initialize(self, context): pass\n"),
		want: []string{rules.HandlerClass}, says: []string{`no method "handle"`},
	},
	{
		name: "a class without initialize", archive: python("class H:\n    def handle(self, data, context): pass\n"),
		want: []string{rules.HandlerClass}, says: []string{`no method "initialize"`},
	},
	{
		name: "a function of one argument", archive: python("def handle(data):\n    return data\n"),
		want: []string{rules.HandlerArguments}, says: []string{"takes 1 argument, and TorchServe passes 2: data, context"},
	},
	{name: "a function of three", archive: python("def handle(a, b, c):\n    return a\n"), want: []string{rules.HandlerArguments}},
	{
		name: "an argument by its name alone", archive: python("def handle(data, *, context):\n    return data\n"),
		want: []string{rules.HandlerArguments}, says: []string{`takes 1 argument by place and wants "context" by name, and TorchServe passes 2: data, context`},
	},
	{
		name: "a constructor with arguments", archive: python("class H:\n    def __init__(self, path): pass\n" + methods),
		want: []string{rules.HandlerArguments}, says: []string{"takes 1 argument, and TorchServe passes none"},
	},
	{
		name: "initialize without the context", archive: python(base + "class H(BaseHandler):\n    def initialize(self): pass\n"),
		want: []string{rules.HandlerArguments}, says: []string{"takes 0 arguments, and TorchServe passes 1: context"},
	},
	{
		name: "not to be understood", archive: python("def handle(data, context:\n    return data\n"),
		want: []string{rules.HandlerUnread}, says: []string{"line 1"},
	},
	{
		name: "a model file of two classes",
		archive: archive{
			handler: "image_classifier", model: "notmodels/state_dict.pt", modelPy: "model.py",
			files: map[string]string{"model.py": "class Block: pass\nclass Net(Block): pass\n"},
		},
		want: []string{rules.ModelFileClasses}, says: []string{"2 classes (Block, Net)"},
	},
	{
		name:    "a model file without a class",
		archive: archive{handler: "image_classifier", model: "notmodels/state_dict.pt", modelPy: "model.py", files: map[string]string{"model.py": "net = 1\n"}},
		want:    []string{rules.ModelFileClasses},
	},
	{
		name:    "a model file that is no Python",
		archive: archive{handler: "image_classifier", model: "notmodels/state_dict.pt", modelPy: "model.py", files: map[string]string{"model.py": "class Net(:\n"}},
		want:    []string{rules.HandlerUnread}, says: []string{`warning model.py "model.py" can't be read to its end`},
	},
	{
		name: "no vocabulary", archive: archive{handler: "text_classifier", model: "notmodels/state_dict.pt", modelPy: "model.py"},
		want: []string{rules.VocabularyMissing},
	},

	{name: "built in", archive: archive{handler: "vllm_handler"}},
	{name: "TorchServe's own without a name in the archiver", archive: archive{handler: "densenet_handler"}},
	{name: "the server's default", archive: archive{handler: ""}},
	{name: "a folder before the name", archive: named("src/h.py", serves)},
	{name: "without the ending", archive: named("h", serves)},
	{name: "a package", archive: archive{handler: "pkg", files: map[string]string{"pkg/__init__.py": serves}}},
	{name: "a library for macOS", archive: archive{handler: "lib:H", runtime: manifest.LSP, files: map[string]string{"lib.dylib": ""}}},
	{name: "a library named .so is looked for below that name", archive: archive{handler: "lib", runtime: manifest.LSP, files: map[string]string{"lib.so": ""}}},
	{name: "a function beside two classes", archive: python(serves + "class A: pass\nclass B: pass\n")},
	{name: "an assignment for a function", archive: python("class A:\n" + methods + "class B: pass\n_service = A()\nhandle = _service.handle\n")},
	{name: "a function from elsewhere", archive: python("from service import handle\n").beside("service.py", "")},
	{name: "a function that takes anything", archive: python("def handle(*args, **kwargs): pass\n")},
	{name: "a function with defaults", archive: python("def handle(data, context=None, *, x=1): pass\n")},
	{name: "a decorated function", archive: python("@wrap\ndef handle(): pass\n")},
	{name: "methods that the constructor sets", archive: python("class H:\n    def __init__(self):\n        self.handle = self._h\n        self.initialize = print\n    def _h(self, d, c): return d\n")},
	{name: "a method by setattr", archive: python("class H:\n    def __init__(self):\n        setattr(self, name, self.x)\n    def initialize(self, c): self.model.eval()\n")},
	{name: "a method that is given to the class", archive: python("class H:\n    def initialize(self, c): pass\nH.handle = serve\n")},
	{name: "a method by locals()", archive: python("class H:\n    def initialize(self, c): pass\n    locals()[n] = x\n")},
	{name: "a class of another module", archive: python(base + classH + "class A:\n    __module__ = \"x\"\n")},
	{name: "what a metaclass makes", archive: python(base + classH + "class A(metaclass=M):\n    pass\n")},
	{name: "a class to be called", archive: named("h.py:Serve", "class Serve:\n    def __init__(self, data, context): pass\n")},
	{name: "a class that is made elsewhere", archive: python("from service import *\nclass A: pass\nclass B: pass\n").beside("service.py", "")},
	{name: "a class with a base from elsewhere", archive: python("from service import Service\nclass H(Service): pass\n").beside("service.py", "")},
	{name: "a class that answers any name", archive: python("class H:\n    def __getattr__(self, name): pass\n")},
	{name: "a class that is written twice", archive: python("try:\n    import a\n    class H:\n" + "        pass\nexcept ImportError:\n    class I: pass\n")},
	{name: "methods for every argument", archive: python("class H:\n    def __init__(self, *a, **k): pass\n" + methods)},
	{
		name: "a model file for a handler that loads itself",
		archive: archive{handler: "h.py", model: "notmodels/state_dict.pt", modelPy: "model.py", files: map[string]string{
			"h.py": serves, "model.py": "class Block: pass\nclass Net(Block): pass\n",
		}},
	},
	{
		name: "a vocabulary named in the manifest, as in archives of old",
		archive: archive{handler: "text_classifier", model: "notmodels/state_dict.pt", modelPy: "model.py", files: map[string]string{
			manifest.Path: `{"model": {"sourceVocab": "vocab.pt"}}`,
		}},
	},
}

func TestHandler(t *testing.T) { runCases(t, handlerCases) }

func TestCompiledHandlers(t *testing.T) {
	for name, want := range map[string][]string{
		"h.so": nil, "h.cpython-311-x86_64-linux-gnu.so": nil, "h.cp311-win_amd64.pyd": nil,
		"h.txt": {rules.HandlerMissing}, "h.d/x.so": {rules.HandlerMissing}, "lib/h.so": {rules.HandlerMissing}, "other.so": {rules.HandlerMissing},
	} {
		s := archive{handler: "h.py"}.subject(t)
		s.Entries = []Entry{{Name: name, Size: 1}}
		c, err := NewCheck(s)
		if err != nil {
			t.Fatal(err)
		}
		compareFindings(t, c.Findings, want, nil)
	}
}
