package pysource

import "strings"

// Op says what an Expr is.
type Op string

// An Expr with the empty Op is one that is not understood.
const (
	Name  Op = "name"
	Text  Op = "text" // a string
	List  Op = "list" // or a tuple or a set
	Apply Op = "call"
	None  Op = "None"
	True  Op = "True"
	False Op = "False"

	And   Op = "and"
	Or    Op = "or"
	Not   Op = "not"
	Equal Op = "=="
	Other Op = "!="
	In    Op = "in"
	NotIn Op = "not in"
	Is    Op = "is"
	IsNot Op = "is not"
	Slash Op = "/"
)

// Expr is an expression, as far as it is simple.
type Expr struct {
	Op Op
	// Name is a dotted name in the form of Call.Callee; of a call what is
	// called, and of what is not understood the chain that it is, or empty.
	Name string
	// Keys are those that a name is followed by.
	Keys []Key
	// Text is a string's value, with "{}" for each field of an f-string.
	Text string
	// Args are the operands, the items of a list or the positional arguments of
	// a call.
	Args []Expr
	// Keywords names the other arguments of a call, and Values has what they
	// are given. "*" and "**" stand for unpacked ones.
	Keywords []string
	Values   []Expr
}

// maxExpr bounds the nesting of what is understood.
const maxExpr = 32

// Argument is the nth positional argument of a call, from 0.
func (m *Module) Argument(c Call, n int) Expr {
	if e := m.Expr(c); n < len(e.Args) {
		return e.Args[n]
	}
	return Expr{}
}

// Expr is a call as an expression.
func (m *Module) Expr(c Call) Expr { return m.w.callOperand(c.Callee, int(c.open), 0) }

// On is what a method is called on: (a / "b") of (a / "b").read_text().
func (m *Module) On(c Call) Expr {
	if end := int(c.open) - 2; end > int(c.first) && m.w.tokens[end].op == '.' {
		return m.expr(span{int(c.first), end})
	}
	return Expr{}
}

// Value is what is assigned.
func (m *Module) Value(a Assignment) Expr { return m.expr(a.value) }

// Index is what stands in the brackets of a subscript.
func (m *Module) Index(s Subscript) Expr { return m.expr(s.index) }

func (m *Module) expr(s span) Expr { return m.w.expr(s.start, s.end, 0) }

// expr reads the tokens from i to end, the operators that bind least first.
func (w *walker) expr(i, end, depth int) Expr {
	for end-i > 1 && w.isOpen(i, '(') && int(w.tokens[i].match) == end-1 && end-i > 2 {
		if w.has(i+1, end-1, ',') {
			return w.list(i+1, end-1, depth)
		}
		i, end = i+1, end-1
	}
	if i >= end || depth > maxExpr || w.unlike(i, end) {
		return Expr{}
	}
	for _, op := range []struct {
		op op
		as Op
	}{{kwOr, Or}, {kwAnd, And}} {
		if parts := w.parts(i, end, op.op); len(parts) > 1 {
			return w.operation(op.as, parts, depth)
		}
	}
	if w.tokens[i].op == kwNot && w.tokens[i].kind == kindName {
		return w.operation(Not, []span{{i + 1, end}}, depth)
	}
	return w.comparison(i, end, depth)
}

// unlike tells of expressions that are none of those that an Expr can be.
func (w *walker) unlike(i, end int) bool {
	for ; i < end; i = w.skip(i) {
		switch w.tokens[i].op {
		case kwLambda, kwIf, kwFor, kwAwait, kwYield, opWalrus, ',', '=', ':':
			return true
		}
	}
	return false
}

func (w *walker) isOpen(i int, op op) bool {
	return w.tokens[i].kind == kindOp && w.tokens[i].op == op
}

func (w *walker) has(i, end int, op op) bool {
	for ; i < end; i = w.skip(i) {
		if w.tokens[i].op == op {
			return true
		}
	}
	return false
}

// parts cuts the tokens at an operator.
func (w *walker) parts(i, end int, op op) []span {
	var parts []span
	start := i
	for j := i; j < end; j = w.skip(j) {
		if w.tokens[j].op == op {
			parts, start = append(parts, span{start, j}), j+1
		}
	}
	return append(parts, span{start, end})
}

func (w *walker) operation(op Op, operands []span, depth int) Expr {
	e := Expr{Op: op}
	for _, o := range operands {
		e.Args = append(e.Args, w.expr(o.start, o.end, depth+1))
	}
	return e
}

func (w *walker) list(i, end, depth int) Expr {
	e := Expr{Op: List}
	for item := range w.split(i, end) {
		e.Args = append(e.Args, w.expr(item.start, item.end, depth+1))
	}
	return e
}

