package torchscript

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// maxPointer is more than any Git LFS pointer has; the specification says
// under 1024 bytes.
const maxPointer = 1024

// pointer knows what Git LFS (https://git-lfs.github.com/spec/v1) and
// git-annex leave in a checkout in place of a large file.
func (f file) pointer() (Identity, bool, error) {
	if f.size > maxPointer {
		return Identity{}, false, nil
	}
	for _, start := range []string{"version https://git-lfs.github.com/spec/", "version https://hawser.github.com/spec/"} {
		if f.hasPrefix(start) {
			return identity(LFSPointer).damaged(DamageLFSPointer, "git lfs pull has not fetched the file itself"), true, nil
		}
	}
	if f.hasPrefix("/annex/objects/") {
		id := identity(LFSPointer)
		id.Words = "a git-annex pointer"
		return id.damaged(DamageLFSPointer, "git annex get has not fetched the file itself"), true, nil
	}
	return Identity{}, false, nil
}

// page knows HTML, and the XML in which object stores report errors.
func (f file) page() (Identity, bool, error) {
	text := bytes.TrimLeft(bytes.TrimPrefix(f.head, []byte("\xef\xbb\xbf")), " \t\r\n")
	start := strings.ToLower(string(text[:min(len(text), 512)]))
	xml := strings.HasPrefix(start, "<?xml")
	if xml {
		_, start, _ = strings.Cut(start, "?>")
		start = strings.TrimLeft(start, " \t\r\n")
	}
	for strings.HasPrefix(start, "<!--") {
		_, after, ok := strings.Cut(start, "-->")
		if !ok {
			break
		}
		start = strings.TrimLeft(after, " \t\r\n")
	}
	for _, tag := range []string{"<!doctype html", "<html", "<head", "<body"} {
		if strings.HasPrefix(start, tag) {
			return identity(HTML).damaged(DamageWebPage, "a web page was saved in place of the file"), true, nil
		}
	}
	if strings.HasPrefix(start, "<error>") && strings.Contains(start, "<code>") {
		id := identity(XML)
		id.Words = "an object store's error message"
		return id.damaged(DamageWebPage, "an error message was saved in place of the file"), true, nil
	}
	if xml {
		return identity(XML), true, nil
	}
	return Identity{}, false, nil
}

// text knows JSON and other text.
func (f file) text() (Identity, bool, error) {
	head := f.head
	if f.size > int64(len(head)) {
		// The cut may lie within a character.
		for i := 0; i < utf8.UTFMax-1 && !utf8.Valid(head); i++ {
			head = head[:len(head)-1]
		}
	}
	printable := func(r rune) bool { return r >= ' ' && r != 0x7f || strings.ContainsRune("\t\r\n\f\b\x1b", r) }
	if !utf8.Valid(head) || strings.ContainsFunc(string(head), func(r rune) bool { return !printable(r) }) {
		return Identity{}, false, nil
	}
	trimmed := bytes.TrimSpace(head)
	if len(trimmed) > 0 && (trimmed[0] == '{' || trimmed[0] == '[') {
		whole := int64(len(f.head)) == f.size
		if whole && json.Valid(trimmed) || !whole && startsJSON(trimmed) {
			return identity(JSON), true, nil
		}
	}
	return identity(Text), true, nil
}

// startsJSON reports whether JSON tokens fill the text up to its cut.
func startsJSON(text []byte) bool {
	d := json.NewDecoder(bytes.NewReader(text))
	for {
		if _, err := d.Token(); err != nil {
			var syntax *json.SyntaxError
			return d.InputOffset() > 1 && !errors.As(err, &syntax)
		}
	}
}
