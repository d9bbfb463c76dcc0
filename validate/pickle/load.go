package pickle

import "io"

// DefaultMemory is a budget for [Load] that fits models of some 20,000
// tensors.
const DefaultMemory = 24 << 20

// Load reads one pickle and returns its value, which takes about memory bytes
// at most. Strings beyond 64 KiB are Unknown.
//
// The error wraps ErrMalformed or ErrTooLarge, io.ErrUnexpectedEOF where the
// pickle is cut, is io.EOF where r is at its end, or comes from r.
func Load(r io.Reader, memory int64) (Value, error) {
	return NewDecoder(r, memory).Next()
}

// Decoder reads the pickles that follow each other in a file.
type Decoder struct {
	// Referred, where set, is told of each persistent id.
	Referred func(id Value)

	src    *source
	memory int64
}

// NewDecoder returns a Decoder; each value takes about memory bytes at most.
func NewDecoder(r io.Reader, memory int64) *Decoder {
	return &Decoder{src: newSource(r, sourceBuffer), memory: memory}
}

// Next reads the next pickle; its errors are those of Load.
func (d *Decoder) Next() (Value, error) {
	m := newMachine(d.src, d.memory, true)
	m.referred = d.Referred
	return m.run()
}

// Offset is how many bytes the pickles so far took.
func (d *Decoder) Offset() int64 { return d.src.pos }
