package pickle

import "slices"

// rawScan looks for dangerous imports in bytes that follow no order. It knows
// the two ways in which picklers write an import, and is written every byte of
// a file in order.
type rawScan struct {
	imports []Import
	tail    []byte // of what was written, still to be looked at
	pos     int64  // of the tail's first byte
}

// maxRaw is the longest text of an import, with the opcodes around its names.
const maxRaw = 2*maxName + 16

func (s *rawScan) Write(p []byte) (int, error) {
	n := len(p)
	if len(s.tail) > 0 {
		// Look at what was kept, with enough behind it to tell.
		more := p[:min(len(p), maxRaw)]
		joined := append(s.tail, more...)
		looked := max(0, min(len(s.tail), len(joined)-maxRaw))
		s.look(joined, looked)
		if looked < len(s.tail) {
			s.tail = append(joined[:0], joined[looked:]...)
			s.tail = append(s.tail, p[len(more):]...)
			return n, nil
		}
		s.tail = s.tail[:0]
	}
	looked := max(0, len(p)-maxRaw)
	s.look(p, looked)
	s.tail = append(s.tail, p[looked:]...)
	return n, nil
}

// end looks at what is left and returns what was found.
func (s *rawScan) end() []Import {
	s.look(s.tail, len(s.tail))
	s.tail = nil
	return s.imports
}

// look looks for imports that start in the first n bytes of a text.
func (s *rawScan) look(text []byte, n int) {
	for i := range n {
		switch text[i] {
		case opGlobal, opInst, opShortBinUnicode, opBinUnicode:
			s.at(text[i:], s.pos+int64(i))
		}
	}
	s.pos += int64(n)
}

// at notes the dangerous import with which a text starts, if it does.
func (s *rawScan) at(text []byte, pos int64) {
	if g, ok := rawGlobal(text); ok && len(s.imports) < maxImports && Classify(g) == Dangerous {
		s.imports = append(s.imports, Import{g, pos, Dangerous})
	}
}

// rawGlobal reads an import as GLOBAL, or as two strings and STACK_GLOBAL.
func rawGlobal(text []byte) (Global, bool) {
	next, stacked := nameString, true
	if text[0] == opGlobal || text[0] == opInst {
		next, stacked, text = nameLine, false, text[1:]
	}
	module, rest, ok := next(text)
	if !ok {
		return Global{}, false
	}
	name, rest, ok := next(rest)
	if !ok || stacked && (len(rest) == 0 || rest[0] != opStackGlobal) {
		return Global{}, false
	}
	return Global{module, name}, true
}

// nameLine cuts a line that is a name off a text.
func nameLine(text []byte) (name string, rest []byte, ok bool) {
	for i, c := range text[:min(len(text), maxName)] {
		if c == '\n' {
			return string(text[:i]), text[i+1:], i > 0
		}
		if !isNameByte(c) {
			break
		}
	}
	return "", nil, false
}

// nameString cuts a string that is a name off a text, and the opcode that
// memoizes it.
func nameString(text []byte) (name string, rest []byte, ok bool) {
	if len(text) < 6 {
		return "", nil, false
	}
	n, start := int(text[1]), 2
	switch text[0] {
	case opShortBinUnicode:
	case opBinUnicode:
		if start = 5; text[2] != 0 || text[3] != 0 || text[4] != 0 {
			return "", nil, false
		}
	default:
		return "", nil, false
	}
	if n == 0 || n > maxName || start+n >= len(text) {
		return "", nil, false
	}
	word, rest := text[start:start+n], text[start+n:]
	if slices.ContainsFunc(word, func(c byte) bool { return !isNameByte(c) }) {
		return "", nil, false
	}
	switch {
	case rest[0] == opMemoize:
		rest = rest[1:]
	case rest[0] == opBinPut && len(rest) > 2:
		rest = rest[2:]
	case rest[0] == opLongBinPut && len(rest) > 5:
		rest = rest[5:]
	}
	return string(word), rest, true
}

func isNameByte(c byte) bool {
	return c == '_' || c == '.' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z'
}
