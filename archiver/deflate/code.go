package deflate

import (
	"math/bits"
	"slices"
)

// codeBuilder makes Huffman codes.
type codeBuilder struct {
	sorted [endOfBlock + 1]uint64 // count << 16 | symbol, of those that occur
	depths [endOfBlock + 1]uint32
}

// lengths fills in the length of each symbol's code, 0 for those that do not
// occur and at most limit for the others. Two codes at least are made, as some
// inflaters want.
func (b *codeBuilder) lengths(lengths []uint8, counts []uint32, limit int) {
	used := b.sorted[:0]
	for symbol, n := range counts {
		if n > 0 {
			used = append(used, uint64(n)<<16|uint64(symbol))
		}
	}
	for symbol := 0; len(used) < 2; symbol++ {
		if counts[symbol] == 0 {
			used = append(used, uint64(symbol))
		}
	}
	slices.Sort(used)
	depths := b.depths[:len(used)]
	for i, u := range used {
		depths[i] = uint32(u >> 16)
	}
	huffman(depths)
	limitDepths(depths, uint32(limit))
	clear(lengths)
	for i, u := range used {
		lengths[u&0xffff] = uint8(depths[i])
	}
}

// huffman turns counts, rising, into the lengths of their codes, falling. It is
// the method of Moffat and Katajainen (In-place calculation of minimum-
// redundancy codes, 1995), which needs no tree: a holds first the weights of
// the inner nodes, then the places of their parents, then depths.
func huffman(a []uint32) {
	n := len(a)
	leaf, node := 0, 0
	least := func(next int) uint32 {
		if leaf >= n || node < next && a[node] < a[leaf] {
			weight := a[node]
			a[node] = uint32(next)
			node++
			return weight
		}
		leaf++
		return a[leaf-1]
	}
	for next := range n - 1 {
		weight := least(next)
		a[next] = weight + least(next)
	}
	a[n-2] = 0 // the root
	for i := n - 3; i >= 0; i-- {
		a[i] = a[a[i]] + 1
	}
	inner, next := n-2, n-1
	for depth, places := uint32(0), 1; places > 0; depth++ {
		nodes := 0
		for ; inner >= 0 && a[inner] == depth; inner-- {
			nodes++
		}
		for ; places > nodes; places-- {
			a[next] = depth
			next--
		}
		places = 2 * nodes
	}
}

// limitDepths shortens codes to limit, as annex K.2 of the JPEG standard does: of
// two codes that are too long, the one gets the place that both had, and the
// other shares that of a shorter code.
func limitDepths(depths []uint32, limit uint32) {
	var symbols [64]int // at each depth
	for _, d := range depths {
		symbols[d]++
	}
	for deep := depths[0]; deep > limit; deep-- {
		for symbols[deep] > 0 {
			shared := deep - 2
			for symbols[shared] == 0 {
				shared--
			}
			symbols[deep] -= 2
			symbols[deep-1]++
			symbols[shared]--
			symbols[shared+1] += 2
		}
	}
	next := 0
	for depth := min(depths[0], limit); depth > 0; depth-- {
		for range symbols[depth] {
			depths[next] = depth
			next++
		}
	}
}

// assignCodes gives symbols with the lengths their codes (RFC 1951, 3.2.2).
func assignCodes(codes []uint16, lengths []uint8) {
	var next [16]uint16
	for _, n := range lengths {
		next[n]++
	}
	first := uint16(0)
	for n := 1; n < len(next); n++ {
		count := next[n]
		next[n] = first
		first = (first + count) << 1
	}
	for symbol, n := range lengths {
		if n > 0 {
			codes[symbol] = bits.Reverse16(next[n]) >> (16 - n) // the stream begins with the highest bit
			next[n]++
		}
	}
}

// codeHeader is the beginning of a block: the lengths of its codes, themselves
// in a code (RFC 1951, 3.2.7).
type codeHeader struct {
	symbols []lengthSymbol
	counts  [19]uint32
	lengths [19]uint8
	codes   [19]uint16
}

// lengthSymbol is a length, or a repetition of one with its extra bits.
type lengthSymbol struct {
	symbol, extra uint8
}

const (
	repeatLast  = 16 // 3 to 6 times, 2 extra bits
	repeatZero  = 17 // 3 to 10 times, 3 extra bits
	repeatZeros = 18 // 11 to 138 times, 7 extra bits

	maxLengthCode = 7
)

var (
	lengthOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	extraBits   = [19]uint8{repeatLast: 2, repeatZero: 3, repeatZeros: 7}
)

// plan encodes the lengths of the 257 literal codes, and of two codes for
// distances, which no one uses and some inflaters want.
func (h *codeHeader) plan(b *codeBuilder, literals []uint8) {
	h.symbols, h.counts = h.symbols[:0], [19]uint32{}
	for i := 0; i < len(literals); {
		run := 1
		for i+run < len(literals) && literals[i+run] == literals[i] {
			run++
		}
		h.add(literals[i], run)
		i += run
	}
	h.add(1, 2)
	b.lengths(h.lengths[:], h.counts[:], maxLengthCode)
	assignCodes(h.codes[:], h.lengths[:])
}

// add encodes run times the same length.
func (h *codeHeader) add(length uint8, run int) {
	if length != 0 {
		h.put(length, 0)
		run--
	}
	for run >= 3 {
		symbol, n, least := uint8(repeatLast), min(run, 6), 3
		switch {
		case length == 0 && run > 10:
			symbol, n, least = repeatZeros, min(run, 138), 11
		case length == 0:
			symbol, n = repeatZero, run
		}
		h.put(symbol, n-least)
		run -= n
	}
	for ; run > 0; run-- {
		h.put(length, 0)
	}
}

func (h *codeHeader) put(symbol uint8, extra int) {
	h.symbols = append(h.symbols, lengthSymbol{symbol, uint8(extra)})
	h.counts[symbol]++
}

// size is the number of bits that write appends.
func (h *codeHeader) size() int {
	n := 3 + 5 + 5 + 4 + 3*h.last()
	for symbol, count := range h.counts {
		n += int(count) * int(h.lengths[symbol]+extraBits[symbol])
	}
	return n
}

// last is how many lengths of the code for lengths are written.
func (h *codeHeader) last() int {
	n := len(lengthOrder)
	for n > 4 && h.lengths[lengthOrder[n-1]] == 0 {
		n--
	}
	return n
}

func (h *codeHeader) write(w *bitWriter) {
	w.bits(0b100, 3) // not the last block, codes of its own
	w.bits(0, 5)     // 257 literals
	w.bits(1, 5)     // 2 distances
	last := h.last()
	w.bits(uint16(last-4), 4)
	for _, symbol := range lengthOrder[:last] {
		w.bits(uint16(h.lengths[symbol]), 3)
	}
	for _, s := range h.symbols {
		w.bits(h.codes[s.symbol], h.lengths[s.symbol])
		w.bits(uint16(s.extra), extraBits[s.symbol])
	}
}
