package pysource

import (
	_ "embed"
	"strings"
	"sync"
)

// stdlibNames is the union of sys.stdlib_module_names and of the module index
// of Python 3.8 to 3.13, without CPython's own test modules.
//
//go:embed stdlib.txt
var stdlibNames string

var stdlibModules = sync.OnceValue(func() map[string]bool {
	modules := make(map[string]bool, 400)
	for name := range strings.FieldsSeq(stdlibNames) {
		modules[name] = true
	}
	return modules
})

// IsStandardLibrary reports whether a top-level module of that name belongs to
// Python's standard library in any release from 3.8 to 3.13. Of a dotted name
// the first part counts.
func IsStandardLibrary(name string) bool {
	top, _, _ := strings.Cut(name, ".")
	return stdlibModules()[top]
}
