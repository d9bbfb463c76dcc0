package deflate

import (
	"bytes"
	stdflate "compress/flate"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/klauspost/compress/flate"
)

// fibonacci holds symbols so unequally frequent that an unlimited code would
// have 25 bits for the rarest.
func fibonacci() []byte {
	var data []byte
	for a, b, symbol := 1, 1, byte(0); len(data)+a <= literalsSize; a, b, symbol = b, a+b, symbol+1 {
		data = append(data, bytes.Repeat([]byte{symbol}, a)...)
	}
	return data
}

func inflateLiterals(t *testing.T, data []byte) (stream []byte) {
	t.Helper()
	stream = new(literals).append([]byte("before"), data)
	if !bytes.HasPrefix(stream, []byte("before")) {
		t.Fatalf("%d bytes: what stood before them was changed", len(data))
	}
	stream = stream[len("before"):]
	back, err := io.ReadAll(stdflate.NewReader(bytes.NewReader(append(slices.Clone(stream), endOfStream...))))
	if err != nil || !bytes.Equal(back, data) {
		t.Errorf("%d bytes don't inflate to themselves: %v", len(data), err)
	}
	return stream
}

func TestLiteralsInflateToThemselves(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 3*literalsSize+5)
	for i := range noise {
		noise[i] = byte(rng.NormFloat64() * 20)
	}
	for _, n := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 1000, storedSize, literalsSize - 1, literalsSize, literalsSize + 1, len(noise)} {
		inflateLiterals(t, noise[:n])
		inflateLiterals(t, bytes.Repeat([]byte{200}, n))
	}
	inflateLiterals(t, fibonacci())
}

func TestRandomBytesAreStored(t *testing.T) {
	data := make([]byte, 3*storedSize)
	rng := rand.NewChaCha8([32]byte{4})
	_, _ = rng.Read(data)
	if got, most := len(inflateLiterals(t, data)), len(data)+30; got > most {
		t.Errorf("%d random bytes became %d, more than %d", len(data), got, most)
	}
}

func TestCodesAreCompleteAndWithinTheirLimit(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		counts := make([]uint32, 2+rng.IntN(endOfBlock))
		for i := range counts {
			counts[i] = uint32(1<<rng.IntN(18)) * rng.Uint32N(3)
		}
		for _, limit := range []int{9, maxCode} {
			var b codeBuilder
			lengths := make([]uint8, len(counts))
			b.lengths(lengths, counts, limit)
			taken := 0
			for i, n := range lengths {
				if n > 0 {
					taken += 1 << limit >> n
				}
				if int(n) > limit || n == 0 && counts[i] > 0 {
					t.Fatalf("a symbol that occurs %d times has a code of %d bits; the limit is %d", counts[i], n, limit)
				}
			}
			if taken != 1<<limit {
				t.Fatalf("codes take %d of %d", taken, 1<<limit)
			}
		}
	}
}

func FuzzLiterals(f *testing.F) {
	f.Add([]byte("def forward(self, x): return x"), 3)
	f.Add(fibonacci()[:1000], 1)
	f.Fuzz(func(t *testing.T, data []byte, times int) {
		inflateLiterals(t, bytes.Repeat(data, min(max(times, 0), 100)))
	})
}

// The library's own writer of literals is what ours must beat to be worth its
// lines.
func BenchmarkLiterals(b *testing.B) {
	data := classes()["float32 weights"][:BlockSize]
	b.Run("ours", func(b *testing.B) {
		var l literals
		var out []byte
		b.SetBytes(BlockSize)
		for b.Loop() {
			out = l.append(out[:0], data)
		}
	})
	b.Run("klauspost", func(b *testing.B) {
		w, err := flate.NewWriter(io.Discard, flate.HuffmanOnly)
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(BlockSize)
		for b.Loop() {
			w.Reset(io.Discard)
			if _, err := w.Write(data); err != nil {
				b.Fatal(err)
			}
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
		}
	})
}
