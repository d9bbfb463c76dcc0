package pickle

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrMalformed is wrapped by the errors for bytes that are no pickle.
var ErrMalformed = errors.New("not a valid pickle")

// ErrTooLarge is wrapped by the errors for pickles beyond the bounds of this
// package.
var ErrTooLarge = errors.New("pickle too large to read")

// maxString is the longest string, byte string or number that is kept; longer
// ones are skipped and become Unknown.
const maxString = 64 << 10

// source reads a pickle and counts its bytes.
type source struct {
	r   *bufio.Reader
	pos int64
}

// sourceBuffer is the size of the buffer for reading files.
const sourceBuffer = 32 << 10

func newSource(r io.Reader, buffer int) *source {
	return &source{r: bufio.NewReaderSize(r, buffer)}
}

// readByte returns io.EOF at the end.
func (s *source) readByte() (byte, error) {
	b, err := s.r.ReadByte()
	if err == nil {
		s.pos++
	}
	return b, err
}

// uint reads n bytes, at most 8, as a little-endian number.
func (s *source) uint(n int) (uint64, error) {
	var buf [8]byte
	m, err := io.ReadFull(s.r, buf[:n])
	s.pos += int64(m)
	return binary.LittleEndian.Uint64(buf[:]), unexpected(err)
}

// bytes reads n bytes. Those beyond maxString are skipped, and kept is false.
func (s *source) bytes(n uint64) (b []byte, kept bool, err error) {
	if n > maxString {
		return nil, false, s.skip(n)
	}
	b = make([]byte, n)
	m, err := io.ReadFull(s.r, b)
	s.pos += int64(m)
	return b, err == nil, unexpected(err)
}

func (s *source) skip(n uint64) error {
	for n > 0 {
		m, err := s.r.Discard(int(min(n, 1<<30)))
		s.pos += int64(m)
		n -= uint64(m)
		if err != nil {
			return unexpected(err)
		}
	}
	return nil
}

// line reads up to a newline, which is left out. Of a line beyond maxString
// only the start is returned, and kept is false.
func (s *source) line() (text []byte, kept bool, err error) {
	kept = true
	for {
		part, err := s.r.ReadSlice('\n')
		s.pos += int64(len(part))
		if err == nil {
			part = part[:len(part)-1]
		}
		if kept = kept && len(text)+len(part) <= maxString; kept {
			text = append(text, part...)
		}
		switch {
		case err == nil:
			return text, kept, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, false, unexpected(err)
		}
	}
}

// unexpected says that the end came in the middle of something.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}
