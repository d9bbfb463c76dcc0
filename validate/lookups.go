package validate

import (
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
)

// labelNames are the attributes that hold the labels and nothing else: None, or
// what the handler, or its parent, loads from index_to_name.json.
func (s *source) labelNames() []string {
	var names []string
	if s.parent != "" {
		names = append(names, "self.mapping")
	}
	loads := slices.Concat(s.JSONLoads(labelFile, false), s.CallsWithPath(loadLabelMapping, labelFile))
	loaded := func(a pysource.Assignment) bool { return takes(a, loads) }
	for _, a := range s.Assignments {
		if strings.HasPrefix(a.Target, "self.") && loaded(a) && !slices.Contains(names, a.Target) {
			names = append(names, a.Target)
		}
	}
	class := s.class()
	return slices.DeleteFunc(names, func(name string) bool {
		return class == nil || bindings(class.Names, strings.TrimPrefix(name, "self.")) > 0 || s.MaySet("") ||
			s.changes(name) || slices.ContainsFunc(s.Assignments, func(a pysource.Assignment) bool {
			return a.Target == name && a.Value != "None" && !loaded(a)
		})
	})
}

// takes says that what is assigned is what one of the calls gives.
func takes(a pysource.Assignment, calls []pysource.Call) bool {
	return slices.ContainsFunc(calls[:min(len(calls), maxLookups)], func(call pysource.Call) bool {
		return a.Line == call.Line && a.Value == call.Callee+"()" && a.Class == call.Class && a.Function == call.Function
	})
}

// changes says that what a name holds may get, or lose, keys.
func (s *source) changes(name string) bool {
	return slices.ContainsFunc(s.Reads, func(r pysource.Read) bool { return r.Store && r.Base == name }) ||
		slices.ContainsFunc(s.Subscripts, func(x pysource.Subscript) bool { return x.Store && x.Base == name }) ||
		slices.ContainsFunc(s.Calls, func(c pysource.Call) bool {
			if method, own := strings.CutPrefix(c.Callee, name+"."); own {
				return slices.Contains([]string{"update", "setdefault", "__setitem__", "pop", "popitem", "clear"}, method)
			}
			return slices.Contains(c.Args, name) && !onlyLooks(c.Callee)
		})
}

// onlyLooks says that a function changes nothing of what it is given.
func onlyLooks(callee string) bool {
	first, _, dotted := strings.Cut(callee, ".")
	return dotted && slices.Contains([]string{"logger", "logging", "json", "copy"}, first) || slices.Contains([]string{
		"print", "len", "str", "repr", "bool", "int", "float", "dict", "list", "sorted", "isinstance", "hasattr", "getattr", "type", "id",
	}, callee)
}

// takesLabels says that a handler takes something out of the labels.
func (s *source) takesLabels() bool {
	names := s.labelNames()
	return slices.ContainsFunc(s.Reads, func(r pysource.Read) bool { return slices.Contains(names, r.Base) && !r.Keys[0].Get }) ||
		slices.ContainsFunc(s.Subscripts, func(x pysource.Subscript) bool { return slices.Contains(names, x.Base) })
}

// askedLabels tells the truth of what is asked of the labels themselves.
func (c *Check) askedLabels(names []string) func(pysource.Expr) pysource.Answer {
	return func(e pysource.Expr) pysource.Answer {
		isLabels := func(e pysource.Expr) bool {
			return e.Op == pysource.Name && len(e.Keys) == 0 && slices.Contains(names, e.Name)
		}
		there := c.labelsRead != pysource.CannotTell
		switch {
		case isLabels(e) && there:
			return c.labelsRead
		case isLabels(e):
			return answer(c.subject.has(labelFile)) // what is there and can't be read fails before
		case (e.Op == pysource.Is || e.Op == pysource.IsNot) && isLabels(e.Args[0]) && e.Args[1].Op == pysource.None:
			return answer((e.Op == pysource.IsNot) == c.subject.has(labelFile))
		}
		return pysource.CannotTell
	}
}

