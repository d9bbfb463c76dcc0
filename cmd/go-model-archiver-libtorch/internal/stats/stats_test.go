package stats

import (
	"math"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

func summary(low, high, mean float64, nan, inf int64) Summary {
	return Summary{Min: &low, Max: &high, Mean: &mean, NaN: nan, Inf: inf}
}

// negative is s with so many of its Inf below zero.
func negative(s Summary, n int64) Summary {
	s.NegInf = n
	return s
}

func of[T any](t *testing.T, dtype string, xs ...T) Summary {
	t.Helper()
	s, ok := Of(dtype, unsafe.Pointer(unsafe.SliceData(xs)), int64(len(xs)))
	if !ok {
		t.Fatalf("cannot read %s", dtype)
	}
	return s
}

func TestOf(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for name, test := range map[string]struct{ got, want Summary }{
		"uint8":             {of[uint8](t, "uint8", 0, 255, 3), summary(0, 255, 86, 0, 0)},
		"int8":              {of[int8](t, "int8", -128, 127), summary(-128, 127, -0.5, 0, 0)},
		"int16":             {of[int16](t, "int16", -32768, 32767), summary(-32768, 32767, -0.5, 0, 0)},
		"int32":             {of[int32](t, "int32", math.MinInt32, 0), summary(math.MinInt32, 0, math.MinInt32/2, 0, 0)},
		"int64":             {of[int64](t, "int64", math.MaxInt64, math.MaxInt64), summary(1<<63, 1<<63, 1<<63, 0, 0)},
		"bool":              {of(t, "bool", true, false, true, true), summary(0, 1, 0.75, 0, 0)},
		"float32":           {of[float32](t, "float32", 1, -2.5, 0), summary(-2.5, 1, -0.5, 0, 0)},
		"float64":           {of(t, "float64", 0.1, 0.2), summary(0.1, 0.2, (0.1+0.2)/2, 0, 0)},
		"NaN and infinite":  {of(t, "float64", nan, 1, inf, -inf, 3, nan), negative(summary(1, 3, 2, 2, 2), 1)},
		"nothing finite":    {of(t, "float64", nan, -inf), Summary{NaN: 1, Inf: 1, NegInf: 1}},
		"no values":         {of[float32](t, "float32"), Summary{}},
		"no whole numbers":  {of[int64](t, "int64"), Summary{}},
		"a sum too large":   {of(t, "float64", 1e308, 1e308, 1e308, nan), summary(1e308, 1e308, 1e308, 1, 0)},
		"float16":           {of[uint16](t, "float16", 0x3C00, 0xC000, 0x7BFF, 0x8000), summary(-2, 65504, 65503.0/4, 0, 0)},
		"float16, tiny":     {of[uint16](t, "float16", 0x0001, 0x0400), summary(math.Ldexp(1, -24), math.Ldexp(1, -14), (math.Ldexp(1, -24)+math.Ldexp(1, -14))/2, 0, 0)},
		"float16, no value": {of[uint16](t, "float16", 0x7C00, 0xFC00, 0x7E00, 0xFC01), Summary{NaN: 2, Inf: 2, NegInf: 1}},
		"bfloat16":          {of[uint16](t, "bfloat16", 0x3F80, 0xC000, 0x7F80, 0x7FC0), summary(-2, 1, -0.5, 1, 1)},
	} {
		if diff := cmp.Diff(test.want, test.got, cmp.Comparer(closeTo)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if _, ok := Of("float8_e5m2", nil, 0); ok {
		t.Error("reads float8, which it cannot")
	}
}

func closeTo(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return math.Abs(*a-*b) <= 1e-15*math.Abs(*b)
}

// Every float16 there is, against the conversion that IEEE 754 defines.
func TestFromFloat16(t *testing.T) {
	for bits := range 1 << 16 {
		sign, exponent, fraction := bits>>15, bits>>10&31, bits&1023
		want := math.Float32frombits(uint32(sign)<<31 | uint32(exponent+112)<<23 | uint32(fraction)<<13)
		switch exponent {
		case 0:
			want = float32(fraction) / (1 << 24) * float32(1-2*sign)
		case 31:
			want = math.Float32frombits(uint32(sign)<<31 | 0xFF<<23 | uint32(fraction)<<13)
		}
		got := fromFloat16(uint16(bits))
		if got != float64(want) && !(math.IsNaN(got) && want != want) {
			t.Fatalf("%#04x is %g, want %g", bits, got, want)
		}
	}
}

func TestPairs(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	xs := []float64{1, 2, nan, 0, 0, inf, inf, nan}
	got, ok := Pairs("float64", unsafe.Pointer(&xs[0]), 4)
	if want := (Summary{NaN: 2, Inf: 1}); !ok || !cmp.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}
