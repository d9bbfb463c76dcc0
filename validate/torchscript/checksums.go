package torchscript

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"go-model-archiver/validate/ctxio"
)

// ErrTooManyEntries says that a zip has more entries than are remembered.
var ErrTooManyEntries = fmt.Errorf("zip file with more than %d entries", maxEntries)

// Checksums compares the entries of a zip with the checksums in its central
// directory while the file is copied: libtorch never does. Write it every byte
// of the file once, in order, in chunks of any size; then ask Mismatches.
//
// One checksum runs over the whole file. Those of the entries follow from what
// it was at their first and last byte, so entries may overlap and lie in any
// order at no further cost.
type Checksums struct {
	dir     zipDirectory
	spans   []span
	edges   []edge // sorted by pos
	next    int    // of edges
	pos     int64
	running uint32
}

// span is a stored entry.
type span struct {
	start, end           int64
	record               int64
	want, atStart, atEnd uint32
	broken               bool
}

// edge is where a span starts or ends.
type edge struct {
	pos  int64
	span int32
	end  bool
}

// NewChecksums reads the central directory of the zip of a size. The error
// says that there is none, that it is broken or has too many entries, or comes
// from r.
func NewChecksums(r io.ReaderAt, size int64) (*Checksums, error) {
	dir, err := findDirectory(r, size)
	if err != nil {
		return nil, err
	}
	if dir.count > maxEntries {
		return nil, ErrTooManyEntries
	}
	c := &Checksums{dir: dir}
	if err := dir.walk(c.add); err != nil {
		return nil, err
	}
	slices.SortFunc(c.edges, func(a, b edge) int { return int(min(max(a.pos-b.pos, -1), 1)) })
	return c, nil
}

func (c *Checksums) add(e zipEntry) error {
	at, err := c.dir.dataOffset(e)
	broken := errors.Is(err, errBrokenZip)
	if err != nil && !broken {
		return err
	}
	// Some writers leave the checksum out, as 0.
	if !broken && (e.method != methodStored || e.crc == 0) {
		return nil
	}
	c.spans = append(c.spans, span{start: at, end: at + e.compressed, record: e.record, want: e.crc, broken: broken})
	if i := int32(len(c.spans) - 1); !broken {
		c.edges = append(c.edges, edge{at, i, false}, edge{at + e.compressed, i, true})
	}
	return nil
}

// Write takes the next bytes of the file. It never fails.
func (c *Checksums) Write(p []byte) (int, error) {
	n := len(p)
	for {
		for c.next < len(c.edges) && c.edges[c.next].pos == c.pos {
			e := c.edges[c.next]
			if e.end {
				c.spans[e.span].atEnd = c.running
			} else {
				c.spans[e.span].atStart = c.running
			}
			c.next++
		}
		if len(p) == 0 {
			return n, nil
		}
		m := len(p)
		if c.next < len(c.edges) {
			m = int(min(int64(m), c.edges[c.next].pos-c.pos))
		}
		c.running = crc32.Update(c.running, crc32.IEEETable, p[:m])
		c.pos += int64(m)
		p = p[m:]
	}
}

// Mismatches returns the names of the entries whose bytes differ from their
// checksum, in the directory's order. It inflates those that are compressed,
// once. The error is one of reading, of ctx, or says that fewer bytes were
// written than the file has.
func (c *Checksums) Mismatches(ctx context.Context) ([]string, error) {
	if c.pos != c.dir.size {
		return nil, fmt.Errorf("checked %d of %d bytes: %w", c.pos, c.dir.size, io.ErrUnexpectedEOF)
	}
	bad := map[int64]bool{}
	for _, s := range c.spans {
		if s.broken || s.atEnd^shiftCRC(s.atStart, s.end-s.start) != s.want {
			bad[s.record] = true
		}
	}
	var names []string
	inflated := int64(0)
	err := c.dir.walk(func(e zipEntry) error {
		wrong := bad[e.record]
		if !wrong && e.method == methodDeflated && e.crc != 0 {
			if inflated += e.size; inflated > maxInflated(c.dir.size) {
				return fmt.Errorf("%w: entries inflate to more than %d bytes", errBrokenZip, maxInflated(c.dir.size))
			}
			var err error
			if wrong, err = c.inflatedWrong(ctx, e); err != nil {
				return err
			}
		}
		if wrong {
			names = append(names, e.name)
		}
		return nil
	})
	return names, err
}

// maxInflated bounds the work that a small hostile file can cause. The
// compressed entries of real models are code, or weights that hardly shrink.
func maxInflated(size int64) int64 { return 256<<20 + 16*size }

// inflatedWrong reports whether a compressed entry differs from its checksum.
func (c *Checksums) inflatedWrong(ctx context.Context, e zipEntry) (bool, error) {
	r, err := c.dir.open(e)
	if errors.Is(err, errBrokenZip) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	sum := crc32.NewIEEE()
	n, err := io.Copy(sum, ctxio.NewReader(ctx, r))
	if err != nil && !isFormatError(err) {
		return false, err
	}
	return err != nil || n != e.size || sum.Sum32() != e.crc, nil
}