// looksUp says that each request surely takes the label of a class by its
// number, or with tokens the list of all.
func (c *Check) looksUp(tokens bool) bool {
	h := c.handler
	names := h.labelNames()
	told := c.askedLabels(names)
	if tokens {
		return slices.ContainsFunc(h.Reads, func(r pysource.Read) bool {
			return h.isLabelList(r, names) && c.each(r.Scope, r.Line, everyLoop, told)
		})
	}
	return slices.ContainsFunc(h.Subscripts, func(x pysource.Subscript) bool {
		return slices.Contains(names, x.Base) && h.isClass(h.Index(x), x.Scope, x.Line) && c.each(x.Scope, x.Line, everyLoop, told)
	})
}

func (s *source) isLabelList(r pysource.Read, names []string) bool {
	return slices.Contains(names, r.Base) && !r.Store && !r.Keys[0].Get && r.Keys[0].Name == "label_list"
}

// isClass says that a key surely is the number of a class, as text: str() of
// what argmax gives, with nothing added.
func (s *source) isClass(key pysource.Expr, at pysource.Scope, line int) bool {
	key, at, line = s.Resolve(key, at, line)
	if key.Op != pysource.Apply || key.Name != "str" || len(key.Args) != 1 {
		return false
	}
	number, at, line := s.Resolve(key.Args[0], at, line)
	if number.Op == pysource.Apply && number.Name == "int" && len(number.Args) == 1 {
		number, _, _ = s.Resolve(number.Args[0], at, line)
	}
	return strings.Contains(number.Name, "argmax")
}

// needsLabels says that each request surely fails where there is no file of
// labels: it takes something out of None, or goes on with a variable that the
// labels alone would have set.
func (c *Check) needsLabels() bool {
	h := c.handler
	names := h.labelNames()
	told := c.askedLabels(names)
	for _, x := range h.Subscripts {
		if slices.Contains(names, x.Base) && c.each(x.Scope, x.Line, everyLoop, told) {
			return true
		}
	}
	for _, r := range h.Reads {
		if !slices.Contains(names, r.Base) || r.Keys[0].Get {
			continue
		}
		if c.each(r.Scope, r.Line, everyLoop, told) || c.leavesUnset(r, told) {
			return true
		}
	}
	return false
}

// leavesUnset says that a variable which a read that is never reached gives its
// value, and nothing else before, is used by each request all the same.
func (c *Check) leavesUnset(r pysource.Read, told func(pysource.Expr) pysource.Answer) bool {
	use, ok := c.handler.firstUse(r)
	return ok && c.serves(r.Scope) && c.handler.never(r, told) && c.each(use.Scope, use.Line, everyLoop, told)
}

// stripsList says that each request surely takes the list of token labels for a
// text.
func (c *Check) stripsList() bool {
	h := c.handler
	names := h.labelNames()
	told := c.askedLabels(names)
	return slices.ContainsFunc(h.Reads, func(r pysource.Read) bool {
		use, ok := h.firstUse(r)
		return ok && h.isLabelList(r, names) && strings.HasSuffix(use.Callee, ".strip") && c.each(use.Scope, use.Line, everyLoop, told)
	})
}

// firstUse is the first call of a method of the variable that a read is assigned
// to; ok is false where another assignment may come before it.
func (s *source) firstUse(r pysource.Read) (use pysource.Call, ok bool) {
	i := slices.IndexFunc(s.Assignments, func(a pysource.Assignment) bool {
		return a.Scope == r.Scope && a.Line == r.Line && a.Value == r.Base && !strings.Contains(a.Target, ".")
	})
	if i < 0 || s.Assignments[i].Target == s.given(r.Scope) {
		return use, false
	}
	variable := s.Assignments[i].Target
	there := func(at pysource.Scope) bool { return at.Class == r.Class && at.Function == r.Function }
	at := slices.IndexFunc(s.Calls, func(call pysource.Call) bool {
		return strings.HasPrefix(call.Callee, variable+".") && there(call.Scope) && call.Line > r.Line
	})
	if at < 0 {
		return use, false
	}
	use = s.Calls[at]
	return use, !slices.ContainsFunc(s.Assignments, func(a pysource.Assignment) bool {
		return a.Target == variable && there(a.Scope) && a.Line < use.Line && a.Line != r.Line
	})
}

// never says that a read is surely not reached.
func (s *source) never(r pysource.Read, told func(pysource.Expr) pysource.Answer) bool {
	return slices.ContainsFunc(s.Guards(r.Scope, r.Line), func(g pysource.Guard) bool { return g.Holds(told) == pysource.No })
}
