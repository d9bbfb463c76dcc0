package pickle

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"
)

// zipStart is how a zip starts, and where that tells the first entry's
// compression: 0 for none (PKWARE's APPNOTE.TXT 4.3.7).
const (
	zipStart  = "PK\x03\x04"
	zipMethod = 8
)

// minNested is less than any pickle with a protocol's number that imports.
const minNested = 8

// startsNested reports whether a string starts as a pickle does.
func startsNested(head []byte) bool {
	return len(head) > 1 && head[0] == opProto && head[1] >= 2 && head[1] <= highestProtocol || bytes.HasPrefix(head, []byte(zipStart))
}

// nested scans a string that may be a pickle, or a zip that PyTorch wrote:
// torch.storage loads both.
func (s *globalScan) nested(r io.Reader) error {
	inner := &globalScan{seen: map[Global]int{}, depth: s.depth + 1}
	br := bufio.NewReaderSize(r, 4<<10)
	head, _ := br.Peek(zipMethod + 1)
	err := error(nil)
	if bytes.HasPrefix(head, []byte(zipStart)) {
		err = inner.zip(br, len(head) > zipMethod && head[zipMethod] != 0)
	} else {
		err = inner.scan(br)
	}
	s.add(inner.imports)
	return err
}

// zip looks for dangerous imports in a zip that is read from its beginning.
// What is compressed can't be told.
func (s *globalScan) zip(r io.Reader, compressed bool) error {
	raw := &rawScan{}
	_, err := io.Copy(raw, r)
	s.add(raw.end())
	if compressed {
		s.add([]Import{{Risk: Unfamiliar}})
	}
	return err
}

// lookInside scans the string of n bytes that comes next if it looks like a
// pickle itself, and reports whether it did.
func (m *machine) lookInside(op byte, n uint64) (bool, error) {
	if m.nested == nil || n < minNested || op == opLong1 || op == opLong4 {
		return false, nil
	}
	head, _ := m.src.r.Peek(4)
	text := op == opShortBinUnicode || op == opBinUnicode || op == opBinUnicode8
	if text {
		head = bytes.TrimPrefix(head, []byte("\xc2"))
	}
	if !startsNested(head) {
		return false, nil
	}
	limited := &io.LimitedReader{R: m.src.r, N: int64(min(n, 1<<62))}
	content := io.Reader(limited)
	if text {
		content = &latin1{r: bufio.NewReaderSize(limited, 512)}
	}
	err := m.nested(content)
	if rest := limited.N; err == nil && rest > 0 {
		var skipped int64
		skipped, err = io.Copy(io.Discard, limited)
		if err == nil && skipped < rest {
			err = io.ErrUnexpectedEOF
		}
	}
	m.src.pos += int64(min(n, 1<<62)) - limited.N
	return true, err
}

// pushText pushes a string of protocol 0 and scans what it holds, as bytes, if
// that looks like a pickle.
func (m *machine) pushText(s string, content io.Reader) error {
	head := bytes.TrimPrefix([]byte(s[:min(len(s), 4)]), []byte("\xc2"))
	if m.nested == nil || len(s) < minNested || !startsNested(head) {
		return m.pushString(s)
	}
	if err := m.nested(content); err != nil {
		return err
	}
	return m.push(Unknown{})
}

// latin1 encodes characters up to U+00FF as bytes, as picklers of protocols 0
// to 2 write bytes as text; others become 0xFF.
type latin1 struct{ r io.RuneReader }

func (l *latin1) Read(p []byte) (int, error) {
	for i := range p {
		c, _, err := l.r.ReadRune()
		if err != nil {
			return i, err
		}
		p[i] = byte(min(c, utf8.RuneSelf<<1-1))
	}
	return len(p), nil
}
