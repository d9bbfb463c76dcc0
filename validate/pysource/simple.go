package pysource

// simpleLine walks the statements of one line, separated by semicolons.
func (w *walker) simpleLine(p place) {
	end := w.lineEnd(w.pos)
	for i := w.pos; i < end; {
		semicolon := i
		for semicolon < end && (w.tokens[semicolon].kind != kindOp || w.tokens[semicolon].op != ';') {
			semicolon = w.skip(semicolon)
		}
		w.simple(i, semicolon, p)
		p.doc = false
		i = semicolon + 1
	}
	w.pos = min(end+1, len(w.tokens)-1)
}

// simple walks the statement from i to end.
func (w *walker) simple(i, end int, p place) {
	if i >= end {
		return
	}
	switch w.tokens[i].op {
	case kwImport:
		w.imports(i+1, end, p)
	case kwFrom:
		w.fromImport(i+1, end, p)
	case kwGlobal:
		for j := i + 1; j < end; j++ {
			if w.isName(j) {
				w.m.deleted[w.text(j)] = true
			}
		}
	case kwDel:
		w.walk(i+1, end, p)
		w.unbind(i+1, end, p)
	case kwReturn:
		w.walk(i+1, end, p)
		w.exit(p, kwReturn, end)
		*p.returned = true
	case kwBreak, kwContinue:
		w.exit(p, w.tokens[i].op, end)
	case kwRaise:
		w.walk(i+1, end, p)
		w.exit(p, kwRaise, end)
	case kwNonlocal, kwPass:
	case kwAssert:
		w.walk(i+1, end, p)
	default:
		w.expressionOrAssignment(i, end, p)
	}
}

// imports walks what follows import.
func (w *walker) imports(i, end int, p place) {
	for item := range w.split(i, end) {
		module, next := w.dotted(item.start, item.end)
		imp := Import{Module: module, Line: int(w.tokens[i-1].line), Scope: p.importScope()}
		bound := item.start
		if next+1 < item.end && w.tokens[next].op == kwAs {
			bound = next + 1
			imp.Alias = w.text(bound)
			next += 2
		}
		if module == "" || next != item.end {
			w.problem(i-1, "an import that makes no sense")
			continue
		}
		w.m.Imports = append(w.m.Imports, imp)
		w.bindName(bound, p)
	}
}

// importScope is the scope of an import, which is conditional in a function.
func (p place) importScope() Scope {
	s := p.scope()
	s.Conditional = s.Conditional || s.Function != ""
	return s
}

// dotted reads a dotted name at i and returns the index after it.
func (w *walker) dotted(i, end int) (string, int) {
	start := i
	for i < end && w.isName(i) {
		i++
		if i+1 < end && w.tokens[i].kind == kindOp && w.tokens[i].op == '.' {
			i++
			continue
		}
		break
	}
	name := make([]byte, 0, 32)
	for j := start; j < i; j++ {
		name = append(name, w.src[w.tokens[j].start:w.tokens[j].end]...)
	}
	return w.intern(name), i
}

// fromImport walks what follows from.
func (w *walker) fromImport(i, end int, p place) {
	from, level := i-1, 0
	for ; i < end && w.tokens[i].kind == kindOp; i++ {
		switch w.tokens[i].op {
		case '.':
			level++
		case opEllipsis:
			level += 3
		default:
			w.problem(from, "an import that makes no sense")
			return
		}
	}
	module, i := w.dotted(i, end)
	if i >= end || w.tokens[i].op != kwImport || module == "" && level == 0 {
		w.problem(from, "an import that makes no sense")
		return
	}
	i++
	if i < end && w.tokens[i].kind == kindOp && w.tokens[i].op == '(' {
		i, end = i+1, int(w.tokens[i].match)
	}
	for item := range w.split(i, end) {
		imp := Import{Module: module, Level: level, Line: int(w.tokens[from].line), Scope: p.importScope()}
		name := item.start
		imp.Name = w.text(name)
		star := w.tokens[name].kind == kindOp && w.tokens[name].op == '*'
		if !star && !w.isName(name) {
			w.problem(name, "an import that makes no sense")
			return
		}
		if name+2 < item.end && w.tokens[name+1].op == kwAs {
			name += 2
			imp.Alias = w.text(name)
		}
		w.m.Imports = append(w.m.Imports, imp)
		if !star {
			w.bindName(name, p)
		}
	}
}

