package container

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go-model-archiver/archiver"
	"go-model-archiver/validate/ctxio"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/torchscript"
)

// maxEntries bounds how many files a container may hold.
const maxEntries = 1_000_000

// temp makes a temporary file and removes its name at once: whatever happens,
// nothing stays behind.
func (c *Container) temp() (*os.File, error) {
	f, err := os.CreateTemp("", "go-model-archiver-*")
	if err != nil {
		return nil, err
	}
	c.close = append(c.close, f)
	return f, os.Remove(f.Name())
}

// openTGZ inflates a .tar.gz into a temporary file and lists its entries
// there: a tar has no directory. Like the server, it reads the first member of
// the gzip file and nothing behind it.
func (c *Container) openTGZ(ctx context.Context, f *os.File) error {
	c.Format = archiver.TGZ
	r := bufio.NewReader(&meter{r: f, total: c.Size, progress: c.progress})
	z, err := gzip.NewReader(r)
	if err != nil {
		c.add(rules.ArchiveDamaged, c.Path, fmt.Sprintf("%q is no gzip file: %v", c.Path, err), tgzHint)
		return nil
	}
	z.Multistream(false)
	inflated, err := c.temp()
	if err != nil {
		return err
	}
	if c.inflated, err = c.inflate(inflated, ctxio.NewReader(ctx, z)); err != nil {
		return c.damagedOr(ctx, err, "cannot be inflated")
	}
	if z.Reset(r) == nil {
		c.add(rules.ArchiveMembers, c.Path, fmt.Sprintf("%q consists of several gzip files in a row, and TorchServe reads the first one", c.Path), "compress it in one piece")
	}
	err = c.listTar(ctx, inflated)
	c.checkExpansion(c.inflated)
	return err
}

const tgzHint = `TorchServe reads whatever does not end in .mar as .tar.gz; write the archive again with --archive-format tgz`

// isOurs says that an error is not one that the content caused.
func isOurs(ctx context.Context, err error) bool {
	_, io := errors.AsType[*os.PathError](err)
	_, full := errors.AsType[*noRoom](err)
	return io || full || ctx.Err() != nil
}

// damagedOr makes a finding of an error that the content caused.
func (c *Container) damagedOr(ctx context.Context, err error, what string) error {
	if isOurs(ctx, err) {
		return err
	}
	c.add(rules.ArchiveDamaged, c.Path, fmt.Sprintf("%q %s: %v", c.Path, what, err), "write or copy the archive again")
	return nil
}

func (c *Container) listTar(ctx context.Context, f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	const broken = "holds a tar file that can't be read to its end"
	t := tar.NewReader(f)
	for first := true; ; first = false {
		h, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case first && c.identity.Kind == torchscript.Gzip && (errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF)):
			c.add(rules.ArchiveDamaged, c.Path, fmt.Sprintf("%q is a gzip file with something else than a tar file in it", c.Path), "decompress it if it is a model, or write the archive again")
			return nil
		case err != nil:
			return c.damagedOr(ctx, err, broken)
		}
		if len(c.entries) == maxEntries {
			return c.damagedOr(ctx, fmt.Errorf("it has more than %d entries", maxEntries), "is refused")
		}
		if err := c.addTarEntry(ctx, f, t, h); err != nil {
			return c.damagedOr(ctx, err, broken)
		}
	}
}

// addTarEntry adds the entry of a header that t just read from f.
func (c *Container) addTarEntry(ctx context.Context, f *os.File, t *tar.Reader, h *tar.Header) error {
	c.checkAbsolute(h.Name)
	// TorchServe drops the first element of each name that has several, be it ".".
	name := h.Name[strings.IndexByte(h.Name, '/')+1:]
	switch h.Typeflag {
	case tar.TypeDir:
		c.place(name, true)
		return nil
	case tar.TypeReg, tar.TypeGNUSparse:
	default:
		c.addEntry(rules.ArchiveEntryKind, fmt.Sprintf("%q in %q is no regular file, and TorchServe makes an empty one of it", h.Name, c.Path), "archive the file itself")
		return nil
	}
	name, ok := c.place(name, false)
	if !ok {
		return nil
	}
	at, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if isSparse(h) {
		if f, at, err = c.expand(ctx, t, h); err != nil {
			return err
		}
	}
	c.entries = append(c.entries, entry{name: name, size: h.Size, data: io.NewSectionReader(f, at, h.Size), file: f, offset: at})
	return nil
}

// isSparse says that holes are left out of an entry, as tar's --sparse does.
func isSparse(h *tar.Header) bool {
	_, pax := h.PAXRecords["GNU.sparse.major"]
	_, older := h.PAXRecords["GNU.sparse.size"]
	return h.Typeflag == tar.TypeGNUSparse || pax || older
}

// expand writes an entry with its holes behind the others of its kind.
func (c *Container) expand(ctx context.Context, t *tar.Reader, h *tar.Header) (f *os.File, at int64, err error) {
	if err := c.requireRoom(h.Size); err != nil {
		return nil, 0, err
	}
	if c.expanded == nil {
		if c.expanded, err = c.temp(); err != nil {
			return nil, 0, err
		}
	}
	if at, err = c.expanded.Seek(0, io.SeekCurrent); err != nil {
		return nil, 0, err
	}
	n, err := io.Copy(c.expanded, ctxio.NewReader(ctx, t))
	c.inflated += n
	return c.expanded, at, err
}
