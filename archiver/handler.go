package archiver

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"go-model-archiver/manifest"
)

// The handlers for which torch-model-archiver 0.12.0 packs no file.
var (
	pythonHandlers = []string{
		"base_handler", "text_classifier", "image_classifier", "object_detector", "image_segmenter",
		"dali_image_classifier", "vllm_handler", "trt_llm_handler",
	}
	lspHandlers = []string{"BaseHandler", "TorchScriptHandler"}
)

// BuiltinHandlers lists the handlers that TorchServe brings along for a
// runtime.
func BuiltinHandlers(r manifest.Runtime) []string {
	if r == manifest.LSP {
		return slices.Clone(lspHandlers)
	}
	return slices.Clone(pythonHandlers)
}

// BuiltinHandler says whether handler is one that TorchServe brings along, so
// that no file is packed for it.
func BuiltinHandler(r manifest.Runtime, handler string) bool {
	return slices.Contains(BuiltinHandlers(r), handler)
}

// addHandler packs the handler's file, if it has one, and returns what the
// manifest says: the last element of what was given, with its ":function".
//
// That is what the server wants too: it cuts the function off at the first
// colon, then ".py" and folders, and imports the module of that name. An empty
// handler is left to the server's default_service_handler.
func (pl *planner) addHandler() string {
	given, r := pl.plan.Spec.Handler, pl.plan.Spec.Runtime
	if given == "" || BuiltinHandler(r, given) {
		return given
	}
	dir, base := filepath.Split(given)
	file, function, _ := strings.Cut(base, ":")
	pl.plan.HandlerFunction = function

	path := dir + file
	if r == manifest.LSP {
		path += librarySuffix
	} else if !strings.HasSuffix(file, ".py") {
		path += ".py"
	}
	// torch-model-archiver takes a path that holds ".py" anywhere as it is.
	if r != manifest.LSP && strings.Contains(given, ".py") && !exists(path) && exists(given) {
		path = given
	}
	pl.plan.Handler = pl.addSource(RoleHandler, path, handlerHint(r, given, path))
	return base
}

// librarySuffix ends the name of an LSP handler's shared library.
var librarySuffix = map[bool]string{true: ".dylib", false: ".so"}[runtime.GOOS == "darwin"]

func handlerHint(r manifest.Runtime, given, path string) string {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) || strings.ContainsAny(given, "/:.") {
		return ""
	}
	return "name a file, or a built-in handler: " + strings.Join(BuiltinHandlers(r), ", ")
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
