package archiver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"
)

// syncers bounds the files that are open because their fsync is under way.
const syncers = 8

// writeFolder makes the archive as a plain folder: a new one beside the
// destination, renamed in as a whole, or merged into one that exists.
func writeFolder(s *transfer, p *Plan, d *target, result *Result, gate func(context.Context) error) (err error) {
	if d.old != nil {
		if err := checkFolderMerge(d, p.Entries); err != nil {
			return err
		}
	}
	if err := d.requireSpace(p); err != nil {
		return err
	}
	t, err := newTemp(d.path, createFolder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	result.Size = totalSize(p.Entries)
	if err := fillFolder(s, p, t.path); err != nil {
		return err
	}
	if err := gate(s.ctx); err != nil {
		return err
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if d.old == nil {
		err := d.commit(t)
		if !d.force || !isFolder(d.path) || t.committed {
			return err
		}
		// Another run has made the folder meanwhile.
	}
	return merge(s.ctx, d, p.Entries, t.path)
}

// fillFolder writes and syncs all entries below a new folder.
func fillFolder(s *transfer, p *Plan, folder string) (err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer root.Close()
	var disk errgroup.Group
	disk.SetLimit(syncers)
	defer func() { err = errors.Join(err, disk.Wait()) }()
	out := newOutput(nil)
	for _, e := range p.Entries {
		if err := root.MkdirAll(path.Dir(e.Name), 0o777); err != nil {
			return err
		}
		f, err := root.OpenFile(e.Name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		out.reset(f)
		err = copyEntry(s, e, out)
		disk.Go(func() error { return errors.Join(f.Sync(), f.Close()) })
		if err != nil {
			return err
		}
		if err := root.Chtimes(e.Name, e.ModTime, e.ModTime); err != nil {
			return err
		}
	}
	s.done()
	return finishFolders(root, p)
}

// copyEntry writes one entry to a new file.
func copyEntry(s *transfer, e *Entry, out *output) error {
	_, err := s.copy(e, func(r io.Reader) error {
		_, err := out.ReadFrom(r)
		return err
	})
	if err != nil {
		return err
	}
	if err := out.finish(); err != nil {
		return err
	}
	return out.file.Chmod(e.Mode.Perm())
}

// finishFolders syncs the folders, deepest first, and dates and modes them
// where the archive is to be reproducible.
func finishFolders(root *os.Root, p *Plan) error {
	folders := foldersOf(p.Entries)
	for _, name := range slices.Backward(folders) {
		if epoch := p.Spec.Epoch; epoch != nil {
			if err := root.Chmod(name, 0o755); err != nil {
				return err
			}
			if err := root.Chtimes(name, *epoch, *epoch); err != nil {
				return err
			}
		}
		if err := syncFolder(filepath.Join(root.Name(), filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

// foldersOf lists the folders that the entries need, "." first and each before
// those in it.
func foldersOf(entries []*Entry) []string {
	seen := map[string]bool{".": true}
	for _, e := range entries {
		for dir := path.Dir(e.Name); !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
		}
	}
	folders := make([]string, 0, len(seen))
	for dir := range seen {
		folders = append(folders, dir)
	}
	slices.Sort(folders)
	return folders
}

// checkFolderMerge finds, before anything is touched, what would stop a merge half
// way: files where folders are needed, folders where files are, and folders
// that can't be written to or lie on another file system.
func checkFolderMerge(d *target, entries []*Entry) error {
	beside, err := os.Stat(d.folder())
	if err != nil {
		return err
	}
	for _, name := range foldersOf(entries) {
		if err := checkFolder(filepath.Join(d.path, filepath.FromSlash(name)), beside); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if err := checkReplaced(filepath.Join(d.path, filepath.FromSlash(e.Name))); err != nil {
			return err
		}
	}
	return nil
}

// checkReplaced says what keeps a file from being replaced in a folder that may
// be written to.
func checkReplaced(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.IsDir():
		return fmt.Errorf("%q is a folder, but a file of that name is to be written", path)
	case keptBySticky(filepath.Dir(path), info):
		return fmt.Errorf("%q can't be replaced: it belongs to another user, and its folder has the sticky bit", path)
	}
	return nil
}

// checkFolder says what keeps files from being renamed into a folder from one
// beside; that there is no such folder yet does not.
func checkFolder(path string, beside fs.FileInfo) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%q is a link to nothing, but a folder is needed there", path)
		}
		return nil
	}
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%q is a file, but a folder is needed there", path)
	}
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK|unix.X_OK, unix.AT_EACCESS); err != nil {
		return fmt.Errorf("files in %q can't be replaced: %w", path, err)
	}
	if !sameFileSystem(info, beside) {
		return fmt.Errorf("files in %q can't be replaced in one step: it is on another file system than the folder around", path)
	}
	return nil
}

// merge moves the finished files into the existing folder one by one, the
// manifest last, and touches nothing else. Of several runs one merges at a time.
func merge(ctx context.Context, d *target, entries []*Entry, from string) error {
	folder, err := os.Open(d.path)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := waitForLock(ctx, folder); err != nil {
		return err
	}
	if err := checkFolderMerge(d, entries); err != nil {
		return err
	}
	for _, name := range foldersOf(entries) {
		if err := os.MkdirAll(filepath.Join(d.path, filepath.FromSlash(name)), 0o777); err != nil {
			return err
		}
	}
	for i, e := range entries {
		name := filepath.FromSlash(e.Name)
		if err := os.Rename(filepath.Join(from, name), filepath.Join(d.path, name)); err != nil {
			return halfMerged(err, d.path, i, len(entries))
		}
	}
	for _, name := range foldersOf(entries) {
		if err := syncFolder(filepath.Join(d.path, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

// halfMerged says what a failed rename leaves, where something was replaced
// before it.
func halfMerged(err error, path string, done, all int) error {
	if done == 0 {
		return err
	}
	return fmt.Errorf("%d of %d files in %q were replaced, and its manifest was not; archive again: %w", done, all, path, err)
}
