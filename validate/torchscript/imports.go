package torchscript

import (
	"context"
	"errors"
	"fmt"
	"io"

	"go-model-archiver/validate/ctxio"
	"go-model-archiver/validate/pickle"
)

// EntryImport is an import of a pickle in a file.
type EntryImport struct {
	// Entry names the entry of a zip that holds the pickle, with those of
	// zips around it before a slash; it is empty for the file itself.
	Entry string
	pickle.Import
}

// The bounds of Imports: zips in zips, entries in all of them, and how many
// imports are listed.
const (
	maxNested       = 4
	maxScanEntries  = 1 << 20
	maxEntryImports = 50_000
)

// errOverlaps says that entries share bytes so that scanning would not end.
var errOverlaps = errors.New("its entries have more bytes than the file's size explains")

// Imports lists what the pickles in a file import, which it finds by their
// content: the file itself may be one, or a zip that holds some, also in zips
// inside it that are stored. The error, beside what was found so far, says that
// the list is not complete, or comes from r or ctx.
func Imports(ctx context.Context, r io.ReaderAt, size int64) ([]EntryImport, error) {
	s := &importScan{ctx: ctx, budget: maxInflated(size)}
	err := s.file("", io.NewSectionReader(r, 0, size), 0)
	return s.found, err
}

type importScan struct {
	ctx     context.Context
	found   []EntryImport
	entries int   // that were looked at
	budget  int64 // of bytes that may still be read
	head    [headSize]byte
}

// file scans a file that allows to seek.
func (s *importScan) file(name string, f *io.SectionReader, depth int) error {
	head := s.head[:min(f.Size(), headSize)]
	if err := readFull(f, head, 0); err != nil {
		return err
	}
	if len(head) < 4 || string(head[:4]) != localSignature {
		return s.stream(name, head, f, f.Size())
	}
	dir, err := findDirectory(f, f.Size())
	if err == nil && depth < maxNested {
		err = dir.walk(func(e zipEntry) error { return s.entry(name, dir, e, depth) })
	}
	if errors.Is(err, errNoDirectory) || errors.Is(err, errBrokenZip) {
		return nil
	}
	return err
}

// entry scans an entry of a zip.
func (s *importScan) entry(name string, dir zipDirectory, e zipEntry, depth int) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if s.entries++; s.entries > maxScanEntries {
		return errOverlaps
	}
	if name != "" {
		name += "/"
	}
	name += e.name
	r, err := dir.open(e)
	if err != nil {
		return err
	}
	if f, ok := r.(*io.SectionReader); ok {
		return s.file(name, f, depth+1)
	}
	head := s.head[:min(e.size, headSize)]
	n, err := io.ReadFull(r, head)
	if err != nil && !isFormatError(err) {
		return err
	}
	if !pickle.LooksLike(head[:n], int64(n) == e.size) {
		return nil
	}
	if r, err = dir.open(e); err != nil {
		return err
	}
	return s.stream(name, head[:n], r, e.size)
}

// stream scans a file that starts with head.
func (s *importScan) stream(name string, head []byte, r io.Reader, size int64) error {
	if !pickle.LooksLike(head, int64(len(head)) == size) {
		return nil
	}
	if s.budget -= size; s.budget < 0 {
		return errOverlaps
	}
	imports, err := pickle.Globals(ctxio.NewReader(s.ctx, r))
	for _, i := range imports {
		if len(s.found) == maxEntryImports {
			return fmt.Errorf("more than %d imports", maxEntryImports)
		}
		s.found = append(s.found, EntryImport{name, i})
	}
	if err != nil && !isCorrupt(err) {
		return fmt.Errorf("scan pickle %q: %w", name, err)
	}
	return nil
}
