package report_test

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"go-model-archiver/internal/report"
)

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{
		"":                         "",
		"bert Größe 模型 🙂 \\ \"q\"": "bert Größe 模型 🙂 \\ \"q\"",
		"\x1b[2J\x1b]0;title\a":    `\x1b[2J\x1b]0;title\a`,
		"a\r\nb\tc\x00\x7f":        `a\r\nb\tc\x00\x7f`,
		"\u0085\u009b31m\u2028":    `\u0085\u009b31m\u2028`,
		"x\u202etp.tp\u200b\ufeff": `x\u202etp.tp\u200b\ufeff`,
		"\xff\xc0\xaf\x80":         `\xff\xc0\xaf\x80`,
		"\ufffd\ufffe\U000e0001":   "\ufffd" + `\ufffe\U000e0001`,
	} {
		if got := report.Printable(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
	if got, want := report.PrintableLines("a\r\n\tb\x1b"), "a\\r\n\tb\\x1b"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func FuzzPrintable(f *testing.F) {
	f.Add(hostile)
	f.Add("a\u200d\U0010ffff\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		once := report.Printable(s)
		if !utf8.ValidString(once) {
			t.Errorf("%q becomes %q", s, once)
		}
		for _, r := range once {
			if !unicode.IsPrint(r) {
				t.Errorf("%q keeps %q", s, r)
			}
		}
		if again := report.Printable(once); again != once {
			t.Errorf("%q becomes %q, and that %q", s, once, again)
		}
	})
}
