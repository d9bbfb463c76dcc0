package pysource

import (
	"path"
	"slices"
	"strings"
)

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
			if m.readsFile(call) && !m.Calls[call].Conditional && !s.Conditional {
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

// readsFile tells whether a call is an open() for reading.
func (m *Module) readsFile(i int) bool { return m.Calls[i].Callee == "open" && !m.writes[i] }

// opensVariable tells whether the string is in a variable of its own that an
// unguarded open() in the same place takes.
func (m *Module) opensVariable(s String) bool {
	variable := m.PathVariable(s)
	if variable == "" || s.Conditional {
		return false
	}
	for i, c := range m.Calls {
		if c.Scope == s.Scope && len(c.Args) > 0 && c.Args[0] == variable && m.readsFile(i) {
			return true
		}
	}
	return false
}

// PathVariable is the variable that a string was assigned to, by itself or
// through os.path.join, if nothing else in the same function is; else empty.
func (m *Module) PathVariable(s String) string {
	line, value := s.Line, `""`
	if s.Call >= 0 {
		c := m.Calls[s.Call]
		if lastElement(c.Callee) != "join" {
			return ""
		}
		line, value = c.Line, c.Callee+"()"
	}
	at := slices.IndexFunc(m.Assignments, func(a Assignment) bool {
		return a.Line == line && a.Value == value && a.Scope == s.Scope
	})
	if at < 0 {
		return ""
	}
	variable := m.Assignments[at].Target
	for i, a := range m.Assignments {
		if i != at && a.Target == variable && a.in(s.Scope) {
			return ""
		}
	}
	return variable
}

// in tells whether something stands in the same function as s, however
// conditional.
func (s Scope) in(other Scope) bool { return s.Class == other.Class && s.Function == other.Function }

// CallsWithPath lists the calls to a qualified name whose first argument surely
// is a path with that file name: a string, os.path.join of one, or a variable
// that holds nothing else.
func (m *Module) CallsWithPath(qualified, file string) []Call {
	names := m.aliases().namesOf(qualified)
	var found []Call
	for _, i := range m.withPath(file) {
		if names[m.Calls[i].Callee] {
			found = append(found, m.Calls[i])
		}
	}
	return found
}

// withPath lists the indexes of the calls whose first argument is a path with
// that file name.
func (m *Module) withPath(file string) []int {
	var found []int
	mentions := m.Mentions(file)
	for _, s := range mentions[:min(len(mentions), maxAliases)] {
		// In "open(a if b else c)" a is more conditional than the call.
		if s.Call >= 0 && s.Conditional == m.Calls[s.Call].Conditional {
			found = append(found, s.Call)
			if outer := m.Calls[s.Call].In; outer >= 0 && lastElement(m.Calls[s.Call].Callee) == "join" {
				found = append(found, outer)
			}
		}
		variable := m.PathVariable(s)
		for i, c := range m.Calls {
			if variable != "" && len(c.Args) > 0 && c.Args[0] == variable && c.in(s.Scope) && len(found) < maxPaths {
				found = append(found, i)
			}
		}
	}
	return found
}

// maxPaths bounds how many calls with a path are followed.
const maxPaths = 256

// JSONLoads lists the calls of json.load, and of json.loads on what was read,
// that surely parse a file of that name where they are reached, as JSON in UTF-8
// and nothing else. What starts with a byte order mark is read in binary mode too:
// with marked, such calls are left out.
func (m *Module) JSONLoads(file string, marked bool) []Call {
	opens := slices.DeleteFunc(m.withPath(file), func(i int) bool { return !m.readsFile(i) || !m.readsUTF8(i, marked) })
	if len(opens) == 0 {
		return nil
	}
	table := m.aliases()
	load, loads := table.namesOf("json.load"), table.namesOf("json.loads")
	var found []Call
	looked := 0
	for i, c := range m.Calls {
		if !load[c.Callee] && !loads[c.Callee] || len(c.Args) != 1 || len(c.Keywords) > 0 || c.DoubleStar || looked == maxPaths {
			continue
		}
		looked++
		if load[c.Callee] && m.isOpened(c.Args[0], i, i, opens) || loads[c.Callee] && m.isRead(i, opens) {
			found = append(found, c)
		}
	}
	return found
}

// readsUTF8 tells whether an open() reads its file as UTF-8, or leaves what it is
// to the one who parses it.
func (m *Module) readsUTF8(i int, marked bool) bool {
	open := m.Expr(m.Calls[i])
	mode := "r"
	switch {
	case len(open.Args) > 2:
		return false
	case len(open.Args) == 2:
		mode = open.Args[1].Text
	}
	for i, keyword := range open.Keywords {
		switch value := open.Values[i]; keyword {
		case "mode":
			mode = value.Text
		case "encoding":
			if name := strings.ToLower(value.Text); name != "utf-8" && name != "utf8" && value.Op != None {
				return false
			}
		case "newline":
		default:
			return false
		}
	}
	return mode == "r" || mode == "rt" || mode == "rb" && !marked
}

// isRead tells whether a call's argument is what read() gives of a file that
// one of opens opened.
func (m *Module) isRead(call int, opens []int) bool {
	whole := strings.TrimSuffix(m.Argument(m.Calls[call], 0).Name, "()")
	for i, c := range m.Calls {
		if file, ok := strings.CutSuffix(c.Callee, ".read"); ok && c.In == call && c.Callee == whole && c.Positional == 0 {
			return m.isOpened(strings.TrimSuffix(file, "open()"), i, call, opens)
		}
	}
	return false
}

// isOpened tells whether what a call takes, a variable or else an open() right
// inside the call that is given last, is a file that one of opens opened.
func (m *Module) isOpened(variable string, call, around int, opens []int) bool {
	if variable == "" {
		return slices.ContainsFunc(opens, func(o int) bool { return m.Calls[o].In == around })
	}
	at := m.Calls[call]
	var last *Assignment
	for i, a := range m.Assignments {
		if a.Target == variable && a.in(at.Scope) && a.Line <= at.Line {
			last = &m.Assignments[i]
		}
	}
	if last == nil || last.Value != "open()" {
		return false
	}
	// Several files opened in one line can't be told apart.
	var there []int
	for i, c := range m.Calls {
		if c.Callee == "open" && c.Line == last.Line && c.in(last.Scope) {
			there = append(there, i)
		}
	}
	return len(there) == 1 && slices.Contains(opens, there[0])
}
