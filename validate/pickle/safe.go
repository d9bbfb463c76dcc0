package pickle

var (
	plainBuiltins = []string{
		"bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "long", "object",
		"range", "set", "slice", "str", "tuple", "unicode", "xrange", "NotImplemented", "Ellipsis",
	}
	// classes are names that start as those of classes do: a module also
	// holds the modules that it imports itself.
	classes = []string{"[A-Z]*", "_[A-Z]*"}
	// torchTypes are the classes of tensors and storages that PyTorch had
	// before it gave them an element type as attribute.
	torchTypes = []string{
		"Storage", "Tensor", "UntypedStorage", "TypedStorage", "_UntypedStorage", "_TypedStorage",
		"Double*[er]", "Float*[er]", "Half*[er]", "BFloat16*[er]", "Long*[er]", "Int*[er]", "Short*[er]", "Char*[er]", "Byte*[er]", "Bool*[er]",
		"ComplexFloatStorage", "ComplexDoubleStorage", "ComplexHalfStorage",
		"UInt*Storage", "Bits*Storage", "BComplex32Storage", "QInt8Storage", "QInt32Storage", "QUInt8Storage", "QUInt4x2Storage", "QUInt2x4Storage",
	}
	torchValues = []string{
		"Size", "device", "dtype", "layout", "memory_format", "qscheme", "Generator", "float*", "int*", "uint*", "bfloat16", "bool",
		"half", "double", "long", "short", "complex*", "bits*", "qint*", "quint*", "strided", "sparse_*", "contiguous_format",
		"preserve_format", "channels_last*", "per_tensor_*", "per_channel_*",
	}
	activations = []string{
		"relu*", "gelu", "silu", "elu", "selu", "celu", "leaky_relu", "tanh", "sigmoid", "softmax", "log_softmax", "mish", "hardtanh",
		"hardswish", "softplus",
	}
	numpyMakers = []string{"_reconstruct", "scalar", "_frombuffer"}
	numpyTypes  = []string{
		"dtype", "ndarray", "bool_", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
		"float16", "float32", "float64", "complex64", "complex128", "str_", "bytes_", "datetime64", "timedelta64",
	}
	paths = []string{"Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"}
)

// safeGlobals only make values from what the pickle holds.
var safeGlobals = table{
	"__torch__.*":                     all, // classes of TorchScript, which Python does not import
	"torch":                           append(torchValues, torchTypes...),
	"torch.cuda":                      torchTypes,
	"torch.sparse":                    torchTypes,
	"torch.cuda.sparse":               torchTypes,
	"torch._utils":                    {"_rebuild_*"},
	"torch._tensor":                   {"_rebuild_from_type*"},
	"torch.tensor":                    {"Tensor", "_rebuild_from_type*"}, // before 1.9
	"torch.storage":                   torchTypes,
	"torch.nn.parameter":              {"Parameter", "Buffer", "Uninitialized*"},
	"torch.nn.modules.*":              classes,
	"torch.nn.functional":             activations,
	"torch._C._nn":                    activations,
	"torch.jit._pickle":               {"build_*", "restore_type_tag"},
	"torch.serialization":             {"_get_layout"},
	"torch.torch_version":             {"TorchVersion"},
	"torch.nn.backends.thnn":          {"_get_thnn_function_backend"},
	"torch.utils._ordered_set":        {"OrderedSet"},
	"torch.distributions.constraints": classes,
	"collections":                     {"OrderedDict", "defaultdict", "Counter", "deque", "UserDict", "ChainMap"},
	"builtins":                        plainBuiltins,
	"__builtin__":                     plainBuiltins,
	"copyreg":                         {"_reconstructor"},
	"copy_reg":                        {"_reconstructor"},
	"_codecs":                         {"encode"},
	"datetime":                        {"date", "datetime", "time", "timedelta", "timezone"},
	"decimal":                         {"Decimal"},
	"fractions":                       {"Fraction"},
	"logging":                         {"getLogger"},
	"uuid":                            {"UUID", "SafeUUID"},
	"pathlib":                         paths,
	"pathlib._local":                  paths, // Python 3.13
	"numpy":                           numpyTypes,
	"numpy.core.multiarray":           numpyMakers,
	"numpy._core.multiarray":          numpyMakers,
	"numpy.core.numeric":              numpyMakers,
	"numpy._core.numeric":             numpyMakers,
	"numpy.dtypes":                    classes,
	"numpy.ma.core":                   {"_mareconstruct", "MaskedArray"},
	"numpy.random._pickle":            {"__generator_ctor", "__bit_generator_ctor", "__randomstate_ctor"},
	"scipy.sparse.*":                  {"csr_*", "csc_*", "coo_*", "bsr_*", "dia_*", "dok_*", "lil_*"},
	"joblib.numpy_pickle":             {"NumpyArrayWrapper"},
}
