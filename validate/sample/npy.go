package sample

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"codeberg.org/sbinet/npyio/npy"

	"go-model-archiver/validate/loadtest/protocol"
)

const (
	maxNPYHeader = 64 << 10
	maxFortran   = 32 << 20 // bytes; an array in Fortran order is turned in memory
)

// npyTypes are NumPy's type codes, less the byte order.
var npyTypes = map[string]string{
	"u1": "uint8", "i1": "int8", "i2": "int16", "i4": "int32", "i8": "int64",
	"f2": "float16", "f4": "float32", "f8": "float64", "b1": "bool",
}

// npyFile is what the header of a .npy file says.
type npyFile struct {
	path      string
	dtype     string
	shape     []int64
	size      int64 // bytes of the numbers
	offset    int64 // where they begin
	bigEndian bool
	fortran   bool
}

// statNPY reads the header of the file at path.
func statNPY(path string) (*npyFile, error) {
	f, n, err := openNPY(path)
	if err != nil {
		return nil, err
	}
	return n, f.Close()
}

// openNPY opens the file and checks its header. The caller closes it.
func openNPY(path string) (_ *os.File, _ *npyFile, err error) {
	info, err := os.Stat(path) // opening a pipe would wait for its writer
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, fmt.Errorf("%q is no regular file", path)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	n, err := readNPYHeader(f)
	if err == nil && n.offset+n.size > info.Size() {
		err = fmt.Errorf("it is cut off: its header says %s%s, which is %d bytes, and %d are there",
			n.dtype, shapeText(n.shape), n.size, max(info.Size()-n.offset, 0))
	}
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%q can't be read as .npy: %w", path, err), f.Close())
	}
	n.path = path
	return f, n, nil
}

func readNPYHeader(f *os.File) (n *npyFile, err error) {
	if err := checkNPYPrefix(f); err != nil {
		return nil, err
	}
	// npyio slices the header at places that it does not check.
	defer func() {
		if recover() != nil {
			n, err = nil, errors.New("its header is damaged")
		}
	}()
	r, err := npy.NewReader(f)
	if err != nil {
		return nil, err
	}
	n = &npyFile{fortran: r.Header.Descr.Fortran, shape: []int64{}}
	if n.offset, err = f.Seek(0, io.SeekCurrent); err != nil {
		return nil, err
	}
	code := strings.Trim(r.Header.Descr.Type, `'"`)
	var known bool
	if n.dtype, known = npyTypes[strings.TrimLeft(code, "<>|=")]; !known {
		return nil, fmt.Errorf("its type %q is none that a sample can have; convert it with numpy's astype", clip(code, 40))
	}
	n.bigEndian = strings.HasPrefix(code, ">")
	for _, d := range r.Header.Descr.Shape {
		n.shape = append(n.shape, int64(d))
	}
	var ok bool
	if n.size, ok = tensorSize(n.dtype, n.shape); !ok || len(n.shape) > maxRank {
		return nil, fmt.Errorf("its shape %s is more than %d GiB or no shape", clip(shapeText(n.shape), 100), maxBytes>>30)
	}
	if n.fortran = n.fortran && len(n.shape) > 1; n.fortran && n.size > maxFortran {
		return nil, fmt.Errorf("it is in Fortran order and larger than %d MiB; save numpy.ascontiguousarray of it", maxFortran>>20)
	}
	return n, nil
}

// checkNPYPrefix bounds the header's length, which npyio allocates as it
// stands in the file.
func checkNPYPrefix(f *os.File) error {
	var prefix [12]byte
	if _, err := f.ReadAt(prefix[:], 0); err != nil && err != io.EOF {
		return err
	}
	if !strings.HasPrefix(string(prefix[:]), "\x93NUMPY") {
		return errors.New("it does not begin as one")
	}
	if size := binary.LittleEndian.Uint32(prefix[8:]); prefix[6] > 1 && size > maxNPYHeader {
		return fmt.Errorf("its header of %d bytes is too long", size)
	}
	return nil
}

// writeTo writes the file's numbers as dtype, little-endian and in C order.
func (n *npyFile) writeTo(w io.Writer, dtype string) (err error) {
	f, now, err := openNPY(n.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if now.dtype != n.dtype || !slices.Equal(now.shape, n.shape) {
		return fmt.Errorf("%q was changed while it was used", n.path)
	}
	r := io.Reader(io.NewSectionReader(f, now.offset, now.size))
	width, _ := protocol.ElementSize(n.dtype)
	if now.fortran {
		if r, err = newTransposed(r, now, int(width)); err != nil {
			return fmt.Errorf("%q: %w", n.path, err)
		}
	}
	out, _ := protocol.ElementSize(dtype)
	convert := now.converter(dtype)
	buf, encoded := make([]byte, bufferSize), make([]byte, bufferSize/width*out)
	for left := now.size; left > 0; {
		raw := buf[:min(left, bufferSize)]
		if _, err := io.ReadFull(r, raw); err != nil {
			return fmt.Errorf("%q: %w", n.path, err)
		}
		left -= int64(len(raw))
		count := int64(len(raw)) / width
		for i := range count {
			convert(encoded[i*out:], raw[i*width:(i+1)*width])
		}
		if _, err := w.Write(encoded[:count*out]); err != nil {
			return err
		}
	}
	return nil
}

// converter returns the function that turns one number of the file into dtype.
func (n *npyFile) converter(dtype string) func(dst, src []byte) {
	var order binary.ByteOrder = binary.LittleEndian
	if n.bigEndian {
		order = binary.BigEndian
	}
	put := putFloat(dtype)
	switch {
	case n.dtype == "bool": // libtorch relies on 0 and 1
		return func(dst, src []byte) { dst[0] = min(src[0], 1) }
	case n.dtype == dtype:
		return func(dst, src []byte) {
			copy(dst, src)
			if n.bigEndian {
				slices.Reverse(dst[:len(src)])
			}
		}
	case n.dtype == "float16":
		return func(dst, src []byte) { put(dst, half(order.Uint16(src), 5)) }
	case n.dtype == "float32":
		return func(dst, src []byte) { put(dst, float64(math.Float32frombits(order.Uint32(src)))) }
	}
	return func(dst, src []byte) { put(dst, math.Float64frombits(order.Uint64(src))) }
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

func newTransposed(r io.Reader, n *npyFile, width int) (*transposed, error) {
	raw := make([]byte, n.size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	t := &transposed{raw: raw, width: width, shape: n.shape, index: make([]int64, len(n.shape)), left: len(raw)}
	stride := width
	for _, d := range n.shape {
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
