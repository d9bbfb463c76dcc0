package torchscript

// dtype is an element type: its name in Python and its size in bytes.
type dtype struct {
	name string
	size int64
}

// elementTypes are the values of c10::ScalarType in order, with their name in
// C++ (torch/headeronly/core/ScalarType.h).
var elementTypes = []struct {
	cpp string
	dtype
}{
	{"Byte", dtype{"uint8", 1}}, {"Char", dtype{"int8", 1}}, {"Short", dtype{"int16", 2}}, {"Int", dtype{"int32", 4}},
	{"Long", dtype{"int64", 8}}, {"Half", dtype{"float16", 2}}, {"Float", dtype{"float32", 4}}, {"Double", dtype{"float64", 8}},
	{"ComplexHalf", dtype{"complex32", 4}}, {"ComplexFloat", dtype{"complex64", 8}}, {"ComplexDouble", dtype{"complex128", 16}},
	{"Bool", dtype{"bool", 1}}, {"QInt8", dtype{"qint8", 1}}, {"QUInt8", dtype{"quint8", 1}}, {"QInt32", dtype{"qint32", 4}},
	{"BFloat16", dtype{"bfloat16", 2}}, {"QUInt4x2", dtype{"quint4x2", 1}}, {"QUInt2x4", dtype{"quint2x4", 1}},
	{"Bits1x8", dtype{"bits1x8", 1}}, {"Bits2x4", dtype{"bits2x4", 1}}, {"Bits4x2", dtype{"bits4x2", 1}},
	{"Bits8", dtype{"bits8", 1}}, {"Bits16", dtype{"bits16", 2}}, {"Float8_e5m2", dtype{"float8_e5m2", 1}},
	{"Float8_e4m3fn", dtype{"float8_e4m3fn", 1}}, {"Float8_e5m2fnuz", dtype{"float8_e5m2fnuz", 1}},
	{"Float8_e4m3fnuz", dtype{"float8_e4m3fnuz", 1}}, {"UInt16", dtype{"uint16", 2}}, {"UInt32", dtype{"uint32", 4}},
	{"UInt64", dtype{"uint64", 8}}, {"UInt1", dtype{"uint1", 1}}, {"UInt2", dtype{"uint2", 1}}, {"UInt3", dtype{"uint3", 1}},
	{"UInt4", dtype{"uint4", 1}}, {"UInt5", dtype{"uint5", 1}}, {"UInt6", dtype{"uint6", 1}}, {"UInt7", dtype{"uint7", 1}},
	{"Int1", dtype{"int1", 1}}, {"Int2", dtype{"int2", 1}}, {"Int3", dtype{"int3", 1}}, {"Int4", dtype{"int4", 1}},
	{"Int5", dtype{"int5", 1}}, {"Int6", dtype{"int6", 1}}, {"Int7", dtype{"int7", 1}},
	{"Float8_e8m0fnu", dtype{"float8_e8m0fnu", 1}}, {"Float4_e2m1fn_x2", dtype{"float4_e2m1fn_x2", 1}}, {"BComplex32", dtype{"bcomplex32", 4}},
}

// storageTypes are the classes that name a storage's element type in a pickle
// (torch/storage.py, torch/csrc/jit/serialization/pickler.cpp).
var storageTypes = func() map[string]dtype {
	types := map[string]dtype{"UntypedStorage": {"uint8", 1}}
	for _, t := range elementTypes {
		types[t.cpp+"Storage"] = t.dtype
	}
	return types
}()
