package pysource

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is read; those on nesting are CPython's own
// (Parser/lexer: MAXLEVEL and MAXINDENT).
const (
	maxSource  = 4 << 20
	maxTokens  = 1 << 19
	maxName    = 1 << 10
	maxNesting = 200
	maxIndent  = 100
)

// frame is something open while tokens are read: a bracket, an f-string, or a
// field of one.
type frame struct {
	open int // index of the opening token
	// closer is the bracket that ends it; '"' stands for an f-string.
	closer byte
	// spec is set in a field once its format spec has begun.
	spec bool
	// quote and raw describe an f-string.
	quote []byte
	raw   bool
}

type lexer struct {
	src    []byte
	pos    int
	line   int
	tokens []token
	frames []frame
	// columns are the open indentation levels, measured with tabs to every
	// eighth column and with tabs as one: both have to agree.
	columns   [][2]int
	lineStart bool
	err       *SyntaxError
}

// lex cuts src, which decode made, into tokens. With an error it returns those
// before it.
func lex(src []byte) ([]token, *SyntaxError) {
	l := &lexer{src: src, line: 1, lineStart: true, columns: [][2]int{{0, 0}}}
	l.tokens = make([]token, 0, len(src)/5+8)
	for l.err == nil && l.pos < len(src) {
		if len(l.tokens) > maxTokens {
			l.fail(l.line, "more than %d tokens", maxTokens)
			break
		}
		l.next()
	}
	if n := len(l.frames); n > 0 && l.err == nil {
		open := l.tokens[l.frames[n-1].open]
		l.fail(int(open.line), "%q is never closed", src[open.start:open.end])
	}
	l.finish()
	return l.tokens, l.err
}

func (l *lexer) fail(line int, format string, args ...any) {
	if l.err == nil {
		l.err = syntaxErrorf(line, format, args...)
	}
}

func (l *lexer) finish() {
	if n := len(l.tokens); n > 0 && l.tokens[n-1].kind != kindNewline {
		l.add(kindNewline, 0, l.pos, l.pos)
	}
	for range l.columns[1:] {
		l.add(kindDedent, 0, l.pos, l.pos)
	}
	l.add(kindEnd, 0, l.pos, l.pos)
	// Brackets that an error left open reach to the end of what there is.
	for _, f := range l.frames {
		l.tokens[f.open].match = int32(len(l.tokens) - 1)
	}
}

func (l *lexer) add(k kind, o op, start, end int) {
	l.tokens = append(l.tokens, token{
		kind: k, op: o, start: int32(start), end: int32(end), line: int32(l.line), match: -1,
	})
}

// next reads one token, or what stands between two.
func (l *lexer) next() {
	if n := len(l.frames); n > 0 {
		if f := &l.frames[n-1]; f.quote != nil || f.spec {
			l.fstringText()
			return
		}
	} else if l.lineStart {
		l.indentation()
		return
	}
	c := l.src[l.pos]
	switch {
	case c == ' ' || c == '\t' || c == '\f':
		l.pos++
	case c == '#':
		l.comment()
	case c == '\n':
		l.newline()
	case c == '\\':
		l.continuation()
	case c == '"' || c == '\'':
		l.str(l.pos, l.pos)
	case isNameStart(c):
		l.name()
	case isDigit(c), c == '.' && l.pos+1 < len(l.src) && isDigit(l.src[l.pos+1]):
		l.number()
	default:
		l.operator()
	}
}

func (l *lexer) comment() {
	if i := bytes.IndexByte(l.src[l.pos:], '\n'); i >= 0 {
		l.pos += i
	} else {
		l.pos = len(l.src)
	}
}

func (l *lexer) newline() {
	if len(l.frames) == 0 {
		l.add(kindNewline, 0, l.pos, l.pos+1)
		l.lineStart = true
	}
	l.pos++
	l.line++
}

func (l *lexer) continuation() {
	if l.pos+1 >= len(l.src) || l.src[l.pos+1] != '\n' {
		l.fail(l.line, "a backslash with something other than a line end after it")
		return
	}
	l.pos += 2
	l.line++
}

// indentation measures the start of a logical line and skips it when nothing
// but a comment stands there.
func (l *lexer) indentation() {
	var col, alt int
	for ; l.pos < len(l.src); l.pos++ {
		switch c := l.src[l.pos]; {
		case c == ' ':
			col, alt = col+1, alt+1
		case c == '\t':
			col, alt = (col/8+1)*8, alt+1
		case c == '\f':
			col, alt = 0, 0
		case c == '\\' && l.pos+1 < len(l.src) && l.src[l.pos+1] == '\n':
			// The indentation of the first of the joined lines counts.
			l.pos += 2
			l.line++
			l.skipBlanks()
			l.setIndent(col, alt)
			return
		case c == '#':
			l.comment()
			l.pos--
		case c == '\n':
			l.line++
			col, alt = 0, 0
		default:
			l.setIndent(col, alt)
			return
		}
	}
}

func (l *lexer) skipBlanks() {
	for l.pos < len(l.src) && (l.src[l.pos] == ' ' || l.src[l.pos] == '\t' || l.src[l.pos] == '\f') {
		l.pos++
	}
}

