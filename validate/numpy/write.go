package numpy

import (
	"archive/zip"
	"bufio"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Writer writes a .npz file under another name beside its own, which it takes
// with Commit.
type Writer struct {
	path   string // links resolved
	file   *os.File
	buffer *bufio.Writer
	zip    *zip.Writer
}

// Create begins a .npz file. A link at path is written through, and a file
// that is there stays as it is until Commit. The caller calls Commit or Abort.
func Create(path string) (*Writer, error) {
	path, err := destination(path)
	if err != nil {
		return nil, err
	}
	base := filepath.Base(path)
	name := filepath.Join(filepath.Dir(path), "."+base[:min(len(base), 200)]+"."+rand.Text()+".tmp")
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode(path))
	if err != nil {
		return nil, err
	}
	buffer := bufio.NewWriterSize(f, bufferSize)
	return &Writer{path: path, file: f, buffer: buffer, zip: zip.NewWriter(buffer)}, nil
}

// destination resolves links, and refuses what a rename must not replace.
func destination(path string) (string, error) {
	resolved, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "", fmt.Errorf("%q is a link to what is not there", path)
		}
		return path, nil
	}
	if err != nil {
		return "", err
	}
	info, err := os.Stat(resolved)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%q is no regular file", path)
	}
	return resolved, nil
}

// Writable says why Create, or the Commit after it, would fail, as far as that
// can be told without making a file.
func Writable(path string) error {
	resolved, err := destination(path)
	if err != nil {
		return err
	}
	_, err = os.Stat(filepath.Dir(resolved))
	return err
}

// maxRawHeader is what the length of a header of version 1 can tell.
const maxRawHeader = 1<<16 - 1

// Array begins an array, whose elements the caller writes little-endian and in
// C order before it begins another one.
func (w *Writer) Array(name, dtype string, shape []int64) (io.Writer, error) {
	code, known := codes[dtype]
	if !known {
		return nil, fmt.Errorf("NumPy has no dtype %s", dtype)
	}
	order := "<"
	if widths[dtype] == 1 {
		order = "|"
	}
	dims := make([]string, len(shape))
	for i, d := range shape {
		dims[i] = strconv.FormatInt(d, 10) + ","
	}
	header := fmt.Sprintf("{'descr': '%s%s', 'fortran_order': False, 'shape': (%s), }", order, code, strings.Join(dims, " "))
	// The elements begin at a multiple of 64, as NumPy has it.
	const prefix = 10
	header += strings.Repeat(" ", 63-(prefix+len(header))%64) + "\n"
	if len(header) > maxRawHeader {
		return nil, fmt.Errorf("an array of %d dimensions is none of NumPy's", len(shape))
	}
	entry, err := w.zip.CreateHeader(&zip.FileHeader{
		Name: name + ".npy", Method: zip.Store, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
	})
	if err != nil {
		return nil, err
	}
	start := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	_, err = entry.Write(append(start, header...))
	return entry, err
}

// Commit completes the file and gives it its name.
func (w *Writer) Commit() (err error) {
	defer func() {
		if err != nil {
			w.Abort()
		}
	}()
	if err := errors.Join(w.zip.Close(), w.buffer.Flush()); err != nil {
		return err
	}
	if err := errors.Join(w.file.Sync(), w.file.Close()); err != nil {
		return err
	}
	return os.Rename(w.file.Name(), w.path)
}

// mode is that of the file that is replaced, or what a new file has.
func mode(path string) fs.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o666
}

// Abort removes what was written.
func (w *Writer) Abort() {
	_ = w.file.Close() // Commit may have done so
	_ = os.Remove(w.file.Name())
}