// expressionOrAssignment walks every statement that starts with an expression.
func (w *walker) expressionOrAssignment(i, end int, p place) {
	if w.isOneOf(i, "type") && i+1 < end && w.isName(i+1) {
		w.bindName(i+1, p)
		w.walk(i+2, end, w.other(p))
		return
	}
	first, start, annotated := i, i, false
	var targets []string
	for mark := range w.assignmentMarks(i, end) {
		switch t := w.tokens[mark]; {
		case t.op == ':' && start == first:
			if w.hasValue(mark+1, end) {
				w.bind(start, mark, p)
				targets = w.target(targets, start, mark)
			}
			w.targets(start, mark, p)
			annotated = true
		case annotated:
			w.walk(start, mark, p)
		default:
			w.bind(start, mark, p)
			w.targets(start, mark, p)
			named := w.target(targets, start, mark)
			switch {
			case t.op == '=' && len(named) > len(targets):
				targets = named
			default:
				w.assignParts(start, mark, p)
			}
		}
		start = mark + 1
	}
	if start == first && w.docstring(i, end, p) {
		return
	}
	if len(targets) > 0 && start < end {
		if w.isAtom(start) && w.chainEnd(start, end) == end {
			w.assigned, w.assignedTo = targets, span{start, end}
		} else {
			w.assign(targets, Assignment{Line: int(w.tokens[start].line), Scope: p.scope(), value: span{start, end}})
		}
	}
	w.walk(start, end, p)
}

// assign records the assignment of one value to targets.
func (w *walker) assign(targets []string, a Assignment) {
	for _, a.Target = range targets {
		w.m.Assignments = append(w.m.Assignments, a)
	}
}

// assignParts records that names of the targets from i to end get a value that
// is not followed.
func (w *walker) assignParts(i, end int, p place) {
	for i < end {
		next := w.chainEnd(i, end)
		if name, after := w.dotted(i, end); name != "" && after == next {
			w.assign([]string{name}, Assignment{Line: int(w.tokens[i].line), Scope: p.scope()})
		} else if t := w.tokens[i]; next == w.skip(i) && t.kind == kindOp && (t.op == '(' || t.op == '[') {
			w.assignParts(i+1, int(t.match), p)
		}
		i = next
	}
}

// assignmentMarks are the indexes of ':', '=' and '+=' outside brackets and
// lambdas.
func (w *walker) assignmentMarks(i, end int) func(yield func(int) bool) {
	return func(yield func(int) bool) {
		lambdas := 0
		for j := i; j < end; j = w.skip(j) {
			t := w.tokens[j]
			switch {
			case t.op == kwLambda:
				lambdas++
			case t.kind != kindOp:
			case t.op == ':' && lambdas > 0:
				lambdas--
			case lambdas == 0 && (t.op == ':' || t.op == '=' || t.op == opAugmented):
				if !yield(j) {
					return
				}
			}
		}
	}
}

// hasValue tells whether an annotation from i on is followed by a value.
func (w *walker) hasValue(i, end int) bool {
	for mark := range w.assignmentMarks(i, end) {
		if w.tokens[mark].op == '=' {
			return true
		}
	}
	return false
}

// target appends what is assigned to if it is one dotted name.
func (w *walker) target(targets []string, i, end int) []string {
	if name, next := w.dotted(i, end); name != "" && next == end {
		return append(targets, name)
	}
	return targets
}

// docstring records the statement if it is a docstring.
func (w *walker) docstring(i, end int, p place) bool {
	if !p.doc {
		return false
	}
	for end-i > 2 && w.tokens[i].kind == kindOp && w.tokens[i].op == '(' && int(w.tokens[i].match) == end-1 {
		i, end = i+1, end-1
	}
	for j := i; j < end; j++ {
		if w.tokens[j].kind != kindString || isBytes(w.src[w.tokens[j].start:w.tokens[j].end]) {
			return false
		}
	}
	w.literal(i, end, p, true)
	return true
}
