package pysource

import (
	"slices"
	"strings"
)

// Bounds of following what names stand for.
const (
	maxAliasSteps = 8
	maxAliases    = 32
)

// aliasTable has, for each dotted name that an import or assignment makes, what
// it may stand for. stars are the modules that are imported with *.
type aliasTable struct {
	names map[string][]string
	stars []string
}

func (m *Module) aliases() aliasTable {
	t := aliasTable{names: map[string][]string{}}
	for _, i := range m.Imports {
		module := strings.Repeat(".", i.Level) + i.Module
		switch {
		case i.Name == "*":
			t.add(&t.stars, module)
		case i.Name != "":
			name := i.Alias
			if name == "" {
				name = i.Name
			}
			separator := "."
			if i.Module == "" {
				separator = ""
			}
			t.alias(name, module+separator+i.Name)
		case i.Alias != "":
			t.alias(i.Alias, i.Module)
		default:
			top, _, _ := strings.Cut(i.Module, ".")
			t.alias(top, top)
		}
	}
	for _, a := range m.Assignments {
		if len(a.Keys) == 0 && !strings.ContainsAny(a.Value, `()[]{}"…`) {
			t.alias(a.Target, a.Value)
		}
	}
	return t
}

func (t aliasTable) alias(name, stands string) {
	list := t.names[name]
	t.add(&list, stands)
	t.names[name] = list
}

func (aliasTable) add(list *[]string, s string) {
	if len(*list) < maxAliases && !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

func (t aliasTable) mayBe(callee, qualified string) bool {
	return slices.Contains(t.resolve(callee), qualified)
}

// resolve lists what a dotted name may stand for: itself where nothing else
// gives its first part a meaning, and what aliases of its parts make of it.
func (t aliasTable) resolve(name string) []string {
	found := []string{name}
	var final []string
	for next := 0; next < len(found) && len(found) < maxAliases; next++ {
		replaced := false
		for prefix, rest := range prefixes(found[next]) {
			for _, s := range t.names[prefix] {
				replaced = true
				if s == prefix {
					t.add(&final, found[next])
				} else {
					t.add(&found, s+rest)
				}
			}
		}
		if !replaced {
			t.add(&final, found[next])
			for _, module := range t.stars {
				t.add(&final, module+"."+found[next])
			}
		}
	}
	return final
}

// prefixes yields each dotted beginning of name, the whole first, and what
// follows it.
func prefixes(name string) func(yield func(prefix, rest string) bool) {
	return func(yield func(prefix, rest string) bool) {
		for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], '.') {
			if !yield(name[:end], name[end:]) {
				return
			}
		}
	}
}
