package pysource

import "slices"

// decorated walks decorators and the definition that follows them.
func (w *walker) decorated(p place) {
	var decorators []string
	for {
		i := w.pos
		if t := w.tokens[i]; t.kind == kindOp && t.op == '@' {
			end := w.lineEnd(i)
			w.walk(i+1, end, p)
			decorators = append(decorators, w.source(i+1, end))
			w.pos = min(end+1, len(w.tokens)-1)
			continue
		}
		switch {
		case w.tokens[i].op == kwDef:
			w.function(p, i, i, decorators)
		case w.tokens[i].op == kwAsync && w.tokens[i+1].op == kwDef:
			w.function(p, i, i+1, decorators)
		case w.tokens[i].op == kwClass:
			w.class(p, i, decorators)
		default:
			w.problem(i, "a decorator without a definition")
		}
		return
	}
}

// typeParams walks the [T: bound] of a definition at i, if there is one, and
// returns the index after it.
func (w *walker) typeParams(i int, p place) int {
	if t := w.tokens[i]; t.kind == kindOp && t.op == '[' {
		w.walk(i+1, int(t.match), w.other(p))
		return w.skip(i)
	}
	return i
}

// function walks a definition that starts at start and has its def at i.
func (w *walker) function(p place, start, i int, decorators []string) {
	name := w.tokens[i+1]
	if name.kind != kindName || name.op != notKeyword {
		w.problem(i, "a def without a name")
		w.pos = i + 1
		return
	}
	f := Function{
		Name: w.text(i + 1), Async: start != i, Decorators: decorators,
		Line: int(w.tokens[start].line), Scope: p.scope(),
	}
	w.bindName(i+1, p)
	open := w.typeParams(i+2, p)
	if t := w.tokens[open]; t.kind == kindOp && t.op == '(' {
		f.Params = w.params(open+1, int(t.match), p)
	} else {
		w.problem(i, "a def without parameters")
	}
	if p.names != nil {
		*p.names.functions = append(*p.names.functions, f)
	}
	w.header(open, func(colon int) place {
		w.walk(w.skip(open), colon, p)
		return place{Scope: Scope{Class: p.Class, Function: join(p.Function, f.Name)}, call: -1, doc: true, returned: new(bool), last: new(int32)}
	})
}

func (w *walker) params(i, end int, p place) []Param {
	var params []Param
	keywordOnly := false
	for item := range w.split(i, end) {
		i, end := item.start, item.end
		param := Param{KeywordOnly: keywordOnly}
		switch t := w.tokens[i]; {
		case t.op == '*':
			keywordOnly = true
			param = Param{Stars: "*"}
			i++
		case t.op == opPower:
			param = Param{Stars: "**"}
			i++
		}
		if i < end && w.tokens[i].kind == kindName {
			param.Name = w.text(i)
			i++
		}
		for j := i; j < end; j = w.skip(j) {
			param.Default = param.Default || w.tokens[j].kind == kindOp && w.tokens[j].op == '='
		}
		w.walk(i, end, p)
		if param.Name != "" {
			params = append(params, param)
		}
	}
	return params
}

func (w *walker) class(p place, i int, decorators []string) {
	name := w.tokens[i+1]
	if name.kind != kindName || name.op != notKeyword {
		w.problem(i, "a class without a name")
		w.pos = i + 1
		return
	}
	c := Class{Name: w.text(i + 1), Decorators: decorators, Line: int(w.tokens[i].line), Scope: p.scope()}
	w.bindName(i+1, p)
	open := w.typeParams(i+2, p)
	if t := w.tokens[open]; t.kind == kindOp && t.op == '(' {
		c.Bases, c.Keywords = w.bases(open+1, int(t.match), p)
		c.elsewhere = w.hasMetaclass(open+1, int(t.match))
	}
	index := -1
	if p.names != nil {
		index = len(*p.names.classes)
		*p.names.classes = append(*p.names.classes, c)
	}
	w.header(open, func(int) place {
		return place{
			Scope: Scope{Class: join(join(p.Class, p.Function), c.Name)},
			names: &scope{names: &c.Names, functions: &c.Methods, classes: new([]Class)},
			call:  -1, doc: true, returned: new(bool), last: new(int32),
		}
	})
	if index >= 0 {
		c.elsewhere = c.elsewhere || slices.ContainsFunc(c.Names, func(b Binding) bool { return b.Name == "__module__" })
		(*p.names.classes)[index] = c
	}
}

