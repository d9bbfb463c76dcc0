package pysource

import (
	"bytes"
	"strings"
)

// Bounds of what is kept of one call or chain.
const (
	maxPath = 256
	maxArgs = 64
)

// walk walks the expressions from i to end. Operators are stepped over: only
// what is called, looked up and quoted matters.
func (w *walker) walk(i, end int, p place) {
	branch := w.branch(i, end)
	for i < end {
		if i >= branch {
			p, branch = w.other(p), end
		}
		t := w.tokens[i]
		switch {
		case t.op == kwLambda:
			// What a lambda's body binds is its own.
			p.names = nil
			i++
		case w.isAtom(i):
			if w.isName(i) && i+1 < end && w.tokens[i+1].op == opWalrus && w.tokens[i+1].kind == kindOp {
				w.bindName(i, p)
			}
			i = w.chain(i, end, p, false)
			if i < end && w.isAtom(i) {
				w.problem(i, "two expressions without an operator between them")
			}
		default:
			i++
		}
	}
}

// branch is the index from which on an expression need not be evaluated: after
// the first operand of and or or, or all of it with if, for or lambda.
func (w *walker) branch(i, end int) int {
	first := end
	for j := i; j < end; j = w.skip(j) {
		switch w.tokens[j].op {
		case kwAnd, kwOr:
			first = min(first, j)
		case kwIf, kwFor, kwLambda:
			return i
		}
	}
	return first
}

// chain walks an atom with its attributes, calls and keys and returns the index
// after them. With store the chain is assigned to.
func (w *walker) chain(i, end int, p place, store bool) int {
	start, base, subscript := i, len(w.path), -1
	read := Read{Line: int(w.tokens[i].line)}
	flush := func() {
		if len(read.Keys) > 0 {
			read.Scope = p.scope()
			w.m.Reads = append(w.m.Reads, read)
			read.Keys = nil
		}
	}
	key := func(k Key) {
		if len(read.Keys) == 0 {
			read.Base = w.intern(w.path[base:])
		}
		read.Keys = append(read.Keys, k)
	}
	i = w.atom(i, end, p)
	for i < end && w.tokens[i].kind == kindOp {
		t := w.tokens[i]
		if t.op == '.' || t.op == '(' || t.op == '[' {
			subscript = -1
		}
		switch t.op {
		case '.':
			if i+1 >= end || w.tokens[i+1].kind != kindName {
				w.problem(i, "a dot without a name after it")
				w.path = w.path[:base]
				return i + 1
			}
			if k, ok := w.getKey(i+1, end); ok {
				key(k)
				w.push(base, ".get")
				w.call(start, base, i+2, p)
				w.push(base, "()")
				i = w.skip(i + 2)
				continue
			}
			flush()
			w.push(base, ".")
			w.push(base, w.text(i+1))
			i += 2
		case '(':
			flush()
			w.call(start, base, i, p)
			w.push(base, "()")
			i = w.skip(i)
		case '[':
			if name, ok := w.plainString(i+1, int(t.match)); ok {
				key(Key{Name: name})
			} else {
				flush()
				subscript = len(w.m.Subscripts)
				w.m.Subscripts = append(w.m.Subscripts, Subscript{
					Base: w.intern(w.path[base:]), Line: read.Line, Scope: p.scope(), index: span{i + 1, int(t.match)},
				})
			}
			w.walk(i+1, int(t.match), p)
			w.push(base, "[]")
			i = w.skip(i)
		default:
			end = i
		}
	}
	w.chained(start, base, &read, store, p)
	if store && subscript >= 0 {
		w.m.Subscripts[subscript].Store = true
	}
	flush()
	return i
}

// chained finishes a chain: it drops the path and records the assignment that
// the chain is the value of.
func (w *walker) chained(start, base int, read *Read, store bool, p place) {
	value := w.path[base:]
	read.Store = store
	if w.assigned != nil && w.assignedTo.start == start {
		a := Assignment{Value: w.intern(value), Line: read.Line, Scope: p.scope(), value: w.assignedTo}
		if len(read.Keys) > 0 {
			a.Value, a.Keys = read.Base, read.Keys
		}
		w.assign(w.assigned, a)
		w.assigned = nil
	}
	if bytes.HasPrefix(value, []byte("sys.modules")) {
		w.m.dynamic = true
	}
	w.path = w.path[:base]
}

