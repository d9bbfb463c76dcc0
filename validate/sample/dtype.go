package sample

import (
	"encoding/binary"
	"math"

	"go-model-archiver/validate/loadtest/protocol"
)

// dtypes are those that protocol.ElementSize knows, for messages.
var dtypes = []string{"uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "bool"}

var floats = []string{"float16", "bfloat16", "float32", "float64"}

// wholeRange holds the whole numbers that each dtype holds without a gap.
var wholeRange = map[string]struct{ low, high int64 }{
	"uint8":    {0, math.MaxUint8},
	"int8":     {math.MinInt8, math.MaxInt8},
	"int16":    {math.MinInt16, math.MaxInt16},
	"int32":    {math.MinInt32, math.MaxInt32},
	"int64":    {math.MinInt64, math.MaxInt64},
	"float16":  {-1 << 11, 1 << 11},
	"bfloat16": {-1 << 8, 1 << 8},
	"float32":  {-1 << 24, 1 << 24},
	"float64":  {-1 << 53, 1 << 53},
	"bool":     {0, 1},
}

// significand is the number of bits that uniform numbers of a dtype have.
var significand = map[string]uint{"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}

// tensorSize returns the bytes of a tensor, and whether they are within
// bounds. A dimension of 0 counts as 1, since libtorch multiplies them so for
// the strides.
func tensorSize(dtype string, dims []int64) (int64, bool) {
	size, ok := protocol.ElementSize(dtype)
	if !ok {
		return 0, false
	}
	product, empty := size, false
	for _, d := range dims {
		if d < 0 || d > maxBytes/product {
			return 0, false
		}
		empty = empty || d == 0
		product *= max(d, 1)
	}
	if empty {
		return 0, true
	}
	return product, true
}

// putInt returns the function that writes a whole number as dtype,
// little-endian. The number must be within wholeRange.
func putInt(dtype string) func(dst []byte, v int64) {
	switch dtype {
	case "int16":
		return func(dst []byte, v int64) { binary.LittleEndian.PutUint16(dst, uint16(v)) }
	case "int32":
		return func(dst []byte, v int64) { binary.LittleEndian.PutUint32(dst, uint32(v)) }
	case "int64":
		return func(dst []byte, v int64) { binary.LittleEndian.PutUint64(dst, uint64(v)) }
	case "uint8", "int8", "bool":
		return func(dst []byte, v int64) { dst[0] = byte(v) }
	}
	put := putFloat(dtype)
	return func(dst []byte, v int64) { put(dst, float64(v)) }
}

// putFloat returns the function that rounds a number to the float dtype, to
// nearest and ties to even, and writes it little-endian.
func putFloat(dtype string) func(dst []byte, v float64) {
	switch dtype {
	case "float64":
		return func(dst []byte, v float64) { binary.LittleEndian.PutUint64(dst, math.Float64bits(v)) }
	case "float32":
		return func(dst []byte, v float64) { binary.LittleEndian.PutUint32(dst, math.Float32bits(float32(v))) }
	case "bfloat16":
		return func(dst []byte, v float64) { binary.LittleEndian.PutUint16(dst, round16(v, 8)) }
	}
	return func(dst []byte, v float64) { binary.LittleEndian.PutUint16(dst, round16(v, 5)) }
}

// round16 rounds v to the IEEE format of 16 bits that has so many bits of
// exponent: 5 is float16, 8 is bfloat16. Rounding happens once, from float64:
// by way of float32 a tie could go the wrong way.
func round16(v float64, exponentBits int) uint16 {
	fraction := 15 - exponentBits
	var sign uint16
	if math.Signbit(v) {
		sign = 1 << 15
	}
	infinity := uint16(1<<exponentBits-1) << fraction
	if math.IsNaN(v) {
		return sign | infinity | 1<<(fraction-1)
	}
	bias := 1<<(exponentBits-1) - 1
	exponent := max(math.Ilogb(v), 1-bias) // subnormals share the lowest exponent
	steps := math.RoundToEven(math.Ldexp(math.Abs(v), fraction-exponent))
	if exponent > bias {
		return sign | infinity
	}
	// Adding the fraction with its leading bit to the exponent below carries
	// into the next exponent, and from the largest into infinity.
	return sign | uint16(exponent+bias-1)<<fraction + uint16(steps)
}
