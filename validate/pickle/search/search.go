// Package search finds the pickles in any file by what they look like, not by
// names: in zips, tars, compressed files and NumPy's arrays, also inside each
// other. Nothing is executed, and what Python would load and is not read here
// is told.
package search

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"go-model-archiver/validate/ctxio"
	"go-model-archiver/validate/pickle"
)

// The bounds of a search.
const (
	headSize    = 4 << 10  // bytes that tell what a file is
	maxUnmarked = 1 << 20  // bytes of a file that may be a pickle without a protocol's number
	maxSpooled  = 64 << 20 // bytes of a zip that can only be read from its beginning
	maxDepth    = 4        // of files in files
	maxFiles    = 1 << 18  // files in all zips and tars
	maxImports  = 1_000    // that are kept
	maxUnread   = 100
)

// maxInflated bounds the work that a small hostile file can cause.
func maxInflated(size int64) int64 { return 256<<20 + 16*size }

// Result is what the pickles in a file import.
type Result struct {
	// Imports are those that are not safe, each global once.
	Imports []pickle.Import
	// Unread says of each part that could not be searched what it is; the
	// list is empty where all was.
	Unread []string
}

// File searches a file of a size. The error is one of r or ctx.
func File(ctx context.Context, r io.ReaderAt, size int64) (Result, error) {
	s := &scan{ctx: ctx, budget: maxInflated(size)}
	err := s.file(io.NewSectionReader(r, 0, size), 0)
	return s.result, errors.Join(err, ctx.Err())
}

// Stream searches a file of a size that can only be read from its beginning.
func Stream(ctx context.Context, r io.Reader, size int64) (Result, error) {
	s := &scan{ctx: ctx, budget: maxInflated(size)}
	err := s.stream(r, size, 0)
	return s.result, errors.Join(err, ctx.Err())
}

type scan struct {
	ctx    context.Context
	result Result
	files  int
	budget int64        // of inflated bytes
	short  bytes.Buffer // a file without marks, whole
}

func (s *scan) unread(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if len(s.result.Unread) < maxUnread && !slices.Contains(s.result.Unread, text) {
		s.result.Unread = append(s.result.Unread, text)
	}
}

// file searches a file of which any part can be read. A zip may follow any
// other content: readers of zips start at the end.
func (s *scan) file(f *io.SectionReader, depth int) error {
	isZip := startsAsZip(f)
	if isZip || depth == 0 {
		if err := s.zipAtEnd(f, depth); err != nil || isZip {
			return err
		}
	}
	return s.stream(f, f.Size(), depth)
}

// stream searches a file that is read from its beginning; size is -1 where it
// is not known.
func (s *scan) stream(r io.Reader, size int64, depth int) error {
	b := newPeeker(ctxio.NewReader(s.ctx, r))
	head, err := b.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch {
	case bytes.HasPrefix(head, []byte(localSignature)):
		return s.spool(b, size, depth)
	case isTar(head):
		return s.tar(b, depth)
	case bytes.HasPrefix(head, []byte(npySignature)):
		return s.array(b)
	}
	if z := compression(head); z != nil {
		return s.compressed(z, b, depth)
	}
	return s.pickles(b, size)
}

// pickles searches a file that consists of pickles. Those of protocols 0 and 1
// look like any text, and only short ones are tried.
func (s *scan) pickles(b *bufio.Reader, size int64) error {
	head, err := b.Peek(headSize)
	if pickle.LooksLike(head, err != nil) {
		return s.globals(b)
	}
	if size > maxUnmarked {
		return nil
	}
	s.short.Reset()
	_, err = s.short.ReadFrom(io.LimitReader(b, maxUnmarked+1))
	if err != nil || s.short.Len() > maxUnmarked {
		return err
	}
	return s.globals(&s.short)
}

// globals adds what pickles import.
func (s *scan) globals(r io.Reader) error {
	imports, err := pickle.Globals(r)
	for _, i := range imports {
		s.add(i)
	}
	if errors.Is(err, pickle.ErrTooLarge) {
		s.unread("%v", err)
		return nil
	}
	return err
}

// add keeps an import that is new and not safe. TorchScript's own classes are
// no imports of Python's.
func (s *scan) add(i pickle.Import) {
	if i.Risk == pickle.Safe || len(s.result.Imports) >= maxImports {
		return
	}
	same := func(other pickle.Import) bool { return other.Global == i.Global && other.Risk == i.Risk }
	if !slices.ContainsFunc(s.result.Imports, same) {
		s.result.Imports = append(s.result.Imports, i)
	}
}
