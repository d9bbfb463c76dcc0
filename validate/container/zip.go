package container

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"go-model-archiver/archiver"
	"go-model-archiver/validate/rules"
)

const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3

	// maxRatio is more than deflate can reach (1032 to 1).
	maxRatio = 1100
)

func (c *Container) openZip(ctx context.Context, f *os.File) error {
	c.Format = archiver.ZipStore
	a, err := archiver.OpenArchive(c.Path)
	if c.Size == 0 {
		c.addDamaged(fmt.Sprintf("%q is empty", c.Path))
		return nil
	}
	if err != nil {
		return c.damagedOr(ctx, cmp.Or(errors.Unwrap(err), err), "can't be read as an archive")
	}
	c.close = append(c.close, a)
	if len(a.Files()) > maxEntries {
		return c.damagedOr(ctx, fmt.Errorf("it has more than %d entries", maxEntries), "is refused")
	}
	for _, file := range a.Files() {
		if strings.HasSuffix(file.Name, "/") {
			continue
		}
		if file.Method != zip.Store {
			c.Format = archiver.Default
		}
		compressed := int64(file.CompressedSize64)
		if file.Size()/maxRatio > compressed {
			c.addDamaged(fmt.Sprintf("%q in %q claims to inflate from %d to %d bytes", file.Name, c.Path, compressed, file.Size()))
			continue
		}
		c.checkFlags(file.Name, file.Flags, file.Method)
		if name, ok := c.place(file.Name); ok {
			e := entry{name: name, size: file.Size(), compressed: compressed, data: file.Reader(), packed: file}
			if offset, stored := file.Stored(); stored {
				e.file, e.offset = f, offset
			}
			c.entries = append(c.entries, e)
		}
	}
	c.checkLocalHeaders(f)
	return nil
}

// checkFlags finds what java.util.zip.ZipInputStream, which TorchServe reads
// with, refuses.
func (c *Container) checkFlags(name string, flags, method uint16) {
	if flags&flagEncrypted != 0 {
		c.add(rules.ArchiveEncrypted, c.Path, fmt.Sprintf("%q in %q is encrypted", name, c.Path), "write the archive without a password")
	}
	if flags&flagDescriptor != 0 && method == zip.Store {
		c.add(rules.ArchiveDescriptor, c.Path,
			fmt.Sprintf("%q in %q is stored with a data descriptor, which Java refuses", name, c.Path), "write the archive again with this program")
	}
}

func (c *Container) addDamaged(message string) {
	c.add(rules.ArchiveDamaged, c.Path, message, "write the archive again")
}

// Verify reads every entry of a zip and compares it with its checksum, on all
// cores; a deflated model is unpacked meanwhile. It says whether all is
// well, and what is not is a finding. A .tar.gz was read to its end by Open,
// and a folder has no checksums.
func (c *Container) Verify(ctx context.Context) (bool, error) {
	good, serialized := true, c.serialized()
	for i := range c.entries {
		e := &c.entries[i]
		if e.packed == nil {
			continue
		}
		var err error
		if e == serialized && e.file == nil {
			_, _, err = c.modelFile(ctx, e)
		} else {
			err = e.packed.Verify(ctx)
		}
		if err == nil {
			continue
		}
		if err := c.damagedOr(ctx, err, "is damaged"); err != nil {
			return false, err
		}
		good = false
	}
	return good, nil
}
