package archiver

import (
	"testing"

	"go-model-archiver/manifest"
)

func TestHandlerFiles(t *testing.T) {
	inTree(t, map[string]string{
		"h.py": "", "d/h.py": "", "my.pyfiles/h.py": "", "c:d/h.py": "", "image_classifier.py": "", "v.1.py": "",
		"my.pyfiles/bare": "", "x.pyc": "", "libh.so": "", "libh.so.so": "", "c:d/libh.so": "", "base_handler.so": "",
	})
	for _, c := range []struct {
		runtime                         manifest.Runtime
		given, file, function, manifest string // file: "" for none
	}{
		{"python", "base_handler", "", "", "base_handler"},
		{"python3", "trt_llm_handler", "", "", "trt_llm_handler"},
		{"python", "", "", "", ""},
		{"python", "h", "h.py", "", "h"},
		{"python", "h.py", "h.py", "", "h.py"},
		{"python3", "d/h", "d/h.py", "", "h"},
		{"python", "./d/h.py", "./d/h.py", "", "h.py"},
		{"python", "d/h:run", "d/h.py", "run", "h:run"},
		{"python", "d/h.py:run", "d/h.py", "run", "h.py:run"},
		{"python", "h:", "h.py", "", "h:"},
		{"python", "h:a:b", "h.py", "a:b", "h:a:b"},
		{"python", "my.pyfiles/h", "my.pyfiles/h.py", "", "h"},
		{"python", "my.pyfiles/h:run", "my.pyfiles/h.py", "run", "h:run"},
		{"python", "c:d/h:run", "c:d/h.py", "run", "h:run"},
		{"python", "v.1", "v.1.py", "", "v.1"},
		{"python", "image_classifier.py", "image_classifier.py", "", "image_classifier.py"},
		{"python", "./image_classifier", "./image_classifier.py", "", "image_classifier"},
		// Accepted by torch-model-archiver, whatever the server makes of it.
		{"python", "my.pyfiles/bare", "my.pyfiles/bare", "", "bare"},
		{"python", "x.pyc", "x.pyc", "", "x.pyc"},
		{"LSP", "BaseHandler", "", "", "BaseHandler"},
		{"LSP", "TorchScriptHandler", "", "", "TorchScriptHandler"},
		{"LSP", "libh:Class", "libh.so", "Class", "libh:Class"},
		{"LSP", "libh.so", "libh.so.so", "", "libh.so"},
		{"LSP", "c:d/libh:Class", "c:d/libh.so", "Class", "libh:Class"},
		{"LSP", "base_handler", "base_handler.so", "", "base_handler"},
	} {
		p := mustPlan(t, packing(func(s *Spec) { s.Runtime, s.Handler = c.runtime, c.given }))
		file := ""
		if p.Handler != nil {
			file = p.Handler.Source
		}
		if file != c.file || p.HandlerFunction != c.function || p.Manifest.Model.Handler != c.manifest {
			t.Errorf("%s %q: file %q, function %q, manifest %q; want %q, %q, %q", c.runtime, c.given,
				file, p.HandlerFunction, p.Manifest.Model.Handler, c.file, c.function, c.manifest)
		}
		if want := p.Manifest.Runtime; want != c.runtime {
			t.Errorf("manifest has runtime %q", want)
		}
	}
}

func TestHandlersThatAreNotThere(t *testing.T) {
	inTree(t, map[string]string{"d/": "", "libh": ""})
	for _, c := range []struct {
		runtime     manifest.Runtime
		given, want string
	}{
		{"python", "h", `the handler "h.py" does not exist: name a file, or a built-in handler: base_handler,`},
		{"python", "d/h:f", `the handler "d/h.py" does not exist`},
		{"python", "d", `the handler "d.py" does not exist`},
		{"python", "d/", `the handler "d/.py" does not exist`},
		{"python", "BaseHandler", `the handler "BaseHandler.py" does not exist`},
		{"python", "base_handler:handle", `the handler "base_handler.py" does not exist`},
		{"LSP", "libh", `the handler "libh.so" does not exist: name a file, or a built-in handler: BaseHandler,`},
	} {
		err := mustFail(t, packing(func(s *Spec) { s.Runtime, s.Handler = c.runtime, c.given }))
		wantInError(t, err, c.want)
	}
}

func TestBuiltinHandler(t *testing.T) {
	for _, c := range []struct {
		runtime manifest.Runtime
		handler string
		want    bool
	}{
		{"python", "vllm_handler", true}, {"python3", "text_classifier", true}, {"python", "BaseHandler", false},
		{"python", "base_handler.py", false}, {"LSP", "BaseHandler", true}, {"LSP", "base_handler", false}, {"python", "", false},
	} {
		if got := BuiltinHandler(c.runtime, c.handler); got != c.want {
			t.Errorf("BuiltinHandler(%q, %q) = %v", c.runtime, c.handler, got)
		}
	}
}
