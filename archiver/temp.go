package archiver

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A temporary name is ".<base>.<16 hexadecimal digits>.tmp": TorchServe's
// model store skips it, and sweep knows it again.
const (
	randomDigits = 16
	tempSuffix   = ".tmp"
	maxName      = 255 // Linux's NAME_MAX, in bytes
)

// temp is a file or folder in the making. As long as its lock is held, it
// belongs to a living run.
type temp struct {
	path      string
	file      *os.File // the file, or the folder opened for its lock
	committed bool
}

// errSwept says that another run took a new folder for a dead one's.
var errSwept = errors.New("swept before it was locked")

// newTemp makes an empty, locked file or folder beside path.
func newTemp(path string, create func(string) (*os.File, error)) (*temp, error) {
	for range 1000 {
		name := tempName(path)
		f, err := create(name)
		if errors.Is(err, fs.ErrExist) || errors.Is(err, errSwept) {
			continue
		}
		if err != nil {
			return nil, err
		}
		// Between its making and its locking, another run's sweep may have taken
		// it for a dead one's and removed it; then it is made anew.
		if lock(f) != errLocked && stillThere(f, name) {
			return &temp{path: name, file: f}, nil
		}
		f.Close()
		_ = os.RemoveAll(name)
	}
	return nil, fmt.Errorf("no temporary file can be made beside %q", path)
}

func tempName(path string) string {
	var random [randomDigits / 2]byte
	_, _ = rand.Read(random[:])
	return filepath.Join(filepath.Dir(path), tempPrefix(path)+hex.EncodeToString(random[:])+tempSuffix)
}

func tempPrefix(path string) string {
	base := filepath.Base(path)
	base = base[:min(len(base), maxName-len("..")-randomDigits-len(tempSuffix))]
	return "." + base + "."
}

func createFile(perm fs.FileMode) func(string) (*os.File, error) {
	return func(name string) (*os.File, error) {
		return os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	}
}

func createFolder(name string) (*os.File, error) {
	if err := os.Mkdir(name, 0o777); err != nil {
		return nil, err
	}
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errSwept
	}
	if err != nil {
		_ = os.Remove(name)
	}
	return f, err
}

// close removes what was not committed and lets the lock go.
func (t *temp) close() error {
	var err error
	if !t.committed {
		err = os.RemoveAll(t.path)
	}
	return errors.Join(err, t.file.Close())
}

// sweep removes the temporary files of dead runs for the same destination.
// What it can't remove stays for another day.
func sweep(path string) {
	folder, prefix := filepath.Dir(path), tempPrefix(path)
	names, err := os.ReadDir(folder)
	if err != nil {
		return
	}
	for _, entry := range names {
		digits, found := strings.CutPrefix(entry.Name(), prefix)
		digits, ends := strings.CutSuffix(digits, tempSuffix)
		if !found || !ends || !isRandom(digits) {
			continue
		}
		removeDead(filepath.Join(folder, entry.Name()))
	}
}

func isRandom(digits string) bool {
	_, err := hex.DecodeString(digits)
	return err == nil && len(digits) == randomDigits
}

func removeDead(path string) {
	// O_NONBLOCK: a fifo of that name must not stop us.
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	if lock(f) == nil && stillThere(f, path) {
		_ = os.RemoveAll(path)
	}
}

// stillThere says whether path leads to f.
func stillThere(f *os.File, path string) bool {
	a, err := f.Stat()
	if err != nil {
		return false
	}
	b, err := os.Lstat(path)
	return err == nil && os.SameFile(a, b)
}
