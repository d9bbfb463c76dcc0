package archiver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// errLocked says that another process holds the lock. Any other error of lock
// means that the file system has no locks: then nobody takes files for dead.
var errLocked error = unix.EWOULDBLOCK

// lock takes the advisory lock of an open file or folder without waiting.
func lock(f *os.File) error { return unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) }

// lockPause is how long a run waits before it asks for another's lock again.
const lockPause = 20 * time.Millisecond

// waitForLock takes the lock of an open folder when other runs have let it go.
// Where there are no locks, nobody waits.
func waitForLock(ctx context.Context, f *os.File) error {
	for lock(f) == errLocked {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockPause):
		}
	}
	return nil
}

// writeBack asks the kernel to start writing n bytes of f from off on, so that
// the fsync at the end has little left to do. It is a hint: errors come back
// in that fsync.
func writeBack(f *os.File, off, n int64) {
	_ = unix.SyncFileRange(int(f.Fd()), off, n, unix.SYNC_FILE_RANGE_WRITE)
}

// renameNew renames a file or folder to a path that must not exist; if it
// does, the error is fs.ErrExist.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch err {
	case nil:
		return nil
	case unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP: // not on this file system
		return linkNew(from, to)
	default:
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
}

// linkNew is renameNew where the kernel has no RENAME_NOREPLACE. A link is as
// atomic; only a folder, which can't be linked, is left with a look before.
func linkNew(from, to string) error {
	info, err := os.Lstat(from)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		err := os.Link(from, to)
		if err == nil {
			return os.Remove(from)
		}
		if errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	if _, err := os.Lstat(to); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(&fs.PathError{Op: "rename", Path: to, Err: fs.ErrExist}, err)
	}
	return os.Rename(from, to)
}

// syncFolder makes the names in a folder durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if errors.Is(err, fs.ErrPermission) {
		return nil // one may write to it and not read it
	}
	if err != nil {
		return err
	}
	defer d.Close()
	// Some file systems can't; their names need no more than they do.
	if err := d.Sync(); err != nil && !errors.Is(err, unix.EINVAL) && !errors.Is(err, unix.ENOTSUP) {
		return err
	}
	return nil
}

// FreeSpace is the number of bytes that this user may still write to the file
// system of a folder; ok is false where the file system doesn't say.
func FreeSpace(folder string) (n int64, ok bool) {
	var st unix.Statfs_t
	if err := unix.Statfs(folder, &st); err != nil || st.Blocks == 0 {
		return 0, false
	}
	blocks := st.Bavail
	if os.Geteuid() == 0 {
		blocks = st.Bfree
	}
	return int64(blocks) * st.Bsize, true
}

// allocated is the number of bytes that a file takes on its disk, as far as that
// is known.
func allocated(info fs.FileInfo) int64 {
	if info != nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			return st.Blocks * 512
		}
	}
	return math.MaxInt64
}

// keepOwner gives f the owner and group of the file that it replaces, where
// that is allowed.
func keepOwner(f *os.File, old fs.FileInfo) {
	if st, ok := old.Sys().(*syscall.Stat_t); ok {
		_ = f.Chown(int(st.Uid), int(st.Gid))
	}
}

// keptBySticky says whether the sticky bit of a folder keeps this user from
// replacing a file in it.
func keptBySticky(folder string, file fs.FileInfo) bool {
	info, err := os.Stat(folder)
	if err != nil || info.Mode()&fs.ModeSticky == 0 {
		return false
	}
	me := uint32(os.Geteuid())
	mine := func(info fs.FileInfo) bool {
		st, ok := info.Sys().(*syscall.Stat_t)
		return !ok || st.Uid == me
	}
	return me != 0 && !mine(info) && !mine(file)
}

// sameFileSystem says whether a rename between two folders can work.
func sameFileSystem(a, b fs.FileInfo) bool {
	x, okX := a.Sys().(*syscall.Stat_t)
	y, okY := b.Sys().(*syscall.Stat_t)
	return okX && okY && x.Dev == y.Dev
}

// explain adds to an error of writing what a person needs to act on it.
func explain(err error, folder string) error {
	if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) {
		return fmt.Errorf("no space left in %q: %w", filepath.Clean(folder), err)
	}
	return err
}
