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
}

type lexState uint8

const (
	lexOther lexState = iota
	lexWord
	lexNumber
	lexString
	lexEscape
)

// maxWord is the longest name that is looked at.
const maxWord = 512

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
			if l.state == lexWord {
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
		l.call()
	case c != ' ':
		l.last, l.called = "", false
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

// call notes the operator that is called: torch.NAME is aten::NAME, and
// ops.NAMESPACE.NAME any other.
func (l *lexer) call() {
	if name, ok := strings.CutPrefix(l.last, "torch."); ok {
		if name != "device" && !strings.Contains(name, ".") {
			l.scan.operators.add("aten::" + name)
		}
		return
	}
	ns, name, ok := strings.Cut(strings.TrimPrefix(l.last, "ops."), ".")
	if ok && name != "" {
		l.scan.operators.add(ns + "::" + name)
	}
}
