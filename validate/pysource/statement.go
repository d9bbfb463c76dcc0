package pysource

// scope collects what the statements of a module or class body bind.
type scope struct {
	names     *[]Binding
	functions *[]Function
	classes   *[]Class
}

// place is where the walker stands: it is passed by value, so that each inner
// place is a changed copy.
type place struct {
	Scope
	// names is nil inside functions and lambdas.
	names *scope
	// call is the index of the call whose arguments are walked, or -1.
	call int
	// doc is set where the next statement may be a docstring.
	doc bool
	// returned is shared by everything in one function body.
	returned *bool
	// last is the head of the compound statement before, in the same block.
	last *int32
}

func (p place) scope() Scope {
	s := p.Scope
	s.Conditional = s.Conditional || *p.returned
	return s
}

// inside is a block that is no body of a definition.
func (p place) inside() place {
	p.doc = false
	return p
}

// maybe is a block or expression that may not be reached.
func (p place) maybe() place {
	p.Conditional = true
	return p.inside()
}

type walker struct {
	src     []byte
	tokens  []token
	m       *Module
	pos     int
	path    []byte
	strings map[string]string
	err     *SyntaxError
	// assigned are the dotted names that the chain at assignedTo is assigned to.
	assigned   []string
	assignedTo span
}

func newWalker(src []byte, tokens []token, m *Module) *walker {
	return &walker{src: src, tokens: tokens, m: m, strings: map[string]string{}}
}

func (w *walker) problem(i int, message string) {
	if w.err == nil {
		w.err = &SyntaxError{Line: int(w.tokens[i].line), Message: message}
	}
}

func (w *walker) module() {
	p := place{
		names:    &scope{names: &w.m.Names, functions: &w.m.Functions, classes: &w.m.Classes},
		call:     -1,
		doc:      true,
		returned: new(bool),
		last:     new(int32),
	}
	w.statements(p)
	for w.tokens[w.pos].kind != kindEnd {
		w.problem(w.pos, "unexpected indentation")
		w.pos++
		w.statements(p.inside())
	}
}

// statements walks up to the end of the block.
func (w *walker) statements(p place) {
	p.last = new(int32)
	for w.tokens[w.pos].kind != kindEnd && w.tokens[w.pos].kind != kindDedent {
		w.statement(p)
		p.doc = false
	}
}

func (w *walker) statement(p place) {
	i := w.pos
	t := w.tokens[i]
	switch {
	case t.kind == kindNewline:
		w.pos++
	case t.kind == kindIndent:
		w.problem(i, "unexpected indentation")
		w.pos++
		w.statements(p)
		w.dedent()
	case t.kind == kindOp && t.op == '@':
		w.decorated(p)
	case t.kind == kindName && w.compound(p, i):
	default:
		w.simpleLine(p)
	}
}

// compound walks the statement at i if it is one with a block of its own.
func (w *walker) compound(p place, i int) bool {
	switch w.tokens[i].op {
	case kwDef:
		w.function(p, i, i, nil)
	case kwClass:
		w.class(p, i, nil)
	case kwAsync:
		switch w.tokens[i+1].op {
		case kwDef:
			w.function(p, i, i+1, nil)
		case kwFor, kwWith:
			w.pos++
			return w.compound(p, i+1)
		default:
			return false
		}
	case kwIf, kwElif, kwWhile:
		if w.tokens[i].op == kwElif {
			last := p.last
			p = w.otherwise(p)
			p.last = last
		}
		w.header(i+1, func(colon int) place {
			w.walk(i+1, colon, p)
			return w.head(p, block{kind: blockIf, loop: w.tokens[i].op == kwWhile, test: span{i + 1, colon}})
		})
	case kwElse:
		w.header(i+1, func(int) place { return w.otherwise(p) })
	case kwTry:
		w.header(i+1, func(int) place { return w.head(p, block{kind: blockCaught}) })
	case kwFinally:
		w.header(i+1, func(int) place { return p.inside() })
	case kwExcept:
		w.except(p, i)
	case kwFor:
		w.header(i+1, func(colon int) place {
			in := w.loopHeader(i+1, colon, p)
			return w.head(p, block{kind: blockLoop, loop: true, test: span{min(in+1, colon), colon}})
		})
	case kwWith:
		w.with(p, i+1)
	case notKeyword:
		return w.match(p, i)
	default:
		return false
	}
	return true
}

