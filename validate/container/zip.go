package container

import (
	"archive/zip"
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"go-model-archiver/archiver"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/torchscript"
)

const (
	flagEncrypted  = 1 << 0
	flagDescriptor = 1 << 3

	// maxRatio is more than deflate can reach (1032 to 1).
	maxRatio = 1100
)

func (c *Container) openZip(ctx context.Context, f *os.File) error {
	c.Format = archiver.ZipStore
	a, err := archiver.ReadArchive(f)
	if err != nil {
		return c.noZip(ctx, err)
	}
	if len(a.Files()) > maxEntries {
		return c.damagedOr(ctx, fmt.Errorf("it has more than %d entries", maxEntries), "is refused")
	}
	if c.overlapping(a.Files()) {
		return nil // each of them would be inflated, as a zip bomb wants it
	}
	var total int64
	for _, file := range a.Files() {
		c.addZipEntry(f, file)
		total += file.Size()
	}
	c.checkExpansion(total)
	c.checkLocalHeaders(f)
	return nil
}

// noZip tells what a file is that should have been an archive.
func (c *Container) noZip(ctx context.Context, err error) error {
	id := c.identity
	switch {
	case id.Damaged():
		c.add(rules.ArchiveDamaged, c.Path, fmt.Sprintf("%q is %s: %s", c.Path, id.Words, id.Detail), noArchiveHints[id.Damage])
	case id.Kind == torchscript.Unknown || id.Kind == torchscript.Zip || id.Kind == torchscript.Archive:
		return c.damagedOr(ctx, err, "can't be read as an archive")
	default:
		c.add(rules.ArchiveDamaged, c.Path, fmt.Sprintf("%q is %s and no archive", c.Path, id.Words), "write or copy the archive again")
	}
	return nil
}

// noArchiveHints say what to do where something else came in an archive's place.
var noArchiveHints = map[torchscript.Damage]string{
	torchscript.DamageEmpty:      "write or copy the archive again",
	torchscript.DamageTruncated:  "copy or download the archive again, and compare the sizes",
	torchscript.DamageWebPage:    "download the archive again; the page may say what went wrong",
	torchscript.DamageLFSPointer: `fetch the archive itself with "git lfs pull"`,
	torchscript.DamageBroken:     "write or copy the archive again",
}

// overlapping finds entries that lie over each other, which no program writes
// by accident.
func (c *Container) overlapping(files []*archiver.ArchiveFile) bool {
	files = slices.Clone(files)
	start := func(f *archiver.ArchiveFile) int64 {
		offset, _ := f.Stored()
		return offset
	}
	slices.SortFunc(files, func(a, b *archiver.ArchiveFile) int { return cmp.Compare(start(a), start(b)) })
	for i := 1; i < len(files); i++ {
		before, f := files[i-1], files[i]
		if start(f)-localHeaderSize < start(before)+int64(before.CompressedSize64) {
			c.addDamaged(fmt.Sprintf("%q and %q in %q lie over each other, as in a zip bomb", before.Name, f.Name, c.Path))
			return true
		}
	}
	return false
}

func (c *Container) addZipEntry(f *os.File, file *archiver.ArchiveFile) {
	c.checkAbsolute(file.Name)
	if strings.HasSuffix(file.Name, "/") {
		c.place(file.Name, true)
		return
	}
	if file.Method != zip.Store {
		c.Format = archiver.Default
	}
	compressed := int64(file.CompressedSize64)
	if file.Size()/maxRatio > compressed {
		c.addDamaged(fmt.Sprintf("%q in %q claims to inflate from %d to %d bytes", file.Name, c.Path, compressed, file.Size()))
		return
	}
	name, ok := c.place(file.Name, false)
	if !ok {
		return
	}
	e := entry{name: name, size: file.Size(), compressed: compressed, data: file.Reader(), packed: file}
	if offset, stored := file.Stored(); stored {
		e.file, e.offset = f, offset
	}
	c.entries = append(c.entries, e)
}

// checkFlags finds what java.util.zip.ZipInputStream, which TorchServe reads
// with, refuses in a local header.
func (c *Container) checkFlags(name string, flags, method uint16) {
	if flags&flagEncrypted != 0 {
		c.addEntry(rules.ArchiveEncrypted, fmt.Sprintf("%q in %q is encrypted", name, c.Path), "write the archive without a password")
	}
	if flags&flagDescriptor != 0 && method == zip.Store {
		c.addEntry(rules.ArchiveDescriptor,
			fmt.Sprintf("%q in %q is stored with a data descriptor, which Java refuses", name, c.Path), "write the archive again with this program")
	}
}

func (c *Container) addDamaged(message string) {
	c.add(rules.ArchiveDamaged, c.Path, message, "write the archive again")
}