// comparison reads one comparison, a / b, or what has no operator.
func (w *walker) comparison(i, end, depth int) Expr {
	at, after, op := -1, 0, Op("")
	for j := i; j < end; j = w.skip(j) {
		found, next := w.operator(j)
		if next == 0 {
			continue
		}
		if at >= 0 && (op != Slash || found != Slash) {
			return Expr{} // a < b < c, a / b + c
		}
		at, after, op = j, next, found
		j = next - 1
	}
	switch {
	case at < 0:
		return w.operand(i, end, depth)
	case op == "":
		return Expr{}
	}
	return w.operation(op, []span{{i, at}, {after, end}}, depth)
}

// operator returns the operator at i, which is empty for one that is not
// understood, and the index after it, or 0 where there is none.
func (w *walker) operator(i int) (Op, int) {
	t := w.tokens[i]
	switch {
	case t.op == kwIn:
		return In, i + 1
	case t.op == kwNot && w.tokens[i+1].op == kwIn:
		return NotIn, i + 2
	case t.op == kwIs && w.tokens[i+1].op == kwNot:
		return IsNot, i + 2
	case t.op == kwIs:
		return Is, i + 1
	case t.kind != kindOp, t.op == '.', t.op == '(', t.op == '[', t.op == '{', t.op == opEllipsis:
		return "", 0
	}
	switch text := w.text(i); text {
	case "==", "!=", "/":
		return Op(text), i + 1
	}
	return "", i + 1
}

// operand reads an atom with what follows it.
func (w *walker) operand(i, end, depth int) Expr {
	t := w.tokens[i]
	if t.kind == kindString || t.kind == kindFStringStart {
		return w.textOperand(i, end)
	}
	if (w.isOpen(i, '[') || w.isOpen(i, '{')) && int(t.match) == end-1 {
		return w.list(i+1, end-1, depth)
	}
	if t.kind == kindName && end-i == 1 {
		switch t.op {
		case kwNone:
			return Expr{Op: None}
		case kwTrue:
			return Expr{Op: True}
		case kwFalse:
			return Expr{Op: False}
		}
	}
	if !w.isAtom(i) || w.chainEnd(i, end) != end {
		return Expr{}
	}
	return w.chainOperand(i, end, depth)
}

func (w *walker) textOperand(i, end int) Expr {
	if text, ok := w.plainString(i, end); ok {
		return Expr{Op: Text, Text: text}
	}
	if t := w.tokens[i]; t.kind == kindFStringStart && int(t.match) == end-1 {
		return Expr{Op: Text, Text: string(w.formatText(i))}
	}
	return Expr{}
}

// chainOperand reads a name with its attributes, keys and calls.
func (w *walker) chainOperand(i, end, depth int) Expr {
	e := Expr{Op: Name}
	var name strings.Builder
	add := func(text string) {
		for range e.Keys {
			name.WriteString("[]")
		}
		e.Keys = nil
		if name.Len() < maxPath {
			name.WriteString(text)
		}
	}
	switch t := w.tokens[i]; {
	case w.isName(i):
		add(w.text(i))
	case t.kind == kindOp && t.match > 0:
		add(string(w.src[t.start:t.end]) + string(w.src[w.tokens[t.match].start:w.tokens[t.match].end]))
		e.Op = ""
	default:
		return Expr{}
	}
	for i = w.skip(i); i < end; {
		switch w.tokens[i].op {
		case '.':
			if k, ok := w.getKey(i+1, end); ok {
				e.Keys = append(e.Keys, k)
				i = w.skip(i + 2)
				continue
			}
			add("." + w.text(min(i+1, end-1)))
			i += 2
			continue
		case '[':
			key, plain := w.plainString(i+1, int(w.tokens[i].match))
			if plain {
				e.Keys = append(e.Keys, Key{Name: key})
			} else {
				add("[]")
				e.Op = ""
			}
		default: // '('
			add("")
			if w.skip(i) == end && e.Op == Name {
				return w.callOperand(name.String(), i, depth)
			}
			add("()")
			e.Op = ""
		}
		i = w.skip(i)
	}
	e.Name = w.intern([]byte(name.String()))
	return e
}

func (w *walker) callOperand(callee string, open, depth int) Expr {
	e := Expr{Op: Apply, Name: callee}
	for item := range w.split(open+1, int(w.tokens[open].match)) {
		value := w.afterKeyword(item)
		switch t := w.tokens[item.start]; {
		case w.isOpen(item.start, '*'), t.op == opPower:
			e.Keywords, e.Values = append(e.Keywords, w.text(item.start)), append(e.Values, Expr{})
		case value > item.start:
			e.Keywords = append(e.Keywords, w.text(item.start))
			e.Values = append(e.Values, w.expr(value, item.end, depth+1))
		default:
			e.Args = append(e.Args, w.expr(item.start, item.end, depth+1))
		}
	}
	return e
}
