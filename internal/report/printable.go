package report

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Printable makes text from outside, such as a file name or a message of
// libtorch, fit for one line of a terminal: what cannot be printed (an escape
// sequence, a line break, a right-to-left override, a byte that is no UTF-8)
// is written as in a Go string, such as \x1b.
func Printable(s string) string { return printable(s, "") }

// PrintableLines is Printable for text of several lines: line breaks and tabs
// stay.
func PrintableLines(s string) string { return printable(s, "\n\t") }

func printable(s, kept string) string {
	var b strings.Builder
	for s != "" {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			b.WriteString(`\x` + strconv.FormatUint(uint64(s[0]), 16))
		case strconv.IsPrint(r) || strings.ContainsRune(kept, r):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteRune(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		s = s[size:]
	}
	return b.String()
}
