package deflate

import "encoding/binary"

const (
	// segmentSize is how much input is judged as one.
	segmentSize = 64 << 10
	// window is the farthest that a match can reach back (RFC 1951).
	window = 32 << 10

	probeStride = 16  // between the positions that are remembered
	probeParts  = 4   // of each segment, each with
	probeRun    = 256 // successive positions that are looked up
	probeBits   = 12  // of the table's index
)

// prober finds out cheaply whether input repeats itself within the window, so
// that a search for matches can pay. In trained weights four equal bytes are
// seldom met twice; in text, tables, masks and zero-filled tensors they are
// everywhere.
type prober struct {
	// table has the last position of each hash, and above it the bytes there.
	table [1 << probeBits]uint64
}

func (p *prober) reset() { clear(p.table[:]) }

// repeats says whether at least one of a hundred positions of buf[from:to] is
// met again. Segments must come in order. A small one is not judged: it is
// always worth the search.
func (p *prober) repeats(buf []byte, from, to int) bool {
	if to-from < probeRun*probeParts {
		return true
	}
	to -= 4 // what load reads
	hits, tries := 0, 0
	runHits, runTries := 0, 0
	for part := range probeParts {
		// Each part begins at another remainder, as numbers of 4 or 8 bytes
		// may differ in some of their bytes only.
		start := from + (to-from)*part/probeParts&^(probeStride-1) + part*5
		end := min(from+(to-from)*(part+1)/probeParts, to)
		for i := start; i < end; i += probeStride {
			v := load(buf, i)
			h := probeHash(v)
			hits += p.seen(v, h, i)
			p.table[h] = uint64(v)<<32 | uint64(i)
			tries++
		}
		// Text repeats itself at any distance, not only at those of the stride.
		for i := max(start, end-probeRun); i < end; i++ {
			v := load(buf, i)
			runHits += p.seen(v, probeHash(v), i)
			runTries++
		}
	}
	return hits*100 > tries || runHits*100 > runTries
}

// seen is 1 if the bytes v at i are those at the position remembered for h.
func (p *prober) seen(v, h uint32, i int) int {
	last := p.table[h]
	if at := int(uint32(last)); uint32(last>>32) == v && at != i && i-at <= window {
		return 1
	}
	return 0
}

func probeHash(v uint32) uint32 { return v * 0x9e3779b1 >> (32 - probeBits) }

func load(buf []byte, i int) uint32 { return binary.LittleEndian.Uint32(buf[i:]) }
