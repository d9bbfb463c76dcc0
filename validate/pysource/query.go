package pysource

import (
	"maps"
	"slices"
	"strings"
)

// Answer is what can be said of a question about a module.
type Answer int

// CannotTell stands for "it depends on what happens when the file runs".
const (
	CannotTell Answer = iota
	No
	Yes
)

func (a Answer) String() string {
	switch a {
	case No:
		return "no"
	case Yes:
		return "yes"
	}
	return "cannot tell"
}

// Defines tells whether the module has an attribute of that name once it is
// imported, as Python's hasattr(module, name) would.
func (m *Module) Defines(name string) Answer {
	bound := false
	for _, b := range m.Names {
		if b.Name == name {
			bound = true
			if !b.Conditional && !m.deleted[name] {
				return Yes
			}
		}
	}
	// Python itself adds names such as __annotations__.
	special := strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__")
	if bound || special || m.deleted[name] || !m.Complete || m.dynamic || m.importsAll() || m.binds("__getattr__") {
		return CannotTell
	}
	return No
}

func (m *Module) binds(name string) bool {
	return slices.ContainsFunc(m.Names, func(b Binding) bool { return b.Name == name })
}

func (m *Module) importsAll() bool {
	return slices.ContainsFunc(m.Imports, func(i Import) bool { return i.Name == "*" })
}

// classMakers are callables whose result is a class of the module that calls
// them.
var classMakers = []string{
	"namedtuple", "NamedTuple", "TypedDict", "Enum", "IntEnum", "StrEnum", "Flag", "IntFlag",
	"make_dataclass", "type", "new_class", "create_model",
}

// ServerClasses lists the classes that TorchServe finds in the module when it
// looks for its one entry point: every class that was defined in this file
// (ts/utils/util.py, list_classes_from_module). sure is false where more or
// fewer may be found when the file runs.
func (m *Module) ServerClasses() (classes []Class, sure bool) {
	sure = m.Complete && !m.dynamic && !m.importsAll()
	at := map[string]int{}
	for _, c := range m.Classes {
		if c.elsewhere || c.Conditional || len(c.Decorators) > 0 && !slices.ContainsFunc(c.Decorators, isDataclass) || m.deleted[c.Name] {
			sure = false
		}
		if i, ok := at[c.Name]; ok {
			classes[i] = c
			continue
		}
		at[c.Name] = len(classes)
		classes = append(classes, c)
	}
	for _, b := range m.Names {
		if i, ok := at[b.Name]; ok && b.Line > classes[i].Line {
			sure = false
		}
	}
	return classes, sure && !m.assignsClass(at)
}

func isDataclass(decorator string) bool {
	name, _, _ := strings.Cut(decorator, "(")
	return lastElement(name) == "dataclass"
}

// assignsClass tells whether a name of the module may get a class that no
// class statement names: a second name for one of classes, what a class maker
// or a function of this file returns, or another module's class that is given
// this one's name.
func (m *Module) assignsClass(classes map[string]int) bool {
	makers := map[string]bool{}
	for _, f := range m.Functions {
		makers[f.Name] = true
	}
	table := m.aliases()
	for _, name := range classMakers {
		maps.Copy(makers, table.methodNames(name))
	}
	return slices.ContainsFunc(m.Assignments, func(a Assignment) bool {
		if a.Class != "" || a.Function != "" {
			return false
		}
		if attribute := lastElement(a.Target); attribute != a.Target {
			return attribute == "__module__"
		}
		if callee, called := strings.CutSuffix(a.Value, "()"); called {
			return makers[callee] || slices.Contains(classMakers, lastElement(callee))
		}
		_, again := classes[a.Value]
		return again || a.Target == "__name__"
	})
}

func lastElement(dotted string) string { return dotted[strings.LastIndexByte(dotted, '.')+1:] }
