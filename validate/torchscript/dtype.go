package torchscript

// dtype is an element type.
type dtype struct {
	name string
	size int64
}

// storageTypes are the classes that name a storage's element type in a pickle
// (torch/storage.py).
var storageTypes = map[string]dtype{
	"DoubleStorage":        {"float64", 8},
	"FloatStorage":         {"float32", 4},
	"HalfStorage":          {"float16", 2},
	"BFloat16Storage":      {"bfloat16", 2},
	"LongStorage":          {"int64", 8},
	"IntStorage":           {"int32", 4},
	"ShortStorage":         {"int16", 2},
	"CharStorage":          {"int8", 1},
	"ByteStorage":          {"uint8", 1},
	"BoolStorage":          {"bool", 1},
	"ComplexFloatStorage":  {"complex64", 8},
	"ComplexDoubleStorage": {"complex128", 16},
	"ComplexHalfStorage":   {"complex32", 4},
	"QInt8Storage":         {"qint8", 1},
	"QUInt8Storage":        {"quint8", 1},
	"QInt32Storage":        {"qint32", 4},
	"QUInt4x2Storage":      {"quint4x2", 1},
	"QUInt2x4Storage":      {"quint2x4", 1},
	"UntypedStorage":       {"uint8", 1},
}

// scalarTypes are element types by their number in c10::ScalarType, which is
// how C++ pickles torch.dtype.
var scalarTypes = map[int64]dtype{
	0: {"uint8", 1}, 1: {"int8", 1}, 2: {"int16", 2}, 3: {"int32", 4}, 4: {"int64", 8},
	5: {"float16", 2}, 6: {"float32", 4}, 7: {"float64", 8}, 8: {"complex32", 4},
	9: {"complex64", 8}, 10: {"complex128", 16}, 11: {"bool", 1}, 12: {"qint8", 1},
	13: {"quint8", 1}, 14: {"qint32", 4}, 15: {"bfloat16", 2}, 16: {"quint4x2", 1},
	17: {"quint2x4", 1}, 23: {"float8_e5m2", 1}, 24: {"float8_e4m3fn", 1},
	25: {"float8_e5m2fnuz", 1}, 26: {"float8_e4m3fnuz", 1}, 27: {"uint16", 2},
	28: {"uint32", 4}, 29: {"uint64", 8},
}
