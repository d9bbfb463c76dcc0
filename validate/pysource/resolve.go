package pysource

import (
	"path"
	"slices"
	"strings"
)

// Resolve follows a variable to the expression that it surely holds at a line
// of a place: what one assignment before gives it, and nothing else. It returns
// where that expression stands too.
func (m *Module) Resolve(e Expr, at Scope, line int) (Expr, Scope, int) {
	for range maxAliasSteps {
		if e.Op != Name || len(e.Keys) > 0 {
			break
		}
		a, ok := m.onlyAssignment(e.Name, at, line)
		if !ok {
			break
		}
		e, at, line = m.Value(a), a.Scope, a.Line
	}
	return e, at, line
}

// onlyAssignment returns the assignment that surely gave a variable its value.
// What __init__ sets to None does not count.
func (m *Module) onlyAssignment(name string, at Scope, line int) (found Assignment, ok bool) {
	attribute := strings.Contains(name, ".")
	for _, a := range m.Assignments {
		switch {
		case a.Target != name || a.Class != at.Class || !attribute && a.Function != at.Function:
		case attribute && a.Value == "None" && a.Function == "__init__":
		case ok:
			return found, false
		default:
			found, ok = a, true
		}
	}
	switch {
	case !ok || found.value.start == found.value.end:
		return found, false
	case found.in(at):
		return found, found.Line <= line && m.around(found.block, at.block)
	}
	return found, !found.Conditional
}

// around tells whether a block is another one or around it.
func (m *Module) around(block, inner int32) bool {
	for inner > block {
		inner = m.blocks[inner-1].outer
	}
	return inner == block
}

// File is the last part of a path, as text, or as the expression that it is.
func (m *Module) File(e Expr, at Scope, line int) Expr {
	for range maxAliasSteps {
		e, at, line = m.Resolve(e, at, line)
		switch {
		case e.Op == Slash:
			e = e.Args[1]
		case e.Op == Apply && len(e.Args) > 0 && len(e.Keywords) == 0 && makesPath(e.Name):
			e = e.Args[len(e.Args)-1]
		case e.Op == Text && strings.Contains(path.Base(e.Text), "{}"):
			return Expr{}
		case e.Op == Text:
			return Expr{Op: Text, Text: path.Base(e.Text)}
		default:
			return e
		}
	}
	return Expr{}
}

// makesPath tells whether a function gives a path that ends in its last
// argument.
func makesPath(callee string) bool {
	if rest, ok := strings.CutSuffix(callee, "join"); ok {
		return rest == "" || strings.HasSuffix(rest, "path.")
	}
	return slices.Contains([]string{"Path", "PurePath", "str", "fspath", "abspath", "realpath", "joinpath"}, lastElement(callee))
}

// Passes tells whether a call names a variable, or an attribute of that name,
// anywhere in its arguments.
func (m *Module) Passes(c Call, name string) bool {
	for i := int(c.open) + 1; i < m.w.skip(int(c.open))-1; i++ {
		if m.w.isName(i) && m.w.text(i) == name {
			return true
		}
	}
	return false
}

// MaySet tells whether an attribute of that name may be given to something
// other than by def: by an assignment, setattr, or what changes a namespace.
func (m *Module) MaySet(attribute string) bool {
	for i := range m.w.tokens {
		if !m.w.isName(i) {
			continue
		}
		switch text := m.w.text(i); text {
		case "__dict__", "__class__":
			return true
		case "setattr", "locals", "vars", "exec", "eval":
			if i == 0 || !m.w.isOpen(i-1, '.') {
				return true
			}
		case attribute:
			if i > 0 && m.w.isOpen(i-1, '.') && !m.w.isOpen(i+1, '(') {
				return true
			}
		}
	}
	return m.dynamic
}

// LooksFor tells whether the module asks for a key somewhere: "key" in x.
func (m *Module) LooksFor(key string) bool {
	for i, t := range m.w.tokens {
		if t.kind != kindString || m.w.tokens[i+1].op != kwIn && m.w.tokens[i+1].op != kwNot {
			continue
		}
		if text, ok := m.w.plainString(i, i+1); ok && text == key {
			return true
		}
	}
	return false
}
