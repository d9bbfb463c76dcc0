// Package stats sums up the numbers of a tensor.
package stats

import (
	"math"
	"unsafe"
)

// Summary describes numbers. Min, Max and Mean are of the finite ones, and nil
// when there is none.
type Summary struct {
	Min, Max, Mean *float64
	NaN, Inf       int64
	NegInf         int64 // of Inf
}

// Of sums up the n values of dtype that stand at data without gaps; ok is
// false for a dtype that it cannot read.
func Of(dtype string, data unsafe.Pointer, n int64) (s Summary, ok bool) {
	switch dtype {
	case "uint8", "bool":
		return whole(unsafe.Slice((*uint8)(data), n)), true
	case "int8":
		return whole(unsafe.Slice((*int8)(data), n)), true
	case "int16":
		return whole(unsafe.Slice((*int16)(data), n)), true
	case "int32":
		return whole(unsafe.Slice((*int32)(data), n)), true
	case "int64":
		return whole(unsafe.Slice((*int64)(data), n)), true
	case "float16":
		return floats(unsafe.Slice((*uint16)(data), n), fromFloat16), true
	case "bfloat16":
		return floats(unsafe.Slice((*uint16)(data), n), fromBFloat16), true
	case "float32":
		return floats(unsafe.Slice((*float32)(data), n), func(x float32) float64 { return float64(x) }), true
	case "float64":
		return floats(unsafe.Slice((*float64)(data), n), func(x float64) float64 { return x }), true
	}
	return Summary{}, false
}

// Pairs counts, of n complex numbers that stand at data as pairs of dtype, those that
// have a NaN, and those that have an Inf and no NaN. They have no order, so the
// rest of the Summary is nil.
func Pairs(dtype string, data unsafe.Pointer, n int64) (s Summary, ok bool) {
	switch dtype {
	case "float16":
		return pairs(unsafe.Slice((*[2]uint16)(data), n), fromFloat16), true
	case "float32":
		return pairs(unsafe.Slice((*[2]float32)(data), n), func(x float32) float64 { return float64(x) }), true
	case "float64":
		return pairs(unsafe.Slice((*[2]float64)(data), n), func(x float64) float64 { return x }), true
	}
	return Summary{}, false
}

func whole[T uint8 | int8 | int16 | int32 | int64](xs []T) Summary {
	if len(xs) == 0 {
		return Summary{}
	}
	low, high, sum := xs[0], xs[0], 0.0
	for _, x := range xs {
		low, high = min(low, x), max(high, x)
		sum += float64(x)
	}
	return Summary{Min: new(float64(low)), Max: new(float64(high)), Mean: new(sum / float64(len(xs)))}
}

func floats[T any](xs []T, value func(T) float64) Summary {
	var s Summary
	low, high, sum := math.Inf(1), math.Inf(-1), 0.0
	for _, x := range xs {
		v := value(x)
		if v-v != 0 { // NaN or infinite
			switch {
			case v != v:
				s.NaN++
			case v < 0:
				s.NegInf++
				fallthrough
			default:
				s.Inf++
			}
			continue
		}
		low, high = min(low, v), max(high, v)
		sum += v
	}
	finite := int64(len(xs)) - s.NaN - s.Inf
	if finite == 0 {
		return s
	}
	mean := sum / float64(finite)
	if mean-mean != 0 { // the sum went beyond float64, the mean cannot
		mean = meanOfLarge(xs, value, float64(finite))
	}
	s.Min, s.Max, s.Mean = &low, &high, &mean
	return s
}

func meanOfLarge[T any](xs []T, value func(T) float64, n float64) float64 {
	mean := 0.0
	for _, x := range xs {
		if v := value(x); v-v == 0 {
			mean += v / n
		}
	}
	return mean
}

func pairs[T any](xs [][2]T, value func(T) float64) Summary {
	var s Summary
	for _, x := range xs {
		re, im := value(x[0]), value(x[1])
		switch {
		case math.IsNaN(re) || math.IsNaN(im):
			s.NaN++
		case math.IsInf(re, 0) || math.IsInf(im, 0):
			s.Inf++
		}
	}
	return s
}

func fromBFloat16(bits uint16) float64 {
	return float64(math.Float32frombits(uint32(bits) << 16))
}

func fromFloat16(bits uint16) float64 {
	sign := 1.0
	if bits&0x8000 != 0 {
		sign = -1
	}
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 0x1f:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}
