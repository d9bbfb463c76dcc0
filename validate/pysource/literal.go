package pysource

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// literal records the string that starts at i, joined with those right after
// it, walks the fields of f-strings and returns the index after it.
func (w *walker) literal(i, end int, p place, doc bool) int {
	index := len(w.m.Strings)
	s := String{Doc: doc, Call: p.call, Line: int(w.tokens[i].line), Scope: p.scope()}
	w.m.Strings = append(w.m.Strings, s)
	var value []byte
	for i < end {
		switch t := w.tokens[i]; t.kind {
		case kindString:
			text := w.src[t.start:t.end]
			s.Bytes = s.Bytes || isBytes(text)
			value = appendString(value, text)
		case kindFStringStart:
			s.Format = true
			value = w.fstring(value, i, p)
		default:
			end = i
			continue
		}
		i = w.skip(i)
	}
	s.Value = string(value)
	w.m.Strings[index] = s
	return i
}

// fstring appends the text of the f-string that starts at i and walks its
// fields.
func (w *walker) fstring(value []byte, i int, p place) []byte {
	start := w.tokens[i]
	raw := bytes.ContainsAny(w.src[start.start:start.end], "rR")
	for j := i + 1; j < int(start.match); j = w.skip(j) {
		t := w.tokens[j]
		switch t.kind {
		case kindFStringText:
			value = appendFormatText(value, w.src[t.start:t.end], raw)
		case kindFieldStart:
			value = append(value, w.field(j, p)...)
			value = append(value, "{}"...)
		}
	}
	return value
}

// formatText is the text of the f-string that starts at i.
func (w *walker) formatText(i int) []byte {
	var value []byte
	start := w.tokens[i]
	raw := bytes.ContainsAny(w.src[start.start:start.end], "rR")
	for j := i + 1; j < int(start.match); j = w.skip(j) {
		switch t := w.tokens[j]; t.kind {
		case kindFStringText:
			value = appendFormatText(value, w.src[t.start:t.end], raw)
		case kindFieldStart:
			value = append(value, "{}"...)
		}
	}
	return value
}

// field walks the field at i, the fields of its format spec included, and
// returns the text that the = of "{x=}" adds.
func (w *walker) field(i int, p place) []byte {
	end := int(w.tokens[i].match)
	mark := i + 1
	for mark < end && w.tokens[mark].kind != kindFieldMark {
		mark = w.skip(mark)
	}
	var text []byte
	if last := w.tokens[mark-1]; mark-1 > i && last.kind == kindOp && last.op == '=' {
		text = w.src[w.tokens[i].end:w.tokens[mark].start]
	}
	w.walk(i+1, mark, p)
	for ; mark < end; mark = w.skip(mark) {
		if w.tokens[mark].kind == kindFieldStart {
			w.field(mark, p)
		}
	}
	return text
}

// plainString is the value of the tokens from i to end if they are a string
// that is neither bytes nor an f-string.
func (w *walker) plainString(i, end int) (string, bool) {
	var value []byte
	for j := i; j < end; j++ {
		t := w.tokens[j]
		text := w.src[t.start:t.end]
		if t.kind != kindString || isBytes(text) {
			return "", false
		}
		value = appendString(value, text)
	}
	return string(value), i < end
}

func isBytes(literal []byte) bool {
	return literal[0]|0x20 == 'b' || literal[0]|0x20 == 'r' && literal[1]|0x20 == 'b'
}

// appendString appends the value of a literal with its prefix and quotes.
func appendString(value, literal []byte) []byte {
	quote := bytes.IndexAny(literal, `"'`)
	prefix, body := literal[:quote], literal[quote:]
	n := 1
	if len(body) >= 6 && body[1] == body[0] && body[2] == body[0] {
		n = 3
	}
	body = body[n : len(body)-n]
	if bytes.ContainsAny(prefix, "rR") {
		return append(value, body...)
	}
	return appendUnescaped(value, body, bytes.ContainsAny(prefix, "bB"))
}

// appendFormatText appends literal text of an f-string, in which a brace is
// written twice.
func appendFormatText(value, text []byte, raw bool) []byte {
	text = bytes.ReplaceAll(text, []byte("{{"), []byte("{"))
	text = bytes.ReplaceAll(text, []byte("}}"), []byte("}"))
	if raw {
		return append(value, text...)
	}
	return appendUnescaped(value, text, false)
}

var simpleEscapes = map[byte]byte{
	'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f',
	'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// appendUnescaped replaces the escapes of body.
func appendUnescaped(value, body []byte, isBytes bool) []byte {
	for {
		i := bytes.IndexByte(body, '\\')
		if i < 0 || i+1 >= len(body) {
			return append(value, body...)
		}
		value = append(value, body[:i]...)
		c := body[i+1]
		rest := body[i+2:]
		n := 0
		if e, ok := simpleEscapes[c]; ok {
			value = append(value, e)
		} else if c == '\n' {
			// A joined line adds nothing.
		} else if c == 'N' && !isBytes && len(rest) > 0 && rest[0] == '{' {
			n = bytes.IndexByte(rest[:min(len(rest), maxCharName)], '}') + 1
			value = utf8.AppendRune(value, utf8.RuneError)
		} else if r, digits := numericEscape(body[i+1:], isBytes); digits > 0 {
			n = digits - 1
			if isBytes {
				value = append(value, byte(r))
			} else {
				value = utf8.AppendRune(value, r)
			}
		} else {
			value = append(value, '\\', c)
		}
		body = rest[n:]
	}
}

// numericEscape reads \ooo, \xhh, \uhhhh or \Uhhhhhhhh after its backslash
// and returns how many bytes it takes, or 0.
func numericEscape(b []byte, isBytes bool) (rune, int) {
	digits, base, skip := 0, 16, 1
	switch c := b[0]; {
	case c >= '0' && c <= '7':
		base, skip = 8, 0
		for digits < 3 && digits < len(b) && b[digits] >= '0' && b[digits] <= '7' {
			digits++
		}
	case c == 'x':
		digits = 2
	case c == 'u' && !isBytes:
		digits = 4
	case c == 'U' && !isBytes:
		digits = 8
	}
	if digits == 0 || len(b) < skip+digits {
		return 0, 0
	}
	n, err := strconv.ParseUint(string(b[skip:skip+digits]), base, 32)
	if err != nil {
		return 0, 0
	}
	return rune(min(n, utf8.MaxRune+1)), skip + digits
}
