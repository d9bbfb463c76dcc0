package loadtest

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestClean(t *testing.T) {
	for _, test := range []struct {
		in    string
		limit int
		want  string
	}{
		{"  two\r\n\twords  ", 100, "two words"},
		{"\x1b[2Jcleared\x00\x7f", 100, "[2Jcleared"},
		{"broken \xff utf-8", 100, "broken \uFFFD utf-8"},
		{"right-to-left \u202e override", 100, "right-to-left override"},
		{"grüße", 3, "gr…"},
		{"", 3, ""},
	} {
		if got := clean(test.in, test.limit); got != test.want || !utf8.ValidString(got) {
			t.Errorf("clean(%q, %d) = %q, want %q", test.in, test.limit, got, test.want)
		}
	}
}

func TestTailKeepsTheEnd(t *testing.T) {
	var tail tail
	for _, piece := range []string{"first", strings.Repeat("x", 3*keptStderr), "end"} {
		if n, err := tail.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	got := tail.String()
	if len(got) != keptStderr || !strings.HasSuffix(got, "xend") || strings.Contains(got, "first") {
		t.Errorf("kept %d bytes, %q …", len(got), got[:10])
	}
}
