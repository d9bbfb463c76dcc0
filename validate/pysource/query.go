package pysource

import (
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
	if bound || m.deleted[name] || !m.Complete || m.dynamic || m.importsAll() || m.binds("__getattr__") {
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
	sure = m.Complete && !m.dynamic
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
	for _, c := range classes {
		for _, b := range m.Names {
			if b.Name == c.Name && b.Line > c.Line {
				sure = false
			}
		}
	}
	return classes, sure && !m.assignsClass()
}

func isDataclass(decorator string) bool {
	name, _, _ := strings.Cut(decorator, "(")
	return lastElement(name) == "dataclass"
}

// assignsClass tells whether a name of the module may get a class that no
// class statement names.
func (m *Module) assignsClass() bool {
	for _, a := range m.Assignments {
		if a.Class != "" || a.Function != "" || strings.Contains(a.Target, ".") {
			continue
		}
		callee, called := strings.CutSuffix(a.Value, "()")
		name := lastElement(callee)
		switch {
		case called && slices.Contains(classMakers, name):
			return true
		case called && slices.ContainsFunc(m.Functions, func(f Function) bool { return f.Name == callee }):
			return true
		case !called && slices.ContainsFunc(m.Classes, func(c Class) bool { return c.Name == a.Value }):
			return true
		}
	}
	return false
}

func lastElement(dotted string) string { return dotted[strings.LastIndexByte(dotted, '.')+1:] }

// CallsTo lists the calls that may reach a qualified name such as
// "torch.jit.load" or a builtin such as "open", through what the file's imports
// and assignments call it. An alias counts wherever in the file it is made.
func (m *Module) CallsTo(qualified string) []Call {
	names := m.aliases()
	return m.calls(func(callee string) bool { return names.mayBe(callee, qualified) })
}

// CallsMethod lists the calls of anything whose last element is that name, such
// as "from_pretrained" for "AutoModel.from_pretrained", also where that was
// assigned to another name first.
func (m *Module) CallsMethod(name string) []Call {
	names := m.aliases()
	return m.calls(func(callee string) bool {
		return slices.ContainsFunc(names.resolve(callee), func(q string) bool { return lastElement(q) == name })
	})
}

func (m *Module) calls(match func(callee string) bool) []Call {
	known := map[string]bool{}
	var calls []Call
	for _, c := range m.Calls {
		matches, ok := known[c.Callee]
		if !ok {
			matches = match(c.Callee)
			known[c.Callee] = matches
		}
		if matches {
			calls = append(calls, c)
		}
	}
	return calls
}

// ReadsOf lists the reads of string keys from an attribute or name such as
// "model_yaml_config", whatever stands before it, and from what parts of it were
// assigned to: after c = ctx.model_yaml_config["handler"], c["mode"] is a read
// of "handler" and "mode".
func (m *Module) ReadsOf(name string) []Read {
	prefixes := map[string][][]Key{}
	keys := func(base string) [][]Key {
		if lastElement(base) == name {
			return [][]Key{nil}
		}
		return prefixes[base]
	}
	// Each round follows the assignments one step further.
	for range maxAliasSteps {
		grown := false
		for _, a := range m.Assignments {
			for _, prefix := range keys(a.Value) {
				if lastElement(a.Target) == name || len(prefixes[a.Target]) >= maxAliases {
					continue
				}
				full := slices.Concat(prefix, a.Keys)
				if len(full) > maxAliasSteps || slices.ContainsFunc(prefixes[a.Target], func(k []Key) bool { return slices.Equal(k, full) }) {
					continue
				}
				prefixes[a.Target] = append(prefixes[a.Target], full)
				grown = true
			}
		}
		if !grown {
			break
		}
	}
	var reads []Read
	for _, r := range m.Reads {
		for _, prefix := range keys(r.Base) {
			found := r
			found.Keys = slices.Concat(prefix, r.Keys)
			reads = append(reads, found)
		}
	}
	return reads
}

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
	for _, s := range mentions {
		for i := s.Call; i >= 0; i = m.Calls[i].In {
			if m.readsFile(i) && !s.Conditional {
				return Yes
			}
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
	if c := m.Calls[i]; c.Callee != "open" || c.Conditional {
		return false
	}
	return !slices.ContainsFunc(m.Strings, func(s String) bool {
		return s.Call == i && len(s.Value) <= 3 && strings.ContainsAny(s.Value, "wax")
	})
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
