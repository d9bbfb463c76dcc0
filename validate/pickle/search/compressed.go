package search

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"
)

// newPeeker reads a file whose start is looked at.
func newPeeker(r io.Reader) *bufio.Reader { return bufio.NewReaderSize(r, headSize) }

func quote(s string) string { return strconv.Quote(s[:min(len(s), 200)]) }

// errBudget says that compressed files grow without end.
var errBudget = errors.New("its files inflate to more than its size explains")

// inflated searches what comes out of a decompressor, as far as it goes:
// Python too runs what comes before an error.
func (s *scan) inflated(r io.Reader, depth int, what string) error {
	if depth >= maxDepth {
		s.unread("it has archives that lie more than %d deep in each other", maxDepth)
		return nil
	}
	m := &metered{s: s, r: r}
	err := s.stream(m, -1, depth+1)
	if m.err != nil && s.ctx.Err() == nil && !isChecksum(m.err) {
		s.unread("%s can't be read: %v", what, m.err)
	}
	return err
}

// isChecksum reports whether all was read, and only its checksum is wrong.
func isChecksum(err error) bool {
	return errors.Is(err, gzip.ErrChecksum) || errors.Is(err, zlib.ErrChecksum) || errors.Is(err, zip.ErrChecksum)
}

// metered counts the bytes that come out of a decompressor. An error ends them
// and is kept.
type metered struct {
	s   *scan
	r   io.Reader
	err error
}

func (m *metered) Read(p []byte) (int, error) {
	if m.s.budget <= 0 {
		m.err = errBudget
		return 0, io.EOF
	}
	n, err := m.r.Read(p[:min(int64(len(p)), m.s.budget)])
	m.s.budget -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		m.err, err = err, io.EOF
	}
	return n, err
}

// decompressor opens a compressed file, or says what is not looked into.
type decompressor struct {
	magic string
	open  func(io.Reader) (io.Reader, error)
	words string
}

// decompressors are for what joblib, pandas and Python's own modules read.
var decompressors = []decompressor{
	{"\x1f\x8b\x08", func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }, "a gzip file"},
	{"BZh", func(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }, "a bzip2 file"},
	{"\x28\xb5\x2f\xfd", func(r io.Reader) (io.Reader, error) { return zstdReader(r), nil }, "a zstd file"},
	{"\xfd7zXZ\x00", nil, "an xz file"},
	{"\x5d\x00\x00", nil, "an lzma file"},
	{"\x04\x22\x4d\x18", nil, "an lz4 file"},
	{"7z\xbc\xaf\x27\x1c", nil, "a 7-zip file"},
	{"Rar!\x1a\x07", nil, "a RAR file"},
	{"ZF0x", nil, "a file of an old joblib"},
}

var zlibFile = decompressor{"", func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) }, "a zlib stream"}

// compression tells how a file is compressed from its head, or nil.
func compression(head []byte) *decompressor {
	for i := range decompressors {
		d := &decompressors[i]
		if !bytes.HasPrefix(head, []byte(d.magic)) {
			continue
		}
		// Two of the magic words are so short that more has to be seen.
		switch d.words {
		case "a bzip2 file":
			if len(head) < 10 || string(head[4:10]) != "\x31\x41\x59\x26\x53\x59" {
				continue
			}
		case "an lzma file":
			if len(head) < 13 || string(head[5:13]) != "\xff\xff\xff\xff\xff\xff\xff\xff" {
				continue
			}
		}
		return d
	}
	if isZlib(head) {
		return &zlibFile
	}
	return nil
}

// isZlib looks at the two bytes of RFC 1950 and at what follows.
func isZlib(head []byte) bool {
	if len(head) < 8 || head[0] != 0x78 || binary.BigEndian.Uint16(head)%31 != 0 || head[1]&0x20 != 0 {
		return false
	}
	z, err := zlib.NewReader(bytes.NewReader(head))
	if err != nil {
		return false
	}
	n, err := io.ReadFull(z, make([]byte, 64))
	return n > 0 && (err == nil || errors.Is(err, io.ErrUnexpectedEOF))
}

func (s *scan) compressed(d *decompressor, r io.Reader, depth int) error {
	if d.open == nil {
		s.unread("it is %s, which this program does not look into", d.words)
		return nil
	}
	z, err := d.open(r)
	if err != nil {
		s.unread("it is %s that can't be read: %v", d.words, err)
		return nil
	}
	if c, ok := z.(io.Closer); ok {
		defer c.Close()
	}
	return s.inflated(z, depth, d.words)
}

// isTar looks at a header's checksum: Python's tarfile takes headers of any age.
func isTar(head []byte) bool {
	const block, from, to = 512, 148, 156
	if len(head) < block || head[0] == 0 {
		return false
	}
	want, err := strconv.ParseUint(strings.Trim(string(head[from:to]), " \x00"), 8, 32)
	sum := uint64(8 * ' ')
	for i, c := range head[:block] {
		if i < from || i >= to {
			sum += uint64(c)
		}
	}
	return err == nil && sum == want
}

func (s *scan) tar(r io.Reader, depth int) error {
	if depth >= maxDepth {
		s.unread("it has archives that lie more than %d deep in each other", maxDepth)
		return nil
	}
	for t := tar.NewReader(r); ; {
		header, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case s.ctx.Err() != nil:
			return s.ctx.Err()
		case err != nil:
			s.unread("it is a tar that can't be read: %v", err)
			return nil
		}
		if s.files++; s.files > maxFiles {
			s.unread("it holds more than %d files", maxFiles)
			return nil
		}
		if err := s.stream(t, header.Size, depth+1); err != nil {
			if s.ctx.Err() != nil {
				return err
			}
			s.unread("its entry %s can't be read: %v", quote(header.Name), err)
			return nil
		}
	}
}

// npySignature starts a file in the format of numpy.lib.format.
const npySignature = "\x93NUMPY"

// array searches a NumPy array: one of objects is a header and a pickle.
func (s *scan) array(r *bufio.Reader) error {
	head, _ := r.Peek(headSize)
	if len(head) < 12 {
		return nil
	}
	start, length := 10, int(binary.LittleEndian.Uint16(head[8:]))
	if head[6] > 1 { // versions 2 and 3
		start, length = 12, int(binary.LittleEndian.Uint32(head[8:]))
	}
	text := head[start:min(len(head), start+length)]
	if len(text) == length && !bytes.Contains(text, []byte("O")) {
		return nil
	}
	if _, err := io.CopyN(io.Discard, r, int64(start+length)); err != nil {
		return nil
	}
	return s.pickles(r, -1)
}
