package sample

import (
	"bufio"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/numpy"
)

// tensor is one tensor of a sample, whose numbers are made when they are
// written. Its dtype, shape and source are known and fit each other.
type tensor struct {
	dtype  string
	shape  []int64
	size   int64 // bytes
	source source
	file   *numpy.Array // for fromFile
	seed   [2]uint64
}

const bufferSize = 64 << 10

// writeTo streams the numbers, little-endian and in C order.
func (t tensor) writeTo(w io.Writer) error {
	if t.file != nil {
		return t.writeFile(w)
	}
	width, _ := protocol.ElementSize(t.dtype)
	buf := make([]byte, min(t.size, bufferSize))
	put := t.source.elements(t.dtype, t.seed)
	for left := t.size; left > 0; left -= int64(len(buf)) {
		buf = buf[:min(left, int64(len(buf)))]
		for i := int64(0); i < int64(len(buf)); i += width {
			put(buf[i:])
		}
		if _, err := w.Write(buf); err != nil {
			return err
		}
	}
	return nil
}

// elements returns the function that writes the next number.
func (s source) elements(dtype string, seed [2]uint64) func(dst []byte) {
	rng := rand.New(rand.NewPCG(seed[0], seed[1]))
	if s.kind == random {
		put, scale := putFloat(dtype), uint64(1)<<significand[dtype]
		return func(dst []byte) { put(dst, float64(rng.Uint64N(scale))/float64(scale)) }
	}
	put := putInt(dtype)
	next := int64(0)
	switch s.kind {
	case ones:
		return func(dst []byte) { put(dst, 1) }
	case arange:
		return func(dst []byte) {
			put(dst, next)
			if next++; next == s.high {
				next = 0
			}
		}
	case randint:
		span := uint64(s.high) - uint64(s.low)
		return func(dst []byte) { put(dst, int64(uint64(s.low)+rng.Uint64N(span))) }
	}
	return func(dst []byte) { put(dst, 0) }
}

// defaultSource is the source of a tensor that was written without one.
func defaultSource(name, dtype string, shape []int64) source {
	r := roleOf(name)
	if r == positions && len(shape) > 0 {
		last := shape[len(shape)-1]
		rows, _ := tensorSize("bool", shape[:len(shape)-1])
		if rows != 1 && last > 0 && last-1 <= wholeRange[dtype].high {
			return source{kind: arange, high: last}
		}
		if rows != 1 {
			r = tokenIDs
		}
	}
	return roleSource(r, dtype)
}

// roleSource is the source for a tensor of one row.
func roleSource(r role, dtype string) source {
	isBool := dtype == "bool"
	whole := !isBool && !slices.Contains(floats, dtype)
	switch {
	case r == paddingMask, r == pairMask && isBool, r == segments && whole:
		return source{kind: zeros}
	case r == mask, r == pairMask, r == otherMask, isBool:
		return source{kind: ones}
	case r == positions:
		return source{kind: arange}
	case whole:
		return source{kind: arange, high: 4}
	}
	return source{kind: random}
}

// Input is one argument of forward in a sample.
type Input struct {
	Name  string
	Value protocol.Value
	// Spec is the input as a user would write it; Parse and Build make the
	// same input of it, with the same seed.
	Spec string
	// Source says where the input came from: `max_length 150 in
	// "setup_config.json"`, `--sample`, `the built-in image_classifier`.
	Source string
}

// Flag returns the input as a flag that a shell takes as it stands.
func (in Input) Flag() string {
	return flag(in.Spec)
}

func flag(spec string) string {
	return "--sample '" + strings.ReplaceAll(spec, "'", `'\''`) + "'"
}

// Sample is the inputs of one forward, in its order. Arguments at the end that
// have defaults may be missing.
type Sample struct {
	Inputs  []Input
	tensors []tensor
}

// WriteData writes the bytes of all tensors in the order of the protocol:
// little-endian, C order, as a depth-first walk meets them. Numbers are made
// while they are written, and files are read in pieces.
func (s *Sample) WriteData(w io.Writer) error {
	b := bufio.NewWriterSize(w, bufferSize)
	for _, t := range s.tensors {
		if err := t.writeTo(b); err != nil {
			return err
		}
	}
	return b.Flush()
}

// DataSize returns how many bytes WriteData writes.
func (s *Sample) DataSize() int64 {
	var size int64
	for _, t := range s.tensors {
		size += t.size
	}
	return size
}

// baseName strips what tracing adds to an argument's name: "input.1" is input.
func baseName(name string) string {
	stem, ok := strings.CutSuffix(strings.TrimRight(name, "0123456789"), ".")
	if !ok || stem == "" || strings.HasSuffix(name, ".") {
		return name
	}
	return stem
}
