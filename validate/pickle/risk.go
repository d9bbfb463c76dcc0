package pickle

import (
	"path"
	"slices"
	"strings"
)

// Risk says what an import may do when the pickle is loaded.
type Risk int

// The risks in rising order.
const (
	// Safe imports only make values: tensors, arrays, containers.
	Safe Risk = iota
	// Unfamiliar imports are not known here: classes of one's own, scalers,
	// vocabularies.
	Unfamiliar
	// Dangerous imports are known to run code, or to reach files or the
	// network.
	Dangerous
)

func (r Risk) String() string { return [...]string{"safe", "unfamiliar", "dangerous"}[r] }

// Classify returns the risk of importing a global. One that could not be told,
// which is the zero Global, is Unfamiliar.
func Classify(g Global) Risk {
	if g.Module == "" && g.Name == "" {
		return Unfamiliar
	}
	if dangerous(g) {
		return Dangerous
	}
	if !strings.Contains(g.Name, ".") && safeGlobals.match(g) {
		return Safe
	}
	return Unfamiliar
}

// dangerous looks behind dots too: since protocol 4 a name may lead through
// attributes to another module, as "serialization.os.system" in torch does.
func dangerous(g Global) bool {
	if dangerousGlobals.match(g) {
		return true
	}
	parts := strings.Split(g.Name, ".")
	// Whoever has a module, its dictionary or a function's globals has all.
	if last := strings.TrimLeft(parts[len(parts)-1], "_"); slices.Contains(powerfulModules, last) {
		return true
	}
	if len(parts) == 1 {
		return strings.HasPrefix(g.Name, "__") && strings.HasSuffix(g.Name, "__")
	}
	// Python itself pickles objects that have arguments by name through __new__.
	if slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, "__") && p != "__new__" }) {
		return true
	}
	for i := range len(parts) - 1 {
		if dangerousGlobals.match(Global{parts[i], parts[i+1]}) {
			return true
		}
	}
	return dangerousGlobals.match(Global{g.Module, parts[0]})
}

// table lists names by module. A module that ends in ".*" stands for itself
// and all below it; names are patterns as in path.Match.
type table map[string][]string

// all is every name of a module.
var all = []string{"*"}

func (t table) match(g Global) bool {
	if matchName(t[g.Module], g.Name) {
		return true
	}
	for module := g.Module; module != ""; {
		if matchName(t[module+".*"], g.Name) {
			return true
		}
		i := strings.LastIndexByte(module, '.')
		module = module[:max(i, 0)]
	}
	return false
}

func matchName(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if !strings.ContainsAny(p, "*[") {
			return p == name
		}
		matched, _ := path.Match(p, strings.ReplaceAll(name, "/", "_"))
		return matched
	})
}
