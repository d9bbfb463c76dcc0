package deflate

import (
	"math"

	"github.com/klauspost/compress/flate"
)

// maxBlockOverhead is how much longer a block can get: the headers of stored
// pieces, for which the compressor falls back at the worst, and the flush.
const maxBlockOverhead = 5*(BlockSize/32768+1) + 64

// encoder compresses blocks, one after another.
type encoder struct {
	writers map[int]*flate.Writer // by level, made when first needed
	out     buffer
}

// buffer is an io.Writer that appends.
type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

func newEncoder() *encoder { return &encoder{writers: make(map[int]*flate.Writer)} }

// encode appends to out the compressed form of in, ending at a byte boundary
// and without a final block.
func (e *encoder) encode(out, in []byte) ([]byte, error) {
	if out == nil {
		out = make([]byte, 0, len(in)+maxBlockOverhead)
	}
	e.out = out
	level := choose(in)
	w := e.writers[level]
	if w == nil {
		var err error
		if w, err = flate.NewWriter(&e.out, level); err != nil {
			return nil, err
		}
		e.writers[level] = w
	}
	w.Reset(&e.out)
	if _, err := w.Write(in); err != nil {
		return nil, err
	}
	err := w.Flush()
	return e.out, err
}

// choose picks the level for one block.
func choose(in []byte) int {
	var counts [256]int
	for _, b := range in {
		counts[b]++
	}
	bits := 0.0
	for _, c := range counts {
		if c > 0 {
			bits -= float64(c) * math.Log2(float64(c)/float64(len(in)))
		}
	}
	if bits/float64(len(in)) > 7 {
		return flate.HuffmanOnly
	}
	return 6
}