// header finds the colon of a compound statement, lets visit look at what
// stands before it, and walks the body at the place that visit returns.
func (w *walker) header(start int, visit func(colon int) place) {
	colon, ok := w.colon(start)
	inner := visit(colon)
	if !ok {
		w.problem(start-1, "the ':' of the statement is missing")
		w.pos = colon
		return
	}
	w.pos = colon + 1
	w.body(inner)
}

// colon is the index of the first ':' outside brackets and lambdas, or of the
// end of the line.
func (w *walker) colon(i int) (int, bool) {
	lambdas := 0
	for {
		switch t := w.tokens[i]; {
		case t.kind == kindNewline || t.kind == kindEnd:
			return i, false
		case t.op == kwLambda && t.kind == kindName:
			lambdas++
		case t.kind == kindOp && t.op == ':':
			if lambdas == 0 {
				return i, true
			}
			lambdas--
		}
		i = w.skip(i)
	}
}

// skip is the index after the token at i, or after what it opens.
func (w *walker) skip(i int) int {
	if m := int(w.tokens[i].match); m > i {
		i = m
	}
	return min(i+1, len(w.tokens)-1)
}

// lineEnd is the index of the newline that ends the logical line at i.
func (w *walker) lineEnd(i int) int {
	for w.tokens[i].kind != kindNewline && w.tokens[i].kind != kindEnd {
		i = w.skip(i)
	}
	return i
}

// body walks what follows a colon: an indented block, or statements on the
// same line.
func (w *walker) body(p place) {
	if w.tokens[w.pos].kind != kindNewline {
		w.simpleLine(p)
		return
	}
	w.pos++
	if w.tokens[w.pos].kind != kindIndent {
		w.problem(w.pos, "an indented block is missing")
		return
	}
	w.pos++
	w.statements(p)
	w.dedent()
}

func (w *walker) dedent() {
	if w.tokens[w.pos].kind == kindDedent {
		w.pos++
	}
}

// loopHeader walks what stands between for and the colon and returns the index
// of its in.
func (w *walker) loopHeader(i, colon int, p place) int {
	in := i
	for in < colon && w.tokens[in].op != kwIn {
		in = w.skip(in)
	}
	inner := w.other(p)
	w.bind(i, in, inner)
	w.targets(i, in, inner)
	w.assignParts(i, in, inner)
	w.walk(in, colon, p)
	return in
}

// with walks a with statement. What may suppress exceptions makes its body
// conditional.
func (w *walker) with(p place, start int) {
	w.header(start, func(colon int) place {
		i, end := start, colon
		if t := w.tokens[i]; t.kind == kindOp && t.op == '(' && int(t.match) == colon-1 {
			i, end = i+1, colon-1
		}
		w.withItems(i, end, p)
		for item := range w.split(i, end) {
			if !w.letsThrough(item) {
				return w.other(p)
			}
		}
		return p.inside()
	})
}

// managers are the first and the last parts of names of context managers that
// let every exception through.
var managers = []string{
	"open", "torch", "tf", "np", "numpy", "io", "codecs", "gzip", "zipfile", "tarfile", "tempfile", "threading", "warnings",
	"no_grad", "inference_mode", "enable_grad", "set_grad_enabled", "autocast", "profile", "record_function",
	"ZipFile", "TemporaryDirectory", "NamedTemporaryFile", "Lock", "RLock",
}

// letsThrough tells whether a context manager surely suppresses no exception.
func (w *walker) letsThrough(item span) bool {
	if !w.isName(item.start) {
		return false
	}
	last := item.start
	for i := item.start; i < item.end && w.tokens[i].op != kwAs; i = w.skip(i) {
		if w.isName(i) {
			last = i
		}
	}
	return w.isOneOf(item.start, managers...) || w.isOneOf(last, managers...)
}

func (w *walker) withItems(i, end int, p place) {
	for item := range w.split(i, end) {
		as := item.start
		for as < item.end && w.tokens[as].op != kwAs {
			as = w.skip(as)
		}
		if as < item.end && w.isAtom(item.start) && w.chainEnd(item.start, as) == as {
			w.assigned, w.assignedTo = w.target(nil, as+1, item.end), span{item.start, as}
		}
		w.walk(item.start, as, p)
		if as < item.end {
			w.bind(as+1, item.end, p)
			w.targets(as+1, item.end, p)
		}
	}
}
