package archiver

import (
	"context"
	"fmt"
	"hash/crc32"
	"io"
)

// transfer reads the entries of one archive and counts for the progress.
type transfer struct {
	ctx      context.Context
	progress func(int64)
	pending  int64 // read, but not yet told
}

// progressStep keeps the calls of Options.Progress rare with small files.
const progressStep = 1 << 20

// copy gives the bytes of e to sink, which must read to the end, and to
// e.Tee; it returns their CRC-32. A source that is no longer what planning saw
// is ErrSourceChanged.
func (s *transfer) copy(e *Entry, sink func(io.Reader) error) (crc uint32, err error) {
	c, err := e.Open()
	if err != nil {
		return 0, err
	}
	r := &sourceReader{transfer: s, entry: e, r: c}
	err = sink(r)
	closeErr := c.Close()
	switch {
	case err != nil:
		return 0, err
	case closeErr != nil:
		return 0, closeErr
	case r.n != e.Size:
		return 0, fmt.Errorf("%q %w: %d bytes of %d could be read", e.label(), ErrSourceChanged, r.n, e.Size)
	}
	return r.crc, nil
}

// done tells the rest of the progress.
func (s *transfer) done() {
	if s.progress != nil && s.pending > 0 {
		s.progress(s.pending)
	}
	s.pending = 0
}

func (s *transfer) count(n int) {
	s.pending += int64(n)
	if s.pending >= progressStep {
		s.done()
	}
}

// label names the entry in messages.
func (e *Entry) label() string {
	if e.Source != "" {
		return e.Source
	}
	return e.Name
}

type sourceReader struct {
	*transfer
	entry *Entry
	r     io.Reader
	n     int64
	crc   uint32
}

func (r *sourceReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := r.r.Read(p)
	r.n += int64(n)
	r.crc = crc32.Update(r.crc, crc32.IEEETable, p[:n])
	r.count(n)
	if tee := r.entry.Tee; tee != nil && n > 0 {
		if _, err := tee.Write(p[:n]); err != nil {
			return n, err
		}
	}
	return n, err
}
