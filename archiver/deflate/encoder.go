package deflate

import (
	"bytes"

	"github.com/klauspost/compress/flate"
)

const (
	// maxBlockOverhead is how much longer a block can get: each segment is
	// stored at the worst, with a header for each 32 KiB, and flushed.
	maxBlockOverhead = BlockSize / segmentSize * 5 * 4
	// sampleSize is how much of a run is compressed to choose the level.
	sampleSize = 64 << 10
	// trySize is the least for which it pays to try several levels: to begin
	// anew costs the thorough ones as much as some thousand bytes.
	trySize = 1 << 10
)

// searching are the levels of which the one that does best on a sample is
// used where input repeats itself. None is always the best: they differ in the
// shortest match they take (4 bytes) and in how many they look at.
var searching = []int{7, 6, 8, flate.HuffmanOnly}

// encoder compresses blocks, one after another.
type encoder struct {
	prober   prober
	literals literals
	writers  map[int]*flate.Writer // by level, made when first needed
	out      buffer
	sample   buffer
	repeats  []bool
	zeros    []byte // what a full block of zeros after zeros becomes
}

// buffer is an io.Writer that appends.
type buffer []byte

func (b *buffer) Write(p []byte) (int, error) {
	*b = append(*b, p...)
	return len(p), nil
}

func newEncoder() *encoder { return &encoder{writers: make(map[int]*flate.Writer)} }

// encode appends to out the compressed form of buf[start:], ending at a byte
// boundary and without a final block. Matches may reach into buf[:start];
// alone says that none does.
func (e *encoder) encode(out, buf []byte, start int) (_ []byte, alone bool, err error) {
	zeros := len(buf) == window+BlockSize && bytes.Equal(buf[1:], buf[:len(buf)-1]) && buf[0] == 0
	if zeros && e.zeros != nil {
		return append(out, e.zeros...), false, nil
	}
	e.out, alone = out, true
	repeats := e.judge(buf, start)
	for i := 0; i < len(repeats); {
		end := i + 1
		for end < len(repeats) && repeats[end] == repeats[i] {
			end++
		}
		from, to := start+i*segmentSize, start+end*segmentSize
		if end == len(repeats) {
			to = len(buf)
		}
		level, dict := flate.HuffmanOnly, buf[:0]
		if repeats[i] {
			if level, err = e.choose(buf[from:to]); err != nil {
				return nil, false, err
			}
		}
		if level != flate.HuffmanOnly {
			dict = buf[max(0, from-window):from]
			alone = alone && (start == 0 || from-start >= window)
		}
		if err := e.compress(&e.out, level, dict, buf[from:to]); err != nil {
			return nil, false, err
		}
		i = end
	}
	if zeros {
		e.zeros = bytes.Clone(e.out[len(out):])
	}
	return e.out, alone, nil
}

// judge says of each segment from start on whether it repeats itself. The last
// has what is left, up to two segments less a byte.
func (e *encoder) judge(buf []byte, start int) []bool {
	e.prober.reset()
	e.repeats = e.repeats[:0]
	for n := max(1, (len(buf)-start)/segmentSize); n > 0; n-- {
		end := start + segmentSize
		if n == 1 {
			end = len(buf)
		}
		e.repeats = append(e.repeats, e.prober.repeats(buf, start, end))
		start = end
	}
	return e.repeats
}

// choose returns the level that makes the least of a sample from the middle of
// data; the first of those within two in a hundred of it.
func (e *encoder) choose(data []byte) (int, error) {
	if len(data) < trySize {
		return searching[1], nil
	}
	from := (len(data) - sampleSize) / 2
	if from > 0 {
		data = data[from : from+sampleSize]
	}
	best, least := flate.HuffmanOnly, len(data)+len(data)/20
	for _, level := range searching {
		e.sample = e.sample[:0]
		if err := e.compress(&e.sample, level, nil, data); err != nil {
			return 0, err
		}
		if n := len(e.sample); n+n/50 < least {
			best, least = level, n
		}
	}
	return best, nil
}

// compress appends data to out, up to a byte boundary.
func (e *encoder) compress(out *buffer, level int, dict, data []byte) error {
	if level == flate.HuffmanOnly {
		*out = e.literals.append(*out, data)
		return nil
	}
	w := e.writers[level]
	if w == nil {
		var err error
		if w, err = flate.NewWriter(out, level); err != nil {
			return err
		}
		e.writers[level] = w
	}
	w.ResetDict(out, dict) // Reset would bring the last dictionary back
	if _, err := w.Write(data); err != nil {
		return err
	}
	return w.Flush()
}