func (w *walker) bases(i, end int, p place) (bases, keywords []string) {
	for item := range w.split(i, end) {
		w.walk(w.afterKeyword(item), item.end, p)
		switch t := w.tokens[item.start]; {
		case t.op == opPower:
			keywords = append(keywords, "**")
		case w.afterKeyword(item) > item.start:
			keywords = append(keywords, w.text(item.start))
		default:
			bases = append(bases, w.source(item.start, item.end))
		}
	}
	return bases, keywords
}

// hasMetaclass tells whether a class is made by a metaclass that is not known.
func (w *walker) hasMetaclass(i, end int) bool {
	for item := range w.split(i, end) {
		value := w.afterKeyword(item)
		if value > item.start && w.text(item.start) == "metaclass" && !w.isOneOf(item.end-1, "ABCMeta", "EnumMeta", "EnumType", "type") {
			return true
		}
	}
	return false
}

// afterKeyword is the index of an argument's value: two after its start in
// name=value, else its start.
func (w *walker) afterKeyword(item span) int {
	if item.end-item.start > 1 && w.isName(item.start) &&
		w.tokens[item.start+1].kind == kindOp && w.tokens[item.start+1].op == '=' {
		return item.start + 2
	}
	return item.start
}

// join makes a dotted name, of a bounded length however deep the nesting.
func join(outer, name string) string {
	if len(outer) > maxPath {
		outer = "…"
	}
	if outer == "" || name == "" {
		return outer + name
	}
	return outer + "." + name
}

// split cuts the tokens from i to end at the commas outside brackets and
// lambdas' parameters and the targets of generators, leaving out empty pieces.
func (w *walker) split(i, end int) func(yield func(span) bool) {
	return func(yield func(span) bool) {
		start, lambdas, target := i, 0, false
		for j := i; j < end; j = w.skip(j) {
			switch t := w.tokens[j]; {
			case t.op == kwLambda:
				lambdas++
			case t.op == kwFor || t.op == kwIn:
				target = t.op == kwFor
			case t.kind == kindOp && t.op == ':' && lambdas > 0:
				lambdas--
			case t.kind == kindOp && t.op == ',' && lambdas == 0 && !target:
				if j > start && !yield(span{start, j}) {
					return
				}
				start = j + 1
			}
		}
		if end > start {
			yield(span{start, end})
		}
	}
}

// span is a range of tokens.
type span struct{ start, end int }

// source is the text of the tokens from i to end.
func (w *walker) source(i, end int) string {
	if i >= end {
		return ""
	}
	return string(w.src[w.tokens[i].start:w.tokens[end-1].end])
}

// text is the text of one token, each kept once.
func (w *walker) text(i int) string {
	return w.intern(w.src[w.tokens[i].start:w.tokens[i].end])
}

func (w *walker) intern(b []byte) string {
	if s, ok := w.strings[string(b)]; ok {
		return s
	}
	s := string(b)
	if w.strings != nil {
		w.strings[s] = s
	}
	return s
}

func (w *walker) isName(i int) bool {
	return w.tokens[i].kind == kindName && w.tokens[i].op == notKeyword
}

// isOneOf tells whether the token at i is one of these names.
func (w *walker) isOneOf(i int, names ...string) bool {
	return w.isName(i) && slices.Contains(names, w.text(i))
}
