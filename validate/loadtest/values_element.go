package loadtest

import (
	"encoding/binary"
	"math"
	"strconv"

	"go-model-archiver/validate/numpy"
)

// element reads one value of a dtype from its bytes, little-endian.
type element struct {
	width  int
	whole  func(b []byte) int64 // nil for what is no whole number of 64 bits
	number func(b []byte) complex128
	// digits is the size of the float that texts of the value are short for.
	digits int
}

var le = binary.LittleEndian

var wholes = map[string]element{
	"bool":   {width: 1, whole: func(b []byte) int64 { return int64(b[0]) }},
	"uint8":  {width: 1, whole: func(b []byte) int64 { return int64(b[0]) }},
	"int8":   {width: 1, whole: func(b []byte) int64 { return int64(int8(b[0])) }},
	"uint16": {width: 2, whole: func(b []byte) int64 { return int64(le.Uint16(b)) }},
	"int16":  {width: 2, whole: func(b []byte) int64 { return int64(int16(le.Uint16(b))) }},
	"uint32": {width: 4, whole: func(b []byte) int64 { return int64(le.Uint32(b)) }},
	"int32":  {width: 4, whole: func(b []byte) int64 { return int64(int32(le.Uint32(b))) }},
	"int64":  {width: 8, whole: func(b []byte) int64 { return int64(le.Uint64(b)) }},
}

var numbers = map[string]element{
	"uint64":    {8, nil, func(b []byte) complex128 { return complex(float64(le.Uint64(b)), 0) }, 64},
	"float16":   {2, nil, func(b []byte) complex128 { return complex(numpy.Float16(le.Uint16(b)), 0) }, 32},
	"bfloat16":  {2, nil, func(b []byte) complex128 { return complex(float32At(widened(b)), 0) }, 32},
	"float32":   {4, nil, func(b []byte) complex128 { return complex(float32At(le.Uint32(b)), 0) }, 32},
	"float64":   {8, nil, func(b []byte) complex128 { return complex(math.Float64frombits(le.Uint64(b)), 0) }, 64},
	"complex64": {8, nil, func(b []byte) complex128 { return complex(float32At(le.Uint32(b)), float32At(le.Uint32(b[4:]))) }, 32},
	"complex128": {16, nil, func(b []byte) complex128 {
		return complex(math.Float64frombits(le.Uint64(b)), math.Float64frombits(le.Uint64(b[8:])))
	}, 64},
}

// elementOf returns how a dtype of the protocol's data or of a NumPy file is
// read.
func elementOf(dtype string) element {
	if e, ok := numbers[dtype]; ok {
		return e
	}
	e := wholes[dtype]
	e.number = func(b []byte) complex128 { return complex(float64(e.whole(b)), 0) }
	return e
}

// text writes the value: 0.5, nan, -inf, (1+2j).
func (e element) text(b []byte) string {
	if e.whole != nil {
		return strconv.FormatInt(e.whole(b), 10)
	}
	v := e.number(b)
	if e.width == 2*e.digits/8 {
		return "(" + floatText(real(v), e.digits, false) + floatText(imag(v), e.digits, true) + "j)"
	}
	return floatText(real(v), e.digits, false)
}

func floatText(v float64, digits int, sign bool) string {
	var text string
	switch {
	case math.IsNaN(v):
		text = "nan"
	case math.IsInf(v, 0):
		text = "inf"
	default:
		text = strconv.FormatFloat(math.Abs(v), 'g', -1, digits)
	}
	switch {
	case math.Signbit(v) && !math.IsNaN(v):
		return "-" + text
	case sign:
		return "+" + text
	}
	return text
}

func float32At(bits uint32) float64 { return float64(math.Float32frombits(bits)) }

// widened is a bfloat16 as the float32 that has its bits at the front.
func widened(b []byte) uint32 { return uint32(le.Uint16(b)) << 16 }
