package pysource

// bindName records that the name at i is bound.
func (w *walker) bindName(i int, p place) {
	if p.names == nil || !w.isName(i) {
		return
	}
	*p.names.names = append(*p.names.names, Binding{
		Name: w.text(i), Line: int(w.tokens[i].line), Conditional: p.scope().Conditional,
	})
}

// bind records the names among the targets from i to end: those that stand
// alone or in brackets, not those with an attribute, key or call after them.
func (w *walker) bind(i, end int, p place) {
	if p.names == nil {
		return
	}
	for i < end {
		next := w.chainEnd(i, end)
		t := w.tokens[i]
		switch {
		case next > w.skip(i):
		case w.isName(i):
			w.bindName(i, p)
		case t.kind == kindOp && (t.op == '(' || t.op == '['):
			w.bind(i+1, int(t.match), p)
		}
		i = next
	}
}

// unbind records the names that a del statement removes.
func (w *walker) unbind(i, end int, p place) {
	var names []Binding
	p.names = &scope{names: &names}
	w.bind(i, end, p)
	for _, n := range names {
		w.m.deleted[n.Name] = true
	}
}

// chainEnd is the index after the atom at i and its attributes, keys and
// calls, or i+1.
func (w *walker) chainEnd(i, end int) int {
	if !w.isAtom(i) {
		return w.skip(i)
	}
	i = w.skip(i)
	for i < end && w.tokens[i].kind == kindOp {
		switch w.tokens[i].op {
		case '.':
			i = min(i+2, end)
		case '(', '[':
			i = w.skip(i)
		default:
			return i
		}
	}
	return i
}

// targets walks what is assigned to.
func (w *walker) targets(i, end int, p place) {
	for i < end {
		t := w.tokens[i]
		switch {
		case !w.isAtom(i):
			i++
		case t.kind == kindOp && (t.op == '(' || t.op == '[') && w.chainEnd(i, end) == w.skip(i):
			w.targets(i+1, int(t.match), p)
			i = w.skip(i)
		default:
			i = w.chain(i, end, p, true)
		}
	}
}

// isAtom tells whether an operand starts at i.
func (w *walker) isAtom(i int) bool {
	switch t := w.tokens[i]; t.kind {
	case kindName:
		return t.op == notKeyword || t.op == kwNone || t.op == kwTrue || t.op == kwFalse
	case kindNumber, kindString, kindFStringStart:
		return true
	case kindOp:
		return t.op == '(' || t.op == '[' || t.op == '{' || t.op == opEllipsis
	}
	return false
}
