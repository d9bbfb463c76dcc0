package pysource

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// codingLine is the declaration that PEP 263 allows in the first two lines.
var codingLine = regexp.MustCompile(`^[ \t\f]*#.*?coding[:=][ \t]*([-_.a-zA-Z0-9]+)`)

var commentLine = regexp.MustCompile(`^[ \t\f]*(#|$)`)

// decode turns a source file into UTF-8 with \n as its only line end, as
// Python does before it looks for tokens.
func decode(src []byte) ([]byte, *SyntaxError) {
	if i := bytes.IndexByte(src, 0); i >= 0 {
		return nil, &SyntaxError{Line: lineAt(src, i), Message: "the source holds a zero byte"}
	}
	text, bom := bytes.CutPrefix(src, []byte("\xef\xbb\xbf"))
	text = unixLines(text)
	name, line := declaredEncoding(text)
	switch encodingFamily(name) {
	case "utf-8":
	case "latin-1":
		if bom {
			return nil, &SyntaxError{Line: line, Message: "the declared encoding contradicts the byte order mark"}
		}
		return latin1(text), nil
	default:
		return nil, &SyntaxError{Line: line, Message: "no decoder for the declared encoding " + name}
	}
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return nil, &SyntaxError{Line: lineAt(text, i), Message: "the source is not valid UTF-8"}
		}
		i += n
	}
	return text, nil
}

func unixLines(text []byte) []byte {
	if !bytes.ContainsRune(text, '\r') {
		return text
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	return bytes.ReplaceAll(text, []byte("\r"), []byte("\n"))
}

// declaredEncoding is the encoding that one of the first two lines names; the
// second counts only where the first is blank or a comment.
func declaredEncoding(text []byte) (name string, line int) {
	for line = 1; line <= 2; line++ {
		first, rest, _ := bytes.Cut(text, []byte("\n"))
		if m := codingLine.FindSubmatch(first); m != nil {
			return string(m[1]), line
		}
		if !commentLine.Match(first) {
			break
		}
		text = rest
	}
	return "utf-8", 1
}

func encodingFamily(name string) string {
	name = strings.ReplaceAll(strings.ToLower(name), "_", "-")
	switch {
	case name == "utf-8", strings.HasPrefix(name, "utf-8-"), name == "utf8", name == "utf", name == "u8", name == "ascii", name == "us-ascii":
		return "utf-8"
	case name == "latin-1", name == "iso-8859-1", name == "iso-latin-1", name == "latin1", name == "latin",
		strings.HasPrefix(name, "latin-1-"), strings.HasPrefix(name, "iso-8859-1-"), strings.HasPrefix(name, "iso-latin-1-"):
		return "latin-1"
	}
	return name
}

func latin1(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, b := range text {
		out = utf8.AppendRune(out, rune(b))
	}
	return out
}

func lineAt(src []byte, pos int) int { return 1 + bytes.Count(src[:pos], []byte("\n")) }
