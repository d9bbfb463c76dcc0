package pickle

import (
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// stepLine pushes a value that is written as text (protocol 0).
func (m *machine) stepLine(op byte) error {
	text, kept, err := m.src.line()
	if err != nil {
		return err
	}
	if !kept {
		if m.nested != nil && startsNested(text) && m.imported != nil {
			m.imported(untold{}, m.src.pos)
		}
		return m.push(Unknown{})
	}
	s := string(text)
	switch op {
	case opString:
		if len(s) < 2 || s[0] != s[len(s)-1] || (s[0] != '\'' && s[0] != '"') {
			return malformed("a string without quotes")
		}
		s = unescape(s[1:len(s)-1], false)
		return m.pushText(s, strings.NewReader(s))
	case opUnicode:
		s = unescape(s, true)
		return m.pushText(s, &latin1{r: strings.NewReader(s)})
	}
	if !m.keep { // Python takes more forms of numbers than are read here
		return m.push(Unknown{})
	}
	switch op {
	case opFloat:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return malformed("float %q", truncate(text))
		}
		return m.pushSized(f, 8)
	case opInt:
		if s == "00" || s == "01" {
			return m.push(s == "01")
		}
	}
	n, ok := new(big.Int).SetString(strings.TrimSuffix(s, "L"), 10)
	if !ok {
		return malformed("integer %q", truncate(text))
	}
	if n.IsInt64() {
		return m.pushSized(n.Int64(), 8)
	}
	return m.pushSized(n, 32+len(s))
}

// simpleEscapes are the escapes of one letter in a byte string's repr.
var simpleEscapes = map[byte]byte{
	'\\': '\\', '\'': '\'', '"': '"', 'a': 7, 'b': 8, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11,
}

// unescape decodes the escapes of a repr of bytes, or with raw those of
// Python's raw-unicode-escape, which knows \u and \U only and is Latin-1
// otherwise. What is no escape stays.
func unescape(s string, raw bool) string {
	var out strings.Builder
	for len(s) > 0 {
		if s[0] != '\\' || len(s) == 1 {
			if raw {
				out.WriteRune(rune(s[0]))
			} else {
				out.WriteByte(s[0])
			}
			s = s[1:]
			continue
		}
		rest, ok := numericEscape(&out, s[1:], raw)
		if !ok && !raw {
			if c, known := simpleEscapes[s[1]]; known {
				out.WriteByte(c)
				rest, ok = s[2:], true
			}
		}
		if !ok {
			out.WriteByte('\\')
			rest = s[1:]
		}
		s = rest
	}
	return out.String()
}

// numericEscape decodes an escape by number, whose backslash is already cut,
// and returns what follows it.
func numericEscape(out *strings.Builder, s string, raw bool) (rest string, ok bool) {
	digits := map[byte]int{'x': 2}
	if raw {
		digits = map[byte]int{'u': 4, 'U': 8}
	}
	if n := digits[s[0]]; n > 0 && len(s) > n {
		v, err := strconv.ParseUint(s[1:1+n], 16, 32)
		if err != nil || v > utf8.MaxRune {
			return "", false
		}
		if raw {
			out.WriteRune(rune(v))
		} else {
			out.WriteByte(byte(v))
		}
		return s[1+n:], true
	}
	if raw || s[0] < '0' || s[0] > '7' {
		return "", false
	}
	n := 1
	for n < min(3, len(s)) && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	v, _ := strconv.ParseUint(s[:n], 8, 16)
	out.WriteByte(byte(v))
	return s[n:], true
}
