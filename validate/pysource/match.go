package pysource

// match walks a match statement if the line at i is the head of one: match and
// case are plain names elsewhere.
func (w *walker) match(p place, i int) bool {
	if !w.isOneOf(i, "match") {
		return false
	}
	colon, ok := w.colon(i + 1)
	if !ok || colon == i+1 || colon+3 >= len(w.tokens) ||
		w.tokens[colon+1].kind != kindNewline || w.tokens[colon+2].kind != kindIndent || !w.isOneOf(colon+3, "case") {
		return false
	}
	w.walk(i+1, colon, p)
	w.pos = colon + 3
	for w.isOneOf(w.pos, "case") {
		start := w.pos + 1
		w.header(start, func(colon int) place {
			guard := start
			for guard < colon && w.tokens[guard].op != kwIf {
				guard = w.skip(guard)
			}
			inner := w.other(p)
			w.pattern(start, guard, inner)
			w.walk(guard, colon, inner)
			return inner
		})
	}
	w.statements(w.other(p))
	w.dedent()
	return true
}

// pattern walks the pattern of a case: a name alone is a capture, and what
// looks like a call is a class pattern.
func (w *walker) pattern(i, end int, p place) {
	for i < end {
		t := w.tokens[i]
		switch {
		case t.kind == kindOp && (t.op == '(' || t.op == '[' || t.op == '{'):
			w.pattern(i+1, int(t.match), p)
			i = w.skip(i)
		case t.kind == kindString || t.kind == kindFStringStart:
			i = w.literal(i, end, p, false)
		case w.isName(i) && w.isCapture(i, end):
			w.bindName(i, p)
			i++
		default:
			i++
		}
	}
}

func (w *walker) isCapture(i, end int) bool {
	if w.text(i) == "_" || w.tokens[i-1].kind == kindOp && w.tokens[i-1].op == '.' {
		return false
	}
	if i+1 >= end {
		return true
	}
	next := w.tokens[i+1]
	return next.kind != kindOp || next.op != '.' && next.op != '(' && next.op != '='
}
