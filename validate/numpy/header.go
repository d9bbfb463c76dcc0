package numpy

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"codeberg.org/sbinet/npyio/npy"
)

// layout is how the elements of an array lie in the file.
type layout struct {
	header    int64 // bytes before them
	bigEndian bool
	fortran   bool
}

// dtypes maps NumPy's codes to the dtypes.
var dtypes = func() map[string]string {
	m := map[string]string{}
	for dtype, code := range codes {
		m[code] = dtype
	}
	return m
}()

// readHeader reads the header of a .npy and returns the reader of what follows
// it.
func readHeader(r io.Reader) (a Array, rest io.Reader, err error) {
	buffered := bufio.NewReaderSize(r, bufferSize)
	length, err := headerLength(buffered)
	if err != nil {
		return a, nil, err
	}
	// npyio slices the header at places that it does not check.
	defer func() {
		if recover() != nil {
			err = errors.New("its header is damaged")
		}
	}()
	n, err := npy.NewReader(buffered)
	if err != nil {
		return a, nil, err
	}
	a, err = parse(n.Header)
	a.layout.header = length
	return a, buffered, err
}

// headerLength bounds the header's length, which npyio allocates as it stands
// in the file, and returns it with what stands before it.
func headerLength(r *bufio.Reader) (int64, error) {
	prefix, err := r.Peek(12)
	if err != nil && err != io.EOF {
		return 0, err
	}
	if len(prefix) < 12 || !strings.HasPrefix(string(prefix), "\x93NUMPY") {
		return 0, errors.New("it does not begin as one")
	}
	if prefix[6] == 1 {
		return 10 + int64(binary.LittleEndian.Uint16(prefix[8:])), nil
	}
	size := int64(binary.LittleEndian.Uint32(prefix[8:]))
	if size > maxHeader {
		return 0, fmt.Errorf("its header of %d bytes is too long", size)
	}
	return 12 + size, nil
}

func parse(h npy.Header) (Array, error) {
	a := Array{Shape: []int64{}}
	code := strings.Trim(h.Descr.Type, `'"`)
	var known bool
	if a.DType, known = dtypes[strings.TrimLeft(code, "<>|=")]; !known {
		return a, fmt.Errorf("its type %q has no equal among tensors; convert it with numpy's astype", clip(code))
	}
	a.layout.bigEndian = strings.HasPrefix(code, ">")
	for _, d := range h.Descr.Shape {
		a.Shape = append(a.Shape, int64(d))
	}
	var ok bool
	if a.Size, ok = size(widths[a.DType], a.Shape); !ok {
		return a, fmt.Errorf("its shape %s is more than %d GiB or no shape", clip(fmt.Sprint(a.Shape)), maxSize>>30)
	}
	if a.layout.fortran = h.Descr.Fortran && len(a.Shape) > 1; a.layout.fortran && a.Size > maxFortran {
		return a, fmt.Errorf("it is in Fortran order and larger than %d MiB; save numpy.ascontiguousarray of it", maxFortran>>20)
	}
	return a, nil
}

// size returns the bytes of an array, and whether they are within bounds.
func size(width int64, shape []int64) (int64, bool) {
	if len(shape) > maxRank {
		return 0, false
	}
	product, empty := width, false
	for _, d := range shape {
		if d < 0 || d > maxSize/product {
			return 0, false
		}
		empty = empty || d == 0
		product *= max(d, 1)
	}
	if empty {
		return 0, true
	}
	return product, true
}

func clip(text string) string {
	const limit = 100
	if len(text) <= limit {
		return text
	}
	return strings.ToValidUTF8(text[:limit], "") + "…"
}