func (l *lexer) setIndent(col, alt int) {
	l.lineStart = false
	top := l.columns[len(l.columns)-1]
	switch {
	case col == top[0]:
	case col > top[0]:
		if len(l.columns) >= maxIndent {
			l.fail(l.line, "more than %d levels of indentation", maxIndent)
			return
		}
		if alt <= top[1] {
			l.fail(l.line, "tabs and spaces are mixed in the indentation")
		}
		l.columns = append(l.columns, [2]int{col, alt})
		l.add(kindIndent, 0, l.pos, l.pos)
		return
	default:
		for len(l.columns) > 1 && col < l.columns[len(l.columns)-1][0] {
			l.columns = l.columns[:len(l.columns)-1]
			l.add(kindDedent, 0, l.pos, l.pos)
		}
		if top = l.columns[len(l.columns)-1]; col != top[0] {
			l.fail(l.line, "the indentation fits no outer level")
		}
	}
	if alt != top[1] {
		l.fail(l.line, "tabs and spaces are mixed in the indentation")
	}
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= utf8.RuneSelf
}

func (l *lexer) name() {
	start := l.pos
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		if c < utf8.RuneSelf {
			if !isNameStart(c) && !isDigit(c) {
				break
			}
			l.pos++
			continue
		}
		r, n := utf8.DecodeRune(l.src[l.pos:])
		if !unicode.In(r, unicode.Letter, unicode.Nl, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc,
			unicode.Other_ID_Start, unicode.Other_ID_Continue) {
			l.fail(l.line, "invalid character %q", r)
			return
		}
		l.pos += n
	}
	if l.pos < len(l.src) && (l.src[l.pos] == '"' || l.src[l.pos] == '\'') && isStringPrefix(l.src[start:l.pos]) {
		l.str(start, l.pos)
		return
	}
	if l.pos-start > maxName {
		l.fail(l.line, "a name of more than %d bytes", maxName)
		return
	}
	l.add(kindName, keywords[string(l.src[start:l.pos])], start, l.pos)
}

func (l *lexer) number() {
	start := l.pos
	digits := func(ok func(byte) bool) {
		for l.pos < len(l.src) && (ok(l.src[l.pos]) || l.src[l.pos] == '_') {
			l.pos++
		}
	}
	peek := func(i int) byte {
		if l.pos+i < len(l.src) {
			return l.src[l.pos+i] | 0x20
		}
		return 0
	}
	if base := peek(1); l.src[start] == '0' && (base == 'x' || base == 'o' || base == 'b') {
		l.pos += 2
		digits(func(c byte) bool {
			return isDigit(c) || base == 'x' && (c|0x20 >= 'a' && c|0x20 <= 'f')
		})
		l.add(kindNumber, 0, start, l.pos)
		return
	}
	digits(isDigit)
	if l.pos < len(l.src) && l.src[l.pos] == '.' {
		l.pos++
		digits(isDigit)
	}
	if sign := l.pos + 1; peek(0) == 'e' {
		if sign < len(l.src) && (l.src[sign] == '+' || l.src[sign] == '-') {
			sign++
		}
		if sign < len(l.src) && isDigit(l.src[sign]) {
			l.pos = sign
			digits(isDigit)
		}
	}
	if peek(0) == 'j' {
		l.pos++
	}
	l.add(kindNumber, 0, start, l.pos)
}

func (l *lexer) operator() {
	rest := l.src[l.pos:]
	// Inside a field, ! and : end the expression, unless they are part of !=.
	if n := len(l.frames); n > 0 && l.tokens[l.frames[n-1].open].kind == kindFieldStart &&
		(rest[0] == ':' || rest[0] == '!' && !bytes.HasPrefix(rest, []byte("!="))) {
		l.add(kindFieldMark, op(rest[0]), l.pos, l.pos+1)
		l.frames[n-1].spec = rest[0] == ':'
		l.pos++
		return
	}
	for _, o := range operators {
		if len(rest) >= len(o.text) && string(rest[:len(o.text)]) == o.text {
			l.add(kindOp, o.op, l.pos, l.pos+len(o.text))
			l.pos += len(o.text)
			return
		}
	}
	switch c := rest[0]; c {
	case '(', '[', '{':
		l.open(kindOp, frame{closer: closerOf(c)}, l.pos, l.pos+1)
	case ')', ']', '}':
		l.close(c)
	case '+', '-', '*', '/', '%', '@', '&', '|', '^', '~', '<', '>', ',', ':', '.', ';', '=':
		l.add(kindOp, op(c), l.pos, l.pos+1)
		l.pos++
	default:
		l.fail(l.line, "invalid character %q", c)
	}
}

func closerOf(c byte) byte {
	switch c {
	case '(':
		return ')'
	case '[':
		return ']'
	}
	return '}'
}

// open adds a token that something later has to close.
func (l *lexer) open(k kind, f frame, start, end int) {
	if len(l.frames) >= maxNesting {
		l.fail(l.line, "more than %d nested brackets", maxNesting)
		return
	}
	f.open = len(l.tokens)
	l.frames = append(l.frames, f)
	l.add(k, op(l.src[start]), start, end)
	l.pos = end
}

func (l *lexer) close(c byte) {
	n := len(l.frames)
	if n == 0 || l.frames[n-1].closer != c {
		l.fail(l.line, "%q closes nothing", string(c))
		return
	}
	k := kindOp
	if l.tokens[l.frames[n-1].open].kind == kindFieldStart {
		k = kindFieldEnd
	}
	l.closeTop(k, l.pos, l.pos+1)
}

func (l *lexer) closeTop(k kind, start, end int) {
	n := len(l.frames) - 1
	open := l.frames[n].open
	l.tokens[open].match = int32(len(l.tokens))
	l.frames = l.frames[:n]
	l.add(k, op(l.src[start]), start, end)
	l.tokens[len(l.tokens)-1].match = int32(open)
	l.pos = end
}
