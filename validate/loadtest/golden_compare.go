package loadtest

import (
	"errors"
	"io"
	"math"
	"math/cmplx"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/numpy"
)

// tolerances are those of torch.testing.assert_close, relative and absolute;
// whole numbers and bools are compared exactly.
var tolerances = map[string][2]float64{
	"float16": {1e-3, 1e-5}, "bfloat16": {1.6e-2, 1e-5}, "float32": {1.3e-6, 1e-5}, "float64": {1e-7, 1e-7},
	"complex32": {1e-3, 1e-5}, "complex64": {1.3e-6, 1e-5}, "complex128": {1e-7, 1e-7}, "float": {1e-7, 1e-7},
	"qint8": {1.3e-6, 1e-5}, "quint8": {1.3e-6, 1e-5}, "qint32": {1.3e-6, 1e-5},
}

// tolerance is the wider one of those of both dtypes, unless the user set it.
func (e *Expected) tolerance(o protocol.Output, a *numpy.Array) (rtol, atol float64) {
	given, wanted := tolerances[o.DType], tolerances[a.DType]
	rtol, atol = max(given[0], wanted[0]), max(given[1], wanted[1])
	if e.RTol != nil {
		rtol = *e.RTol
	}
	if e.ATol != nil {
		atol = *e.ATol
	}
	return rtol, atol
}

// class puts dtypes together that differ in their width alone.
func class(dtype string) string {
	switch {
	case dtype == "bool":
		return "bool"
	case strings.HasPrefix(dtype, "complex"):
		return "complex"
	case strings.HasPrefix(dtype, "float"), dtype == "bfloat16", strings.HasPrefix(dtype, "q"):
		return "float"
	}
	return "int"
}

// fits says that an output may be compared with an array: a file has other
// dtypes for some outputs, and people keep golden outputs in float64.
func fits(o protocol.Output, a *numpy.Array) bool {
	return class(o.DType) == class(a.DType) || class(o.Data) == class(a.DType)
}

// sameType says that the array has the output's dtype, or the one that stands
// for it in a file. Python's own numbers have no width.
func sameType(o protocol.Output, a *numpy.Array) bool {
	return slices.Contains([]string{o.DType, o.Data, savedType(o)}, a.DType) || isNumber(o)
}

// comparator compares the values of one output with the expected ones as they
// come in.
type comparator struct {
	result Compared
	want   io.ReadCloser // nil where the types don't fit
	buffer []byte
	got    element
	wanted element
	at     int64 // elements so far
	worst  extreme
	far    extreme // relative to the expected value
	err    error   // of want; nothing is compared after it
}

// compare begins the comparison of an output with an array.
func (e *Expected) compare(o protocol.Output, a *numpy.Array) *comparator {
	c := &comparator{result: Compared{Path: o.Path, Array: a.Name, DType: a.DType, Shape: a.Shape}}
	c.result.RTol, c.result.ATol = e.tolerance(o, a)
	if !fits(o, a) || !slices.Equal(o.Shape, a.Shape) {
		return c
	}
	c.result.Equal = true
	c.got, c.wanted = elementOf(o.Data), elementOf(a.DType)
	c.want, c.err = a.Open()
	return c
}

// Write takes whole elements of the output.
func (c *comparator) Write(p []byte) (int, error) {
	if c.want == nil || c.err != nil {
		return len(p), nil
	}
	n := len(p) / c.got.width
	size := n * c.wanted.width
	c.buffer = slices.Grow(c.buffer[:0], size)[:size]
	if _, c.err = io.ReadFull(c.want, c.buffer); c.err != nil {
		return len(p), nil
	}
	for i := range n {
		c.compare(p[i*c.got.width:], c.buffer[i*c.wanted.width:])
		c.at++
	}
	return len(p), nil
}

// close ends the comparison; the reader of a zip file checks its sum only at
// the end.
func (c *comparator) close() error {
	c.result.Absolute, c.result.Relative = c.difference(c.worst), c.difference(c.far)
	if c.want == nil {
		return c.err
	}
	if c.err == nil {
		_, c.err = io.Copy(io.Discard, c.want)
	}
	return errors.Join(c.err, c.want.Close())
}

func (c *comparator) compare(got, want []byte) {
	var distance, size float64
	if c.got.whole != nil && c.wanted.whole != nil {
		g, w := c.got.whole(got), c.wanted.whole(want)
		if g == w {
			return
		}
		distance, size = wholeDistance(g, w), math.Abs(float64(w))
	} else {
		g, w := c.got.number(got), c.wanted.number(want)
		if g == w || isNaN(g) && isNaN(w) {
			return
		}
		distance, size = cmplx.Abs(g-w), cmplx.Abs(w)
	}
	if !isFinite(distance) || distance > c.result.ATol+c.result.RTol*size {
		c.result.Beyond++
		c.result.Equal = false
	}
	c.worst.note(distance, c.at, got[:c.got.width], want[:c.wanted.width])
	if size != 0 && isFinite(size) {
		c.far.note(distance/size, c.at, got[:c.got.width], want[:c.wanted.width])
	}
}

// extreme is the largest of some differences; its values stay bytes, because
// many a difference is the largest so far.
type extreme struct {
	size      float64 // 0 where there is none
	at        int64
	got, want [16]byte
}

func (e *extreme) note(size float64, at int64, got, want []byte) {
	if size = rankOf(size); size > e.size {
		e.size, e.at = size, at
		copy(e.got[:], got)
		copy(e.want[:], want)
	}
}

// rankOf lets what is not finite be the largest.
func rankOf(distance float64) float64 {
	if !isFinite(distance) {
		return math.Inf(1)
	}
	return distance
}

func (c *comparator) difference(e extreme) *Difference {
	if e.size == 0 {
		return nil
	}
	d := &Difference{Index: make([]int64, len(c.result.Shape)), Expected: c.wanted.text(e.want[:]), Got: c.got.text(e.got[:])}
	if isFinite(e.size) {
		d.Size = &e.size
	}
	at := e.at
	for i := len(d.Index) - 1; i >= 0; i-- {
		d.Index[i] = at % c.result.Shape[i]
		at /= c.result.Shape[i]
	}
	return d
}

// wholeDistance does not overflow.
func wholeDistance(a, b int64) float64 {
	if a < b {
		a, b = b, a
	}
	return float64(uint64(a) - uint64(b))
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

func isNaN(v complex128) bool { return math.IsNaN(real(v)) || math.IsNaN(imag(v)) }
