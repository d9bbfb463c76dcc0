package deflate

import (
	"encoding/binary"
	"slices"
)

// Input without repetitions is most of a model, and most of the time that
// packing takes goes into writing its Huffman codes. This file does that alone,
// several times faster than a general compressor: blocks of RFC 1951 section
// 3.2.7 that hold literals and no match.

const (
	// literalsSize is how much input shares a code. A code costs some 80 bytes
	// and the time to make it; trained weights have much the same bytes for long.
	literalsSize = 256 << 10
	// maxCode is the longest code of a literal, one bit less than the format
	// allows: four of them and the 7 bits that may be left fill 64 bits at most.
	maxCode = 14
	// endOfBlock is the symbol after the 256 literals.
	endOfBlock = 256
	// storedSize is the most that one stored block holds.
	storedSize = 1<<16 - 1
)

// literals writes literal-only blocks.
type literals struct {
	counts  [4][256]uint32 // of every fourth byte, so that increments don't wait for each other
	total   [endOfBlock + 1]uint32
	lengths [endOfBlock + 1]uint8
	codes   [endOfBlock + 1]uint16
	builder codeBuilder
	header  codeHeader
}

// append appends blocks that hold data, and an empty stored block that ends
// them at a byte boundary.
func (l *literals) append(out, data []byte) []byte {
	w := bitWriter{out: out}
	for len(data) > 0 {
		n := min(len(data), literalsSize)
		l.block(&w, data[:n])
		data = data[n:]
	}
	w.stored(nil)
	return w.out
}

func (l *literals) block(w *bitWriter, data []byte) {
	l.count(data)
	l.builder.lengths(l.lengths[:], l.total[:], maxCode)
	l.header.plan(&l.builder, l.lengths[:])
	bits := l.header.size()
	for i, n := range l.lengths {
		bits += int(l.total[i]) * int(n)
	}
	if bits >= 8*len(data) {
		w.stored(data)
		return
	}
	assignCodes(l.codes[:], l.lengths[:])
	l.header.write(w)
	w.grow(bits/8 + 16)
	w.literals(data, &l.codes, &l.lengths)
	w.bits(l.codes[endOfBlock], l.lengths[endOfBlock])
}

func (l *literals) count(data []byte) {
	l.counts = [4][256]uint32{}
	for ; len(data) >= 8; data = data[8:] {
		v := binary.LittleEndian.Uint64(data)
		l.counts[0][byte(v)]++
		l.counts[1][byte(v>>8)]++
		l.counts[2][byte(v>>16)]++
		l.counts[3][byte(v>>24)]++
		l.counts[0][byte(v>>32)]++
		l.counts[1][byte(v>>40)]++
		l.counts[2][byte(v>>48)]++
		l.counts[3][byte(v>>56)]++
	}
	for _, b := range data {
		l.counts[0][b]++
	}
	for i := range 256 {
		l.total[i] = l.counts[0][i] + l.counts[1][i] + l.counts[2][i] + l.counts[3][i]
	}
	l.total[endOfBlock] = 1
}

// bitWriter appends bits, the lowest of a byte first.
type bitWriter struct {
	out  []byte
	held uint64
	n    uint // bits of held, at most 7 between calls of literals
}

// grow makes room, so that the bytes of the next n need none made.
func (w *bitWriter) grow(n int) { w.out = slices.Grow(w.out, n) }

// bits appends the lowest n bits of value; the others are 0.
func (w *bitWriter) bits(value uint16, n uint8) {
	w.held |= uint64(value) << w.n
	w.n += uint(n)
	for ; w.n >= 8; w.n -= 8 {
		w.out = append(w.out, byte(w.held))
		w.held >>= 8
	}
}

// stored appends data as stored blocks, one at least, the last of which ends
// at a byte boundary as all do.
func (w *bitWriter) stored(data []byte) {
	for {
		n := min(len(data), storedSize)
		w.bits(0, 3) // stored, and not the last
		if w.n > 0 {
			w.bits(0, uint8(8-w.n))
		}
		w.out = binary.LittleEndian.AppendUint16(w.out, uint16(n))
		w.out = binary.LittleEndian.AppendUint16(w.out, ^uint16(n))
		w.out = append(w.out, data[:n]...)
		if data = data[n:]; len(data) == 0 {
			return
		}
	}
}

// literals appends the codes of data, for which grow has made room with 8 bytes
// to spare: they are written 8 at once, and what is too much is overwritten.
func (w *bitWriter) literals(data []byte, codes *[endOfBlock + 1]uint16, lengths *[endOfBlock + 1]uint8) {
	out, at := w.out[:cap(w.out)], len(w.out)
	held, n := w.held, w.n
	for ; len(data) >= 4; data = data[4:] {
		four := (*[4]byte)(data)
		held |= uint64(codes[four[0]]) << (n & 63)
		n += uint(lengths[four[0]])
		held |= uint64(codes[four[1]]) << (n & 63)
		n += uint(lengths[four[1]])
		held |= uint64(codes[four[2]]) << (n & 63)
		n += uint(lengths[four[2]])
		held |= uint64(codes[four[3]]) << (n & 63)
		n += uint(lengths[four[3]])
		binary.LittleEndian.PutUint64(out[at:], held)
		at += int(n >> 3)
		held >>= n &^ 7 & 63 // the masks spare the compiler a comparison
		n &= 7
	}
	w.out, w.held, w.n = out[:at], held, n
	for _, b := range data {
		w.bits(codes[b], lengths[b])
	}
}
