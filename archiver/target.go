package archiver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// maxLinks bounds the symbolic links that are followed to the destination, as
// the kernel does.
const maxLinks = 40

// target is where an archive goes.
type target struct {
	path  string      // symbolic links followed
	old   fs.FileInfo // what stands there; nil if nothing
	force bool
}

// openTarget makes the export path, follows a destination that is a symbolic
// link, and removes what dead runs left beside it.
func openTarget(p *Plan) (*target, error) {
	if err := makeFolders(filepath.Dir(p.Destination)); err != nil {
		return nil, fmt.Errorf("make the export path: %w", err)
	}
	path, err := followLinks(p.Destination)
	if err != nil {
		return nil, err
	}
	d := &target{path: path, force: p.Spec.Force}
	d.old, err = os.Lstat(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := d.check(p.Spec.Format == NoArchive); err != nil {
		return nil, err
	}
	sweep(path)
	return d, nil
}

func (d *target) check(folder bool) error {
	switch {
	case d.old == nil:
		return nil
	case !d.force:
		return d.exists()
	case folder && !d.old.IsDir():
		return fmt.Errorf("%q is not a folder; remove it or choose another name", d.path)
	case !folder && !d.old.Mode().IsRegular():
		return fmt.Errorf("%q is not a regular file; remove it or choose another name", d.path)
	}
	return nil
}

func (d *target) exists() error { return fmt.Errorf("%q %w", d.path, ErrExists) }

func (d *target) folder() string { return filepath.Dir(d.path) }

// commit puts the finished temporary file or folder in place.
func (d *target) commit(t *temp) error {
	if d.force {
		if err := os.Rename(t.path, d.path); err != nil {
			return err
		}
	} else if err := renameNew(t.path, d.path); errors.Is(err, fs.ErrExist) {
		return d.exists()
	} else if err != nil {
		return err
	}
	t.committed = true
	return syncFolder(d.folder())
}

// makeFolders is os.MkdirAll that makes the new names durable.
func makeFolders(path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("%q is a file, not a folder", path)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	parent := filepath.Dir(path)
	if parent != path {
		if err := makeFolders(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncFolder(parent)
}

// followLinks resolves path as long as its last element is a symbolic link,
// so that the link stays and its target is replaced.
func followLinks(path string) (string, error) {
	for range maxLinks {
		info, err := os.Lstat(path)
		if errors.Is(err, fs.ErrNotExist) || err == nil && info.Mode()&fs.ModeSymlink == 0 {
			return path, nil
		}
		if err != nil {
			return "", err
		}
		next, err := os.Readlink(path)
		if err != nil {
			return "", err
		}
		if !filepath.IsAbs(next) {
			// The folder's own links must be followed before a ".." is.
			folder, err := filepath.EvalSymlinks(filepath.Dir(path))
			if err != nil {
				return "", err
			}
			next = filepath.Join(folder, next)
		}
		path = next
	}
	return "", fmt.Errorf("%q: too many levels of symbolic links", path)
}

// createMode is the mode to make the temporary file with: never wider for others
// than that of the file that it will replace. The owner has to be able to open it,
// to find out whether its run is dead.
func (d *target) createMode() fs.FileMode {
	if d.old != nil {
		return d.old.Mode().Perm()&0o666 | 0o600
	}
	return 0o666
}

// keepMode gives f the owner and mode of the file that it will replace.
func (d *target) keepMode(f *os.File) error {
	if d.old == nil {
		return nil
	}
	keepOwner(f, d.old)
	return f.Chmod(d.old.Mode().Perm())
}
