package numpy

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Open returns a reader of the array's elements: little-endian, in C order,
// bools as 0 and 1. It fails where the file is another one by now. The caller
// closes it.
func (a *Array) Open() (io.ReadCloser, error) {
	f, info, err := open(a.file.Path)
	if err != nil {
		return nil, err
	}
	r := &reader{file: f}
	if err := r.start(a, info.Size()); err != nil {
		return nil, errors.Join(fmt.Errorf("%q: %w", a.file.Path, err), r.Close())
	}
	return r, nil
}

// reader reads one array and holds what has to be closed.
type reader struct {
	io.Reader
	entry io.Closer // in a .npz
	file  *os.File
}

func (r *reader) Close() error {
	var err error
	if r.entry != nil {
		err = r.entry.Close()
	}
	return errors.Join(err, r.file.Close())
}

func (r *reader) start(a *Array, size int64) error {
	raw := io.Reader(r.file)
	if a.file.Named {
		z, err := zip.NewReader(r.file, size)
		if err != nil {
			return err
		}
		entry, err := openEntry(z, a.Name+".npy")
		if err != nil {
			return err
		}
		r.entry, raw = entry, entry
	}
	now, rest, err := readHeader(raw)
	if err != nil {
		return err
	}
	if now.DType != a.DType || !slices.Equal(now.Shape, a.Shape) {
		return errors.New("it was changed while it was used")
	}
	now.file = a.file
	return r.decode(&now, rest)
}

func openEntry(z *zip.Reader, name string) (io.ReadCloser, error) {
	for _, entry := range z.File {
		if entry.Name == name {
			return entry.Open()
		}
	}
	return nil, errors.New("it was changed while it was used")
}

// decode puts the steps together that an array's layout needs.
func (r *reader) decode(a *Array, raw io.Reader) error {
	width := widths[a.DType]
	elements := io.Reader(&exactly{raw, a.Size})
	if a.layout.fortran {
		turned, err := newTransposed(elements, a, int(width))
		if err != nil {
			return err
		}
		elements = turned
	}
	component := width
	if a.DType == "complex64" || a.DType == "complex128" {
		component /= 2
	}
	switch {
	case a.DType == "bool":
		elements = &mapped{elements, 1, func(b []byte) { b[0] = min(b[0], 1) }}
	case a.layout.bigEndian && component > 1:
		elements = &mapped{elements, int(component), slices.Reverse[[]byte]}
	}
	r.Reader = bufio.NewReaderSize(elements, bufferSize)
	return nil
}

// exactly reads so many bytes, and then looks once for what stands behind
// them: the reader of a zip file says there whether the checksum was right.
type exactly struct {
	r    io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	if e.left == 0 {
		var one [1]byte
		if _, err := e.r.Read(one[:]); err != nil && err != io.EOF {
			return 0, err
		}
		return 0, io.EOF
	}
	n, err := e.r.Read(p[:min(int64(len(p)), e.left)])
	e.left -= int64(n)
	if err == io.EOF && e.left > 0 {
		return n, fmt.Errorf("it is cut off: %w", io.ErrUnexpectedEOF)
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// mapped changes each element of so many bytes in its place. Its Read wants
// room for one at least.
type mapped struct {
	r      io.Reader
	width  int
	change func([]byte)
}

func (m *mapped) Read(p []byte) (int, error) {
	n, err := io.ReadAtLeast(m.r, p[:len(p)/m.width*m.width], m.width)
	if err != nil {
		return 0, err
	}
	if odd := n % m.width; odd != 0 {
		k, err := io.ReadFull(m.r, p[n:n+m.width-odd])
		if n += k; err != nil {
			return 0, err
		}
	}
	for i := 0; i < n; i += m.width {
		m.change(p[i : i+m.width])
	}
	return n, nil
}

// transposed reads an array in Fortran order as C order has it.
type transposed struct {
	raw    []byte
	width  int
	shape  []int64
	index  []int64
	stride []int // bytes
	left   int
}

func newTransposed(r io.Reader, a *Array, width int) (*transposed, error) {
	raw := make([]byte, a.Size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	t := &transposed{raw: raw, width: width, shape: a.Shape, index: make([]int64, len(a.Shape)), left: len(raw)}
	stride := width
	for _, d := range a.Shape {
		t.stride = append(t.stride, stride)
		stride *= int(d)
	}
	return t, nil
}

// Read fills p with whole numbers only, so p must hold at least one.
func (t *transposed) Read(p []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	n := 0
	for ; n+t.width <= len(p) && t.left > 0; n += t.width {
		at := 0
		for i, step := range t.stride {
			at += int(t.index[i]) * step
		}
		copy(p[n:n+t.width], t.raw[at:])
		t.left -= t.width
		for i := len(t.index) - 1; i >= 0; i-- {
			if t.index[i]++; t.index[i] < t.shape[i] {
				break
			}
			t.index[i] = 0
		}
	}
	return n, nil
}
