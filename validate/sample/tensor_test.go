package sample

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"testing"

	"go-model-archiver/validate/loadtest/protocol"
)

// data builds the samples for Any arguments and returns their bytes.
func data(t testing.TB, seed int64, texts ...string) []byte {
	t.Helper()
	args := make([]protocol.Argument, len(texts))
	for i := range args {
		args[i] = protocol.Argument{Name: string(rune('a' + i)), Type: "Any"}
	}
	s, err := Build(parseAll(t, texts...), args, Settings{}, seed)
	if err != nil {
		t.Fatal(err)
	}
	return written(t, s)
}

func TestWritingEndsWithTheFirstError(t *testing.T) {
	s, err := Build(parseAll(t, "uint8[4294967296]=zeros"), arguments("x: Tensor"), Settings{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	r, w := io.Pipe()
	gone := errors.New("the worker has gone")
	if err := r.CloseWithError(gone); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteData(w); !errors.Is(err, gone) {
		t.Errorf("got %v, want %v", err, gone)
	}
}

func TestTensorsAreLittleEndianInTheOrderOfTheProtocol(t *testing.T) {
	for text, want := range map[string][]byte{
		"int64[2]":                  {0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0},
		"int32[2]=arange":           {0, 0, 0, 0, 1, 0, 0, 0},
		"int16[3]=arange(2)":        {0, 0, 1, 0, 0, 0},
		"int8[1]=randint(-1,0)":     {0xff},
		"uint8[6]":                  {0, 1, 2, 3, 0, 1},
		"uint8[1]=randint(255,256)": {255},
		"bool[3]":                   {1, 1, 1},
		"bool[3]=arange(2)":         {0, 1, 0},
		"float64[1]=ones":           {0, 0, 0, 0, 0, 0, 0xf0, 0x3f},
		"float32[3]=arange":         {0, 0, 0, 0, 0, 0, 0x80, 0x3f, 0, 0, 0, 0x40},
		"float16[3]=arange":         {0, 0, 0, 0x3c, 0, 0x40},
		"bfloat16[3]=arange":        {0, 0, 0x80, 0x3f, 0, 0x40},
		"float32[]=ones":            {0, 0, 0x80, 0x3f},
		"float32[0,5]":              {},
		"none":                      {},
		"int=3":                     {},
		`{"a": (uint8[1]=ones, [uint8[2]=arange]), 5: uint8[1]=zeros}`: {1, 0, 1, 0},
	} {
		if got := data(t, 0, text); !bytes.Equal(got, want) {
			t.Errorf("%s is % x, want % x", text, got, want)
		}
	}
}

func TestValuesAreThoseOfTheProtocol(t *testing.T) {
	s, err := Build(parseAll(t, `({"k": float32[2,0], 7: none}, int=-3, float=nan, bool=true, str=a)`), arguments("x: Any"), Settings{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	v := s.Inputs[0].Value
	dict := v.Items[0].Items
	if v.Kind != protocol.Tuple || v.Items[0].Kind != protocol.Dict || len(dict) != 4 ||
		dict[0].Kind != protocol.Str || dict[0].Text != "k" || dict[2].Kind != protocol.Int || dict[2].Int != 7 ||
		dict[1].Kind != protocol.Tensor || dict[1].DType != "float32" || len(dict[1].Shape) != 2 || dict[1].Shape[0] != 2 ||
		dict[3].Kind != protocol.None || v.Items[1].Int != -3 || v.Items[2].Text != "NaN" || v.Items[3].Int != 1 || v.Items[4].Text != "a" {
		t.Errorf("got %+v", v)
	}
}

func TestTheSeedFixesTheRandomNumbers(t *testing.T) {
	one := data(t, 1, "float32[1000]=random", "int64[1000]=randint(0,1000)")
	if !bytes.Equal(one, data(t, 1, "float32[1000]=random", "int64[1000]=randint(0,1000)")) {
		t.Error("the same seed gives other numbers")
	}
	if bytes.Equal(one, data(t, 2, "float32[1000]=random", "int64[1000]=randint(0,1000)")) {
		t.Error("another seed gives the same numbers")
	}
	if other := data(t, 1, "[float32[7], float32[7]]", "int64[1000]=randint(0,1000)"); !bytes.Equal(one[4000:], other[56:]) {
		t.Error("another first argument changes the numbers of the second")
	}
	if twice := data(t, 1, "[float32[1000]=random, float32[1000]=random]"); bytes.Equal(twice[:4000], twice[4000:]) {
		t.Error("two tensors of a list have the same numbers")
	}
}

func TestRandomFloatsAreEvenAndBelowOne(t *testing.T) {
	for dtype, read := range map[string]func(b []byte) float64{
		"float16":  func(b []byte) float64 { return half(binary.LittleEndian.Uint16(b), 5) },
		"bfloat16": func(b []byte) float64 { return half(binary.LittleEndian.Uint16(b), 8) },
		"float32":  func(b []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(b))) },
		"float64":  func(b []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(b)) },
	} {
		raw := data(t, 5, dtype+"[100000]=random")
		width := len(raw) / 100_000
		var sum float64
		for i := 0; i < len(raw); i += width {
			v := read(raw[i:])
			if !(v >= 0 && v < 1) {
				t.Fatalf("%s: %v is not in [0, 1)", dtype, v)
			}
			sum += v
		}
		if mean := sum / 100_000; math.Abs(mean-0.5) > 0.01 {
			t.Errorf("%s: the mean is %v", dtype, mean)
		}
	}
}

func TestRandomWholeNumbersKeepToTheirRange(t *testing.T) {
	seen := map[int8]int{}
	for _, b := range data(t, 0, "int8[10000]=randint(-2,3)") {
		seen[int8(b)]++
	}
	if len(seen) != 5 || seen[-2] < 1500 || seen[2] < 1500 {
		t.Errorf("got %v", seen)
	}
	wide := data(t, 0, "int64[1000]=randint(-9223372036854775808,9223372036854775807)")
	negative := 0
	for i := 7; i < len(wide); i += 8 {
		negative += int(wide[i] >> 7)
	}
	if negative < 400 || negative > 600 {
		t.Errorf("%d of 1000 numbers of the whole range are negative", negative)
	}
}

// Every number of the two formats comes back, and what lies between two of
// them goes to the nearer one, from the middle to the even one.
func TestRoundingTo16Bits(t *testing.T) {
	for _, exponentBits := range []int{5, 8} {
		infinity := uint16(1<<exponentBits-1) << (15 - exponentBits)
		for bits := uint16(0); bits < infinity; bits++ {
			v, next := half(bits, exponentBits), half(bits+1, exponentBits)
			if math.IsInf(next, 0) {
				next = math.Ldexp(1, 1<<(exponentBits-1)) // where it would go on
			}
			middle := v + (next-v)/2
			even := bits + bits&1
			for input, want := range map[float64]uint16{
				v: bits, -v: bits | 1<<15, middle: even,
				math.Nextafter(middle, v): bits, math.Nextafter(middle, next): bits + 1,
			} {
				if input == 0 {
					continue // the key of both zeros
				}
				if got := round16(input, exponentBits); got != want {
					t.Fatalf("%d bits of exponent: %v is %#04x, want %#04x", exponentBits, input, got, want)
				}
			}
		}
		if got := round16(math.Copysign(0, -1), exponentBits); got != 1<<15 {
			t.Errorf("-0 is %#04x", got)
		}
		if got := round16(math.Inf(-1), exponentBits); got != infinity|1<<15 {
			t.Errorf("-Inf is %#04x", got)
		}
		if got := round16(math.MaxFloat64, exponentBits); got != infinity {
			t.Errorf("the largest float64 is %#04x", got)
		}
		if got := round16(math.NaN(), exponentBits); !math.IsNaN(half(got, exponentBits)) {
			t.Errorf("NaN is %#04x", got)
		}
	}
}

func TestALargeTensorIsNeverHeldInMemory(t *testing.T) {
	s, err := Build(parseAll(t, "float32[16,1048576]=ones"), arguments("x: Tensor"), Settings{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if err := s.WriteData(io.Discard); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes were allocated for 64 MiB of numbers", used)
	}
}

func BenchmarkWriteData(b *testing.B) {
	for _, source := range []string{"zeros", "arange(4)", "random", "randint(0,100)"} {
		b.Run(source, func(b *testing.B) {
			s, err := Build(parseAll(b, "float32[4,1048576]="+source), arguments("x: Tensor"), Settings{}, 0)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(s.DataSize())
			for b.Loop() {
				if err := s.WriteData(io.Discard); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// half is the inverse of round16.
func half(bits uint16, exponentBits int) float64 {
	fraction := 15 - exponentBits
	exponent := int(bits>>fraction) & (1<<exponentBits - 1)
	steps := float64(bits & (1<<fraction - 1))
	bias := 1<<(exponentBits-1) - 1
	var v float64
	switch {
	case exponent == 1<<exponentBits-1 && steps != 0:
		return math.NaN()
	case exponent == 1<<exponentBits-1:
		v = math.Inf(1)
	case exponent == 0:
		v = math.Ldexp(steps, 1-bias-fraction)
	default:
		v = math.Ldexp(steps+float64(int(1)<<fraction), exponent-bias-fraction)
	}
	if bits>>15 != 0 {
		return -v
	}
	return v
}
