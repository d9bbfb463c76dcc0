package container

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"go-model-archiver/archiver"
	"go-model-archiver/manifest"
	"go-model-archiver/validate/rules"
)

// maxDepth bounds how deep the folders of a folder may lie.
const maxDepth = 200

// openFolder lists a no-archive folder as the server and the handler see it:
// links are followed, and of a folder that holds nothing but a folder, that one
// is the model's.
func (c *Container) openFolder() error {
	c.Format = archiver.NoArchive
	c.Size = 0
	root := c.Path
	list, err := os.ReadDir(root)
	if err != nil {
		return err
	}
	if len(list) == 1 {
		inner := filepath.Join(root, list[0].Name())
		switch info, err := os.Stat(inner); {
		case err != nil || !info.IsDir():
		case list[0].Name() == path.Dir(manifest.Path):
			c.add(rules.FolderManifestAlone, c.Path,
				fmt.Sprintf("the folder %q holds MAR-INF alone, and TorchServe takes that for the model's folder", c.Path), "put the model's files beside MAR-INF")
		default:
			root = inner
		}
	}
	w := folderWalk{c: c}
	return w.walk(root, "")
}

// folderWalk lists what is in a folder.
type folderWalk struct {
	c       *Container
	above   []fs.FileInfo // from the root down to where the walk is
	visited int
}

// walk lists the folder that lies at a path and has a name in the container,
// "" being the root's. One that a link leads back to is passed over.
func (w *folderWalk) walk(folder, name string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(w.above, func(up fs.FileInfo) bool { return os.SameFile(up, info) }) {
		return nil
	}
	if len(w.above) == maxDepth {
		return fmt.Errorf("the folders in %q lie more than %d deep", w.c.Path, maxDepth)
	}
	w.above = append(w.above, info)
	defer func() { w.above = w.above[:len(w.above)-1] }()
	list, err := os.ReadDir(folder)
	if err != nil {
		return err
	}
	for _, d := range list {
		if w.visited++; w.visited > maxEntries {
			return fmt.Errorf("%q has more than %d files and folders", w.c.Path, maxEntries)
		}
		if err := w.one(filepath.Join(folder, d.Name()), path.Join(name, d.Name())); err != nil {
			return err
		}
	}
	return nil
}

// one lists a file or a folder.
func (w *folderWalk) one(at, name string) error {
	c := w.c
	info, err := os.Stat(at)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ELOOP):
		c.addEntry(rules.ArchiveEntryKind, fmt.Sprintf("%q in %q is a link that leads nowhere", name, c.Path), "put the file itself there, or remove the link")
	case err != nil:
		return err
	case info.IsDir():
		return w.walk(at, name)
	case !info.Mode().IsRegular():
		c.addEntry(rules.ArchiveEntryKind, fmt.Sprintf("%q in %q is no regular file and is not looked at", name, c.Path), "put a file there")
	default:
		c.Size += info.Size()
		c.entries = append(c.entries, entry{name: name, size: info.Size(), data: lazyFile(at)})
	}
	return nil
}

// lazyFile opens its file for each read, so that a folder of many files needs
// one descriptor.
type lazyFile string

func (l lazyFile) ReadAt(p []byte, off int64) (int, error) {
	f, err := os.Open(string(l))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, off)
}
