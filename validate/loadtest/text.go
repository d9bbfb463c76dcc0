package loadtest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean makes text from outside fit for a message: one line without control
// characters, of at most limit bytes.
func clean(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(clip(s, 4*limit), "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > limit {
		return clip(s, limit) + "…"
	}
	return s
}

// clip cuts s to at most limit bytes, between characters.
func clip(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// lastLine is the last line of s that is not empty, cleaned.
func lastLine(s string) string {
	s = strings.TrimSpace(s)
	return clean(s[strings.LastIndexByte(s, '\n')+1:], maxQuote)
}
