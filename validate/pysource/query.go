package pysource

import (
	"maps"
	"path"
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
		if c.Conditional || len(c.Decorators) > 0 && !slices.ContainsFunc(c.Decorators, isDataclass) || m.deleted[c.Name] {
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

// Mentions lists the strings, docstrings excepted, whose last path element is
// that file name: "setup_config.json" is mentioned by
// f"{model_dir}/setup_config.json" too.
func (m *Module) Mentions(file string) []String {
	var found []String
	for _, s := range m.Strings {
		if !s.Doc && path.Base(s.Value) == file {
			found = append(found, s)
		}
	}
	return found
}

// Opens tells whether the module's code opens a file of that name. Yes needs an
// open() that no condition guards, whose first argument is made from a string
// with that name, directly or through one variable; No needs a file that does
// not mention the name. It says nothing of whether the function around the
// open() is called.
func (m *Module) Opens(file string) Answer {
	mentions := m.Mentions(file)
	for _, s := range mentions[:min(len(mentions), maxAliases)] {
		call := s.Call
		for range maxAliasSteps {
			if call < 0 {
				break
			}
			if m.readsFile(call) && !s.Conditional {
				return Yes
			}
			call = m.Calls[call].In
		}
		if m.opensVariable(s) {
			return Yes
		}
	}
	if len(mentions) == 0 && m.Complete {
		return No
	}
	return CannotTell
}

// readsFile tells whether a call is an unguarded open() for reading.
func (m *Module) readsFile(i int) bool {
	c := m.Calls[i]
	return c.Callee == "open" && !c.Conditional && !m.writes[i]
}

// opensVariable tells whether the string was assigned, by itself or through
// os.path.join, to a variable of its own that an open() in the same function
// takes.
func (m *Module) opensVariable(s String) bool {
	line, value := s.Line, `""`
	if s.Call >= 0 {
		c := m.Calls[s.Call]
		if lastElement(c.Callee) != "join" {
			return false
		}
		line, value = c.Line, c.Callee+"()"
	}
	at := slices.IndexFunc(m.Assignments, func(a Assignment) bool {
		return a.Line == line && a.Value == value && a.Scope == s.Scope
	})
	if at < 0 || s.Conditional {
		return false
	}
	variable := m.Assignments[at].Target
	for i, a := range m.Assignments {
		if i != at && a.Target == variable && a.Class == s.Class && a.Function == s.Function {
			return false
		}
	}
	for i, c := range m.Calls {
		if c.Scope == s.Scope && len(c.Args) > 0 && c.Args[0] == variable && m.readsFile(i) {
			return true
		}
	}
	return false
}
