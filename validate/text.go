package validate

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// checkUTF8 warns of a JSON file that is no UTF-8: Python opens it in the
// locale's encoding, and fails on it wherever that is UTF-8. JSON itself is
// always UTF-8, so that this reads the rest of it all the same. UTF-16 is told
// of where the JSON is read.
func (c *Check) checkUTF8(rule, name string, data []byte) {
	if utf8.Valid(data) || bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		return
	}
	at := 0
	for at < len(data) {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		at += size
	}
	line, column := position(data, at)
	c.add(rule, name, fmt.Sprintf("%q is no UTF-8: line %d, column %d has the byte 0x%02x; Python reads it in the locale's encoding, which mostly is UTF-8",
		name, line, column, data[at]), "save it as UTF-8")
}

// position counts the line and column of a byte of a text from 1.
func position(data []byte, at int) (line, column int) {
	before := data[:at]
	return bytes.Count(before, []byte("\n")) + 1, utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
}
