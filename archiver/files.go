package archiver

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// statError is what is wrong with a source, worded to follow its path.
type statError struct {
	text string
	err  error
}

func (e *statError) Error() string { return e.text }
func (e *statError) Unwrap() error { return e.err }

// statRegular follows links and wants a regular file that may be read. It
// opens nothing: opening a fifo or a device can block or do things.
func statRegular(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, missing(path, err)
	}
	return info, usable(path, info)
}

// usable says what keeps a file from being packed.
func usable(path string, info fs.FileInfo) error {
	if !info.Mode().IsRegular() {
		return &statError{"is " + kind(info.Mode()) + ", not a regular file", nil}
	}
	if err := unix.Faccessat(unix.AT_FDCWD, path, unix.R_OK, unix.AT_EACCESS); err != nil {
		return &statError{"cannot be read: " + err.Error(), err}
	}
	return nil
}

// missing words the error of a stat.
func missing(path string, err error) error {
	link := false
	if info, lerr := os.Lstat(path); lerr == nil {
		link = info.Mode()&fs.ModeSymlink != 0
	}
	switch {
	case link && errors.Is(err, fs.ErrNotExist):
		return &statError{"is a link to nothing", err}
	case errors.Is(err, syscall.ELOOP):
		return &statError{"is a link that leads back to itself", err}
	case errors.Is(err, fs.ErrNotExist):
		return &statError{"does not exist", err}
	}
	return &statError{"cannot be read: " + cause(err).Error(), err}
}

// cause is the error without the path that the message names already.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// kind names a file's type.
func kind(m fs.FileMode) string {
	switch {
	case m.IsDir():
		return "a folder"
	case m&fs.ModeNamedPipe != 0:
		return "a fifo"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	case m.IsRegular():
		return "a file"
	}
	return "a special file"
}

// openRegular opens for reading without waiting for the other end, should a
// fifo have taken the file's place.
func openRegular(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}
