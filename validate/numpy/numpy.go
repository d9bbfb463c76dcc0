// Package numpy reads and writes the arrays of NumPy's .npy and .npz files,
// piece by piece: however large an array is, little of it is in memory.
//
// The format is https://numpy.org/neps/nep-0001-npy-format.html; a .npz file
// is a zip file of .npy files.
package numpy

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

const (
	maxHeader  = 64 << 10 // bytes
	maxRank    = 64
	maxArrays  = 10_000   // in one .npz
	maxSize    = 1 << 40  // bytes of one array
	maxFortran = 32 << 20 // bytes; an array in Fortran order is turned in memory
	bufferSize = 64 << 10
)

// widths holds the bytes per element of each dtype, under PyTorch's names.
var widths = map[string]int64{
	"bool": 1, "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4, "uint64": 8, "int64": 8,
	"float16": 2, "float32": 4, "float64": 8, "complex64": 8, "complex128": 16,
}

// codes are NumPy's type codes, less the byte order.
var codes = map[string]string{
	"bool": "b1", "uint8": "u1", "int8": "i1", "uint16": "u2", "int16": "i2", "uint32": "u4", "int32": "i4",
	"uint64": "u8", "int64": "i8", "float16": "f2", "float32": "f4", "float64": "f8", "complex64": "c8", "complex128": "c16",
}

// Width returns the bytes per element of a dtype of NumPy's, and whether it is
// one: NumPy has no bfloat16.
func Width(dtype string) (int64, bool) {
	n, ok := widths[dtype]
	return n, ok
}

// File is a .npy or .npz file, of which the headers were read.
type File struct {
	Path string
	// Named says that the arrays have names, as those of a .npz do.
	Named  bool
	Arrays []Array
}

// Array is one array of a File.
type Array struct {
	Name  string // empty in a .npy
	DType string // as PyTorch calls it: float32, complex64, bool
	Shape []int64
	Size  int64 // bytes

	file   *File
	layout layout
}

// Find returns the array with that name, or nil.
func (f *File) Find(name string) *Array {
	i := slices.IndexFunc(f.Arrays, func(a Array) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &f.Arrays[i]
}

// Names returns the names of the arrays in the order of the file.
func (f *File) Names() []string {
	names := make([]string, len(f.Arrays))
	for i, a := range f.Arrays {
		names[i] = a.Name
	}
	return names
}

// Stat reads the headers of the file at path. A file that does not begin as a
// .npy, and has the name or the beginning of a zip file, is read as .npz. The
// error names the file.
func Stat(path string) (*File, error) {
	f, info, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file := &File{Path: path}
	if file.Named, err = isNPZ(f); err != nil {
		return nil, err
	}
	if file.Named {
		err = file.statNPZ(f, info.Size())
	} else {
		err = file.add("", f, info.Size())
	}
	if err != nil {
		return nil, fmt.Errorf("%q can't be read as %s: %w", path, kind(file.Named), err)
	}
	return file, nil
}

func kind(named bool) string {
	if named {
		return ".npz"
	}
	return ".npy"
}

// open opens a regular file: opening a pipe would wait for its writer.
func open(path string) (*os.File, os.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%q is no regular file", path)
	}
	f, err := os.Open(path)
	return f, info, err
}

func isNPZ(f *os.File) (bool, error) {
	var start [4]byte
	if _, err := f.ReadAt(start[:], 0); err != nil && err != io.EOF {
		return false, err
	}
	return string(start[:]) == "PK\x03\x04" || string(start[:]) == "PK\x05\x06", nil
}

func (f *File) statNPZ(r io.ReaderAt, size int64) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return err
	}
	for _, entry := range z.File {
		name, ok := strings.CutSuffix(entry.Name, ".npy")
		switch {
		case !ok:
			return fmt.Errorf("it holds %q, which is no .npy", entry.Name)
		case len(f.Arrays) == maxArrays:
			return fmt.Errorf("it holds more than %d arrays", maxArrays)
		case f.Find(name) != nil:
			return fmt.Errorf("it holds %q twice", entry.Name)
		}
		if err := f.addEntry(name, entry); err != nil {
			return fmt.Errorf("array %q: %w", name, err)
		}
	}
	if len(f.Arrays) == 0 {
		return errors.New("it holds no array")
	}
	return nil
}

func (f *File) addEntry(name string, entry *zip.File) error {
	r, err := entry.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	return f.add(name, r, int64(min(entry.UncompressedSize64, 1<<62)))
}

// add reads the header at r, behind which size bytes less its own follow.
func (f *File) add(name string, r io.Reader, size int64) error {
	a, _, err := readHeader(r)
	if err != nil {
		return err
	}
	if there := size - a.layout.header; a.Size > there {
		return fmt.Errorf("it is cut off: its header says %s, which is %d bytes, and %d are there", a.Type(), a.Size, max(there, 0))
	}
	a.Name, a.file = name, f
	f.Arrays = append(f.Arrays, a)
	return nil
}

// Type returns the dtype and shape as float32[1,3,224,224].
func (a *Array) Type() string {
	return a.DType + strings.ReplaceAll(fmt.Sprint(a.Shape), " ", ",")
}
