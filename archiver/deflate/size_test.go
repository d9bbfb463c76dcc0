package deflate

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os/exec"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

const classSize = 3 << 20

// classes are the kinds of data that model archives hold.
func classes() map[string][]byte {
	rng := rand.New(rand.NewPCG(7, 8))
	weight := func() float64 { return rng.NormFloat64() * 0.04 }
	floats := func(next func() float64) []byte {
		var b []byte
		for len(b) < classSize {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(float32(next())))
		}
		return b
	}
	integers := func(next func(i int) uint64) []byte {
		var b []byte
		for len(b) < classSize {
			b = binary.LittleEndian.AppendUint64(b, next(len(b)/8))
		}
		return b
	}
	words := make([]string, 3000)
	for i := range words {
		words[i] = fmt.Sprintf("%x", rng.Uint32N(1<<(4+4*rng.Uint32N(5))))
	}
	var text strings.Builder
	for text.Len() < classSize {
		fmt.Fprintf(&text, "%*s%s = self.%s(%s)\n", 4*rng.IntN(4), "", words[rng.IntN(100)], words[rng.IntN(500)], words[rng.IntN(3000)])
	}
	vocabulary := map[string]int{}
	for i := range 150_000 {
		vocabulary[words[i%3000]+fmt.Sprint(i)] = i
	}
	tokens, _ := json.MarshalIndent(vocabulary, "", "  ")
	row := floats(weight)[:3072]
	half := floats(weight)
	for i := 0; i < len(half); i += 8192 {
		clear(half[i:min(i+4096, len(half))])
	}
	bfloats := floats(weight)
	for i := 0; i+4 <= len(bfloats); i += 4 {
		copy(bfloats[i/2:], bfloats[i+2:i+4])
	}
	random := make([]byte, classSize)
	for i := range random {
		random[i] = byte(rng.Uint32())
	}
	c := map[string][]byte{
		"float32 weights":       floats(weight),
		"bfloat16 weights":      bfloats[:len(bfloats)/2],
		"float32 of bfloat16":   floats(func() float64 { return float64(math.Float32frombits(math.Float32bits(float32(weight())) &^ 0xffff)) }),
		"float32, 9 in 10 zero": floats(func() float64 { return weight() * float64(max(0, rng.IntN(10)-8)) }),
		"float32 of 256 values": floats(func() float64 { return float64(rng.IntN(256)) * 0.0123 }),
		"float32, a row again":  bytes.Repeat(row, classSize/len(row)),
		"float32, rows of zero": half,
		"int64 positions":       integers(func(i int) uint64 { return uint64(i) }),
		"int64 tokens":          integers(func(int) uint64 { return rng.Uint64N(30522) }),
		"int8 weights":          nil,
		"code":                  []byte(text.String()),
		"JSON":                  tokens,
		"zeros":                 make([]byte, classSize),
		"compressed":            random,
	}
	for range classSize {
		c["int8 weights"] = append(c["int8 weights"], byte(int8(rng.NormFloat64()*25)))
	}
	var mixed []byte
	for i := 0; len(mixed) < classSize; i++ {
		for _, name := range []string{"float32 weights", "code", "zeros", "int64 tokens"} {
			mixed = append(mixed, c[name][i*20_000:][:1+rng.IntN(150_000)]...)
		}
	}
	c["mixed"] = mixed
	return c
}

func TestEveryKindOfDataShrinksAsWithZlib6(t *testing.T) {
	for name, data := range classes() {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := NewWriter(&out)
			if _, err := w.Write(data); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			theirs := zlib(t, out.Bytes(), data)
			ratio := float64(out.Len()) / float64(theirs)
			t.Logf("%.2f%% of the input, %.3f of zlib -6", 100*float64(out.Len())/float64(len(data)), ratio)
			if ratio > 1.03 {
				t.Errorf("%d bytes became %d; zlib -6 makes %d", len(data), out.Len(), theirs)
			}
		})
	}
}

// zlib checks by Python's zlib that stream inflates to data, and returns how
// long zlib -6 would make it.
func zlib(t *testing.T, stream, data []byte) int {
	t.Helper()
	const script = `
import sys, zlib
n = int(sys.argv[1])
stream = sys.stdin.buffer.read(n)
data = sys.stdin.buffer.read()
d = zlib.decompressobj(-15)
assert d.decompress(stream) + d.flush() == data and d.eof and not d.unused_data
c = zlib.compressobj(6, zlib.DEFLATED, -15)
print(len(c.compress(data) + c.flush()))
`
	cmd := exec.Command(testtools.Command(t, "python3"), "-c", script, fmt.Sprint(len(stream)))
	cmd.Stdin = io.MultiReader(bytes.NewReader(stream), bytes.NewReader(data))
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("Python's zlib: %v", err)
	}
	var n int
	if _, err := fmt.Sscan(string(out), &n); err != nil {
		t.Fatal(err)
	}
	return n
}

func BenchmarkWriter(b *testing.B) {
	all := classes()
	for _, name := range []string{"float32 weights", "int8 weights", "int64 tokens", "code", "mixed"} {
		b.Run(name, func(b *testing.B) {
			w := NewWriter(io.Discard)
			b.SetBytes(int64(len(all[name])))
			for b.Loop() {
				w.Reset(io.Discard)
				if _, err := w.Write(all[name]); err != nil {
					b.Fatal(err)
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestTheStreamOfMixedDataDoesNotDependOnWhatCameBefore(t *testing.T) {
	data := classes()["mixed"]
	used := NewWriter(io.Discard)
	if _, err := used.Write(bytes.Repeat([]byte("something else "), 200_000)); err != nil {
		t.Fatal(err)
	}
	if err := used.Close(); err != nil {
		t.Fatal(err)
	}
	var streams [2]bytes.Buffer
	for i, w := range []*Writer{used, NewWriter(nil)} {
		w.Reset(&streams[i])
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(streams[0].Bytes(), streams[1].Bytes()) {
		t.Error("a used Writer makes another stream than a new one")
	}
}
