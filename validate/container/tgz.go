package container

import (
	"archive/tar"
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
// there: a tar has no directory.
func (c *Container) openTGZ(ctx context.Context, f *os.File) error {
	c.Format = archiver.TGZ
	z, err := gzip.NewReader(&meter{r: f, total: c.Size, progress: c.progress})
	if err != nil {
		c.add(rules.ArchiveDamaged, c.Path, fmt.Sprintf("%q is no gzip file: %v", c.Path, err), tgzHint)
		return nil
	}
	inflated, err := c.temp()
	if err != nil {
		return err
	}
	if c.inflated, err = io.Copy(inflated, ctxio.NewReader(ctx, z)); err != nil {
		return c.damagedOr(ctx, err, "cannot be inflated")
	}
	return c.listTar(ctx, inflated)
}

const tgzHint = `TorchServe reads whatever does not end in .mar as .tar.gz; write the archive again with --archive-format tgz`

// damagedOr makes a finding of an error that the content caused.
func (c *Container) damagedOr(ctx context.Context, err error, what string) error {
	if _, io := errors.AsType[*os.PathError](err); io || ctx.Err() != nil {
		return err
	}
	c.add(rules.ArchiveDamaged, c.Path, fmt.Sprintf("%q %s: %v", c.Path, what, err), "write or copy the archive again")
	return nil
}

func (c *Container) listTar(ctx context.Context, f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	t := tar.NewReader(f)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return c.damagedOr(ctx, err, "is no tar file")
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if len(c.entries) == maxEntries {
			return c.damagedOr(ctx, fmt.Errorf("it has more than %d entries", maxEntries), "is refused")
		}
		if h.Typeflag != tar.TypeReg {
			c.add(rules.ArchiveEntryKind, c.Path, fmt.Sprintf("%q in %q is no regular file, and TorchServe makes an empty one of it", h.Name, c.Path), "archive the file itself")
			continue
		}
		at, err := f.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		// TorchServe drops the first element of each name that has several, be it ".".
		if name, ok := c.place(h.Name[strings.IndexByte(h.Name, '/')+1:]); ok {
			c.entries = append(c.entries, entry{name: name, size: h.Size, data: io.NewSectionReader(f, at, h.Size), file: f, offset: at})
		}
	}
}
