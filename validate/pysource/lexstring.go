package pysource

import (
	"bytes"
	"strings"
)

// maxCharName is more than the longest name of a character in \N{…}.
const maxCharName = 128

func isStringPrefix(b []byte) bool {
	if len(b) > 2 {
		return false
	}
	switch strings.ToLower(string(b)) {
	case "r", "u", "b", "br", "rb", "f", "fr", "rf", "t", "tr", "rt":
		return true
	}
	return false
}

// str reads a string whose prefix starts at start and whose quote stands at
// quote; of an f-string (or a template string) it reads the opening only.
func (l *lexer) str(start, quote int) {
	prefix := bytes.ToLower(l.src[start:quote])
	q := l.src[quote : quote+1]
	if bytes.HasPrefix(l.src[quote:], bytes.Repeat(q, 3)) {
		q = l.src[quote : quote+3]
	}
	l.pos = quote + len(q)
	if bytes.ContainsAny(prefix, "ft") {
		l.open(kindFStringStart, frame{closer: '"', quote: q, raw: bytes.ContainsRune(prefix, 'r')}, start, l.pos)
		return
	}
	line := l.line
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case c == q[0] && bytes.HasPrefix(l.src[l.pos:], q):
			l.pos += len(q)
			l.add(kindString, 0, start, l.pos)
			l.tokens[len(l.tokens)-1].line = int32(line)
			return
		case c == '\\':
			l.skipEscaped()
		case c == '\n' && len(q) == 1:
			l.fail(line, "the string is never closed")
			return
		case c == '\n':
			l.line++
			l.pos++
		default:
			l.pos++
		}
	}
	l.fail(line, "the string is never closed")
}

// skipEscaped steps over a backslash and what it escapes.
func (l *lexer) skipEscaped() {
	l.pos++
	if l.pos < len(l.src) {
		if l.src[l.pos] == '\n' {
			l.line++
		}
		l.pos++
	}
}

// fstringText reads the literal text of the f-string or format spec on top of
// the frames, up to the next field or its end, and then that.
func (l *lexer) fstringText() {
	top := len(l.frames) - 1
	f, text := l.frames[top], l.frames[top]
	for ; text.quote == nil; top-- {
		text = l.frames[top-1]
	}
	start, line := l.pos, l.line
	for l.pos < len(l.src) {
		c := l.src[l.pos]
		doubled := !f.spec && l.pos+1 < len(l.src) && l.src[l.pos+1] == c
		switch {
		case (c == '{' || c == '}') && doubled:
			l.pos += 2
		case c == '{':
			l.text(start, line)
			l.open(kindFieldStart, frame{closer: '}'}, l.pos, l.pos+1)
			return
		case c == '}' && f.spec:
			l.text(start, line)
			l.closeTop(kindFieldEnd, l.pos, l.pos+1)
			return
		case c == '}':
			l.fail(l.line, "a single '}' in an f-string")
			return
		case c == text.quote[0] && bytes.HasPrefix(l.src[l.pos:], text.quote):
			if f.spec {
				l.fail(l.line, "the field of the f-string is never closed")
				return
			}
			l.text(start, line)
			l.closeTop(kindFStringEnd, l.pos, l.pos+len(text.quote))
			return
		case c == '\n' && len(text.quote) == 1:
			l.fail(line, "the f-string is never closed")
			return
		case c == '\n':
			l.line++
			l.pos++
		case c == '\\':
			l.fstringEscape(text.raw)
		default:
			l.pos++
		}
	}
	l.fail(line, "the f-string is never closed")
}

// fstringEscape steps over an escape; a brace after a backslash still opens or
// closes a field, and \N{…} is no field.
func (l *lexer) fstringEscape(raw bool) {
	rest := l.src[l.pos+1:]
	if len(rest) > 0 && (rest[0] == '{' || rest[0] == '}') {
		l.pos++
		return
	}
	if !raw && bytes.HasPrefix(rest, []byte("N{")) {
		if i := bytes.IndexAny(rest[:min(len(rest), maxCharName)], "}\n\"'"); i >= 0 && rest[i] == '}' {
			l.pos += 2 + i
			return
		}
	}
	l.skipEscaped()
}

func (l *lexer) text(start, line int) {
	if l.pos > start {
		l.add(kindFStringText, 0, start, l.pos)
		l.tokens[len(l.tokens)-1].line = int32(line)
	}
}
