package torchscript

import "strings"

// lexer finds calls of operators, devices and classes in code that comes in
// pieces.
type lexer struct {
	scan  *codeScan
	state lexState
	quote byte   // of the string
	word  []byte // the dotted name or the string so far
	// last is the name before, until something other than "(" follows; with
	// a "(" it is what is called.
	last   string
	called bool
	// calls are the operators whose arguments are being read, the innermost
	// last, or "" for other brackets; deeper counts those beyond maxCalls.
	calls  []call
	deeper int
}

type lexState uint8

const (
	lexOther lexState = iota
	lexWord
	lexNumber
	lexString
	lexEscape
)

// maxWord is the longest name that is looked at, and maxCalls how deep calls in
// calls are.
const (
	maxWord  = 512
	maxCalls = 200
)

// feed reads the next piece of a file.
func (l *lexer) feed(piece []byte) {
	for _, c := range piece {
		switch l.state {
		case lexString:
			l.inString(c)
		case lexEscape:
			l.state = lexString
			l.append(c)
		case lexWord, lexNumber:
			if isWordByte(c) {
				l.append(c)
				continue
			}
			l.argument()
			if l.state == lexWord {
				if c == '=' {
					l.keyword()
				}
				l.endWord()
			}
			l.state = lexOther
			l.other(c)
		default:
			l.other(c)
		}
	}
}

func isWordByte(c byte) bool {
	return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}

func (l *lexer) append(c byte) {
	if len(l.word) < maxWord {
		l.word = append(l.word, c)
	}
}

func (l *lexer) inString(c byte) {
	switch c {
	case '\\':
		l.state = lexEscape
	case l.quote:
		l.state = lexOther
		if l.called && l.last == "torch.device" {
			l.scan.devices.add(string(l.word))
		}
		l.last, l.called = "", false
	case '\n': // no string spans lines
		l.state = lexOther
	default:
		l.append(c)
	}
}

// other reads a byte outside of names, numbers and strings.
func (l *lexer) other(c byte) {
	switch {
	case c == '"' || c == '\'':
		l.state, l.quote, l.word = lexString, c, l.word[:0]
	case isWordByte(c):
		l.state = lexWord
		if c == '.' || c >= '0' && c <= '9' {
			l.state = lexNumber
		}
		l.last, l.called, l.word = "", false, append(l.word[:0], c)
	case c == '(' && l.last != "" && !l.called:
		l.called = true
		l.open(l.call())
	case c != ' ':
		l.last, l.called = "", false
		switch c {
		case '(', '[', '{':
			l.open("")
		case ')', ']', '}':
			l.close()
		case ',':
			l.next()
		}
	}
}

// open notes that the arguments of an operator begin, or others.
func (l *lexer) open(operator string) {
	if len(l.calls) == maxCalls {
		l.deeper++
		return
	}
	_, watched := trainable[operator]
	l.calls = append(l.calls, call{operator: operator, watched: watched})
}

func (l *lexer) close() {
	if l.deeper > 0 {
		l.deeper--
	} else if len(l.calls) > 0 {
		l.calls = l.calls[:len(l.calls)-1]
	}
}

// keyword notes the argument in NAME=VALUE between an operator's parentheses.
func (l *lexer) keyword() {
	if n := len(l.calls); n > 0 && l.deeper == 0 && l.calls[n-1].operator != "" && len(l.word) < maxWord {
		l.scan.keywords.add(l.calls[n-1].operator + "(" + string(l.word) + ")")
	}
}

// endWord notes a class and remembers what may be called.
func (l *lexer) endWord() {
	l.last = ""
	word := l.word
	switch {
	case len(word) == maxWord:
	case len(word) > len(torchClasses) && string(word[:len(torchClasses)]) == torchClasses:
		l.scan.customs.add(string(word))
	case len(word) > 6 && string(word[:6]) == "torch.", len(word) > 4 && string(word[:4]) == "ops.":
		l.last = string(word)
	}
}

// call notes the operator that is called, and returns it: torch.NAME is
// aten::NAME, and ops.NAMESPACE.NAME any other.
func (l *lexer) call() string {
	if name, ok := strings.CutPrefix(l.last, "torch."); ok {
		if name == "device" || strings.Contains(name, ".") {
			return ""
		}
		return l.operator("aten", name)
	}
	if ns, name, ok := strings.Cut(strings.TrimPrefix(l.last, "ops."), "."); ok && name != "" {
		return l.operator(ns, name)
	}
	return ""
}

func (l *lexer) operator(namespace, name string) string {
	operator := namespace + "::" + name
	l.scan.operators.add(operator)
	if operator == "aten::cuda" { // a script's x.cuda()
		l.scan.devices.add("cuda")
	}
	return operator
}
