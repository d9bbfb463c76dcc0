package pysource

import (
	"maps"
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
	names  map[string][]string
	sorted []string // the keys of names
	stars  []string
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
	t.sorted = slices.Sorted(maps.Keys(t.names))
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

// namesOf is the set of dotted names that may stand for a qualified one, which
// is itself among them unless an import gives its first parts another meaning.
func (t aliasTable) namesOf(qualified string) map[string]bool {
	set := map[string]bool{}
	if !t.shadows(qualified) {
		set[qualified] = true
	}
	todo := []string{qualified}
	for _, module := range t.stars {
		if rest, ok := strings.CutPrefix(qualified, module+"."); ok && !t.shadows(rest) {
			set[rest] = true
			todo = append(todo, rest)
		}
	}
	for len(todo) > 0 {
		full := todo[0]
		todo = todo[1:]
		for _, name := range t.sorted {
			for _, s := range t.names[name] {
				rest, ok := strings.CutPrefix(full, s)
				if alias := name + rest; ok && (rest == "" || rest[0] == '.') && !set[alias] && len(set) < maxAliases {
					set[alias] = true
					todo = append(todo, alias)
				}
			}
		}
	}
	return set
}

// shadows tells whether the beginning of a dotted name means something else in
// this file.
func (t aliasTable) shadows(name string) bool {
	for end := len(name); end > 0; end = strings.LastIndexByte(name[:end], '.') {
		if stands := t.names[name[:end]]; len(stands) > 0 && !slices.Contains(stands, name[:end]) {
			return true
		}
	}
	return false
}

// methodNames is the set of dotted names that may stand for anything whose last
// element is name, those excepted that end in it themselves.
func (t aliasTable) methodNames(name string) map[string]bool {
	set := map[string]bool{}
	for range maxAliasSteps {
		before := len(set)
		for _, alias := range t.sorted {
			if slices.ContainsFunc(t.names[alias], func(s string) bool { return lastElement(s) == name || set[s] }) {
				set[alias] = true
			}
		}
		if len(set) == before {
			break
		}
	}
	return set
}

// CallsTo lists the calls that may reach a qualified name such as
// "torch.jit.load" or a builtin such as "open", through what the file's imports
// and assignments call it. An alias counts wherever in the file it is made.
func (m *Module) CallsTo(qualified string) []Call {
	names := m.aliases().namesOf(qualified)
	return m.calls(func(callee string) bool { return names[callee] })
}

// CallsMethod lists the calls of anything whose last element is that name, such
// as "from_pretrained" for "AutoModel.from_pretrained", also where that was
// imported or assigned under another name.
func (m *Module) CallsMethod(name string) []Call {
	table := m.aliases()
	names := table.methodNames(name)
	return m.calls(func(callee string) bool {
		return names[callee] || lastElement(callee) == name && len(table.names[callee]) == 0
	})
}

func (m *Module) calls(match func(callee string) bool) []Call {
	var calls []Call
	for _, c := range m.Calls {
		if match(c.Callee) {
			calls = append(calls, c)
		}
	}
	return calls
}