// push adds to the path that began at base, dropping what is too long.
func (w *walker) push(base int, text string) {
	if len(w.path)-base+len(text) > maxPath {
		w.path = append(w.path[:base], "…"...)
		if len(text) > maxPath {
			return
		}
	}
	w.path = append(w.path, text...)
}

// atom walks the operand at i, adds it to the path and returns the index after
// it.
func (w *walker) atom(i, end int, p place) int {
	base := len(w.path)
	switch t := w.tokens[i]; t.kind {
	case kindName:
		w.push(base, w.text(i))
	case kindNumber:
		w.push(base, "0")
	case kindString, kindFStringStart:
		w.push(base, `""`)
		return w.literal(i, end, p, false)
	default:
		switch t.op {
		case '(':
			w.push(base, "()")
		case '[':
			w.push(base, "[]")
		case '{':
			w.push(base, "{}")
		default:
			w.push(base, "...")
		}
		if m := int(t.match); m > i {
			w.walk(i+1, m, p)
		}
	}
	return w.skip(i)
}

// call records the call whose parenthesis stands at open and walks its
// arguments.
func (w *walker) call(start, base, open int, p place) {
	c := Call{
		Callee: w.intern(w.path[base:]), In: p.call,
		Line: int(w.tokens[start].line), Scope: p.scope(), first: int32(start), open: int32(open),
	}
	index := len(w.m.Calls)
	w.m.Calls = append(w.m.Calls, c)
	firstString := len(w.m.Strings)
	p.call = index
	for item := range w.split(open+1, int(w.tokens[open].match)) {
		value := w.afterKeyword(item)
		switch t := w.tokens[item.start]; {
		case t.op == '*' && t.kind == kindOp:
			c.Star = true
		case t.op == opPower:
			c.DoubleStar = true
		case value > item.start:
			c.Keywords = append(c.Keywords, w.text(item.start))
		default:
			c.Positional++
			if len(c.Args) < maxArgs {
				c.Args = append(c.Args, w.dottedArg(item))
			}
		}
		w.walk(value, item.end, p)
	}
	w.m.Calls[index] = c
	w.noteEffects(c, index, firstString)
}

// dottedArg is the argument if it is one dotted name, or else empty.
func (w *walker) dottedArg(item span) string {
	if name, next := w.dotted(item.start, item.end); next == item.end {
		return name
	}
	return ""
}

// noteEffects marks the module when a call may bind names of it unseen, and the
// call when it opens a file for writing. The strings in its arguments start at
// firstString.
func (w *walker) noteEffects(c Call, index, firstString int) {
	if lastElement(c.Callee) == "_convert_" {
		// This method of Enum puts the names of a module into classes.
		w.m.dynamic = true
	}
	switch c.Callee {
	case "exec", "globals":
		w.m.dynamic = true
	case "setattr", "vars", "locals":
		if c.Class == "" && c.Function == "" {
			w.m.dynamic = true
		}
	case "open":
		for _, s := range w.m.Strings[firstString:] {
			if s.Call == index && len(s.Value) <= 3 && strings.ContainsAny(s.Value, "wax") {
				w.m.writes[index] = true
			}
		}
	}
}

// getKey tells whether a .get("name") or .get("name", …) has its get at i.
func (w *walker) getKey(i, end int) (Key, bool) {
	if !w.isOneOf(i, "get") || i+1 >= end || w.tokens[i+1].kind != kindOp || w.tokens[i+1].op != '(' {
		return Key{}, false
	}
	k := Key{Get: true}
	n := 0
	for item := range w.split(i+2, int(w.tokens[i+1].match)) {
		switch n {
		case 0:
			name, ok := w.plainString(item.start, item.end)
			if !ok {
				return Key{}, false
			}
			k.Name = name
		case 1:
			k.Default = true
		}
		n++
	}
	return k, n > 0
}
