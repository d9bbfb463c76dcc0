package container

import (
	"archive/zip"
	"context"
	"encoding/binary"
	"fmt"
	"io"
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

	localHeaderSize = 30
)

func (c *Container) openZip(ctx context.Context, f *os.File) error {
	c.Format = archiver.ZipStore
	a, err := archiver.OpenArchive(c.Path)
	if err != nil {
		return c.damagedOr(ctx, err, "can't be read as an archive")
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
			c.add(rules.ArchiveDamaged, c.Path,
				fmt.Sprintf("%q in %q claims to inflate from %d to %d bytes", file.Name, c.Path, compressed, file.Size()), "write the archive again")
			continue
		}
		c.checkFlags(file)
		c.entries = append(c.entries, entry{name: file.Name, size: file.Size(), compressed: compressed, data: file.Reader(), packed: file})
	}
	c.checkLocalHeaders(f)
	return nil
}

// checkFlags finds what java.util.zip.ZipInputStream, which TorchServe reads
// with, refuses.
func (c *Container) checkFlags(f *archiver.ArchiveFile) {
	if f.Flags&flagEncrypted != 0 {
		c.add(rules.ArchiveEncrypted, c.Path, fmt.Sprintf("%q in %q is encrypted", f.Name, c.Path), "write the archive without a password")
	}
	if f.Flags&flagDescriptor != 0 && f.Method == zip.Store {
		c.add(rules.ArchiveDescriptor, c.Path,
			fmt.Sprintf("%q in %q is stored with a data descriptor, which Java refuses", f.Name, c.Path), "write the archive again with this program")
	}
}

// checkLocalHeaders looks at the file's start: TorchServe reads the local
// headers from there and never the directory at the end.
func (c *Container) checkLocalHeaders(f *os.File) {
	head := make([]byte, localHeaderSize)
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return
	}
	if len(c.entries) > 0 && binary.LittleEndian.Uint32(head) != 0x04034b50 {
		c.add(rules.ArchiveDamaged, c.Path,
			fmt.Sprintf("%q has other bytes before its first entry, and TorchServe reads from the start", c.Path), "write the archive again")
	}
}

// Verify reads every entry of a zip and compares it with its checksum, on all
// cores; the serialized file is unpacked meanwhile. It says whether all is
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
		if e == serialized {
			_, err = c.modelFile(ctx, e)
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
