package pickle

import (
	"slices"
	"strings"
)

// Risk says what an import may do when the pickle is loaded.
type Risk int

// The risks in rising order.
const (
	// Safe imports only make values: tensors, arrays, containers.
	Safe Risk = iota
	// Unfamiliar imports are not known here: classes of one's own, scalers,
	// vocabularies.
	Unfamiliar
	// Dangerous imports are known to run code, or to reach files or the
	// network.
	Dangerous
)

func (r Risk) String() string { return [...]string{"safe", "unfamiliar", "dangerous"}[r] }

// Classify returns the risk of importing a global. One that could not be told,
// which is the zero Global, is Unfamiliar.
func Classify(g Global) Risk {
	if g.Module == "" && g.Name == "" {
		return Unfamiliar
	}
	if dangerous(g) {
		return Dangerous
	}
	if !strings.Contains(g.Name, ".") && safeGlobals.match(g) {
		return Safe
	}
	return Unfamiliar
}

// dangerous looks behind dots too: since protocol 4 a name may lead through
// attributes to another module, as "serialization.os.system" in torch does.
func dangerous(g Global) bool {
	if dangerousGlobals.match(g) {
		return true
	}
	parts := strings.Split(g.Name, ".")
	if len(parts) == 1 {
		return false
	}
	// Python itself pickles objects that have arguments by name through __new__.
	if slices.ContainsFunc(parts, func(p string) bool { return strings.HasPrefix(p, "__") && p != "__new__" }) {
		return true
	}
	for i := range len(parts) - 1 {
		if dangerousGlobals.match(Global{parts[i], parts[i+1]}) {
			return true
		}
	}
	return dangerousGlobals.match(Global{g.Module, parts[0]})
}

// table lists names by module. A module that ends in ".*" stands for itself
// and all below it; a name that ends in "*" for all that start so.
type table map[string][]string

// all is every name of a module.
var all = []string{"*"}

func (t table) match(g Global) bool {
	if matchName(t[g.Module], g.Name) {
		return true
	}
	for module := g.Module; module != ""; {
		if matchName(t[module+".*"], g.Name) {
			return true
		}
		i := strings.LastIndexByte(module, '.')
		module = module[:max(i, 0)]
	}
	return false
}

func matchName(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		start, open := strings.CutSuffix(p, "*")
		return p == name || open && strings.HasPrefix(name, start)
	})
}

var (
	plainBuiltins = []string{
		"bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "long", "object",
		"range", "set", "slice", "str", "tuple", "unicode", "xrange", "NotImplemented", "Ellipsis",
	}
	torchStorages = []string{
		"DoubleStorage", "FloatStorage", "HalfStorage", "BFloat16Storage", "LongStorage", "IntStorage", "ShortStorage",
		"CharStorage", "ByteStorage", "BoolStorage", "Complex*", "QInt*", "QUInt*", "UntypedStorage",
	}
	numpyMakers = []string{"_reconstruct", "scalar", "_frombuffer"}
	numpyTypes  = []string{
		"dtype", "ndarray", "bool_", "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
		"float16", "float32", "float64", "complex64", "complex128", "str_", "bytes_", "datetime64", "timedelta64",
	}
)

// safeGlobals only make values from what the pickle holds.
var safeGlobals = table{
	"__torch__.*": all, // classes of TorchScript, which Python does not import
	"torch": append([]string{
		"Size", "Tensor", "device", "dtype", "Generator", "float*", "int*", "uint*", "bfloat16", "bool", "half", "double",
		"long", "short", "complex*", "qint*", "quint*", "strided", "contiguous_format", "preserve_format",
		"channels_last*", "per_tensor_*", "per_channel_*",
	}, torchStorages...),
	"torch.cuda":                      torchStorages,
	"torch._utils":                    {"_rebuild_*"},
	"torch._tensor":                   {"_rebuild_from_type*"},
	"torch.storage":                   {"TypedStorage", "UntypedStorage", "_TypedStorage", "_UntypedStorage"},
	"torch.nn.parameter":              {"Parameter", "Buffer", "Uninitialized*"},
	"torch.nn.modules.*":              all,
	"torch.jit._pickle":               {"build_*", "restore_type_tag"},
	"torch.serialization":             {"_get_layout"},
	"collections":                     {"OrderedDict", "defaultdict", "Counter", "deque", "UserDict", "ChainMap"},
	"builtins":                        plainBuiltins,
	"__builtin__":                     plainBuiltins,
	"copyreg":                         {"_reconstructor"},
	"copy_reg":                        {"_reconstructor"},
	"_codecs":                         {"encode"},
	"datetime":                        {"date", "datetime", "time", "timedelta", "timezone"},
	"decimal":                         {"Decimal"},
	"fractions":                       {"Fraction"},
	"uuid":                            {"UUID", "SafeUUID"},
	"pathlib":                         {"Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"},
	"numpy":                           numpyTypes,
	"numpy.core.multiarray":           numpyMakers,
	"numpy._core.multiarray":          numpyMakers,
	"numpy.core.numeric":              numpyMakers,
	"numpy._core.numeric":             numpyMakers,
	"numpy.dtypes":                    all,
	"numpy.ma.core":                   {"_mareconstruct", "MaskedArray"},
	"numpy.random._pickle":            {"__generator_ctor", "__bit_generator_ctor", "__randomstate_ctor"},
	"scipy.sparse.*":                  {"csr_*", "csc_*", "coo_*", "bsr_*", "dia_*", "dok_*", "lil_*"},
	"joblib.numpy_pickle":             {"NumpyArrayWrapper"},
	"torch.torch_version":             {"TorchVersion"},
	"torch.utils._ordered_set":        {"OrderedSet"},
	"torch.nn.backends.thnn":          {"_get_thnn_function_backend"},
	"torch.distributions.constraints": all,
}

var dangerousBuiltins = []string{
	"__import__", "apply", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "execfile", "file", "getattr",
	"globals", "input", "locals", "open", "raw_input", "reload", "setattr", "vars",
}

// dangerousGlobals run code, or reach files or the network; also under the
// names that modules have on another system or in Python 2.
var dangerousGlobals = table{
	"builtins":     dangerousBuiltins,
	"__builtin__":  dangerousBuiltins,
	"__builtins__": dangerousBuiltins,

	// programs
	"os": all, "posix": all, "nt": all, "posixpath": all, "ntpath": all, "subprocess": all, "_posixsubprocess": all,
	"_winapi": all, "commands": all, "popen2": all, "pty": all, "platform": {"popen", "_syscmd*", "os", "subprocess"},
	"multiprocessing.*": {"Process", "Pool", "ForkProcess", "SpawnProcess", "Popen", "spawnv_passfds"}, "concurrent.futures.*": all, "asyncio.*": all, "_thread": all, "signal": all, "sched": all,
	"webbrowser": all, "antigravity": all, "_osx_support": all, "_aix_support": all, "_pyrepl.*": all,
	"uuid": {"_get_command_stdout", "_popen", "os"}, "getpass": all, "ensurepip.*": all, "venv.*": all, "pip.*": all,
	"setuptools.*": all, "distutils.*": all, "pydoc": all, "idlelib.*": all, "lib2to3.*": all, "test.support.*": all,

	// code
	"sys": all, "runpy": all, "code": all, "codeop": all, "importlib.*": all, "_frozen_importlib*": all, "imp": all,
	"pkgutil": all, "zipimport": all, "zipapp": all, "site": all, "marshal": all,
	"types":  {"CodeType", "FunctionType", "LambdaType"},
	"pickle": {"load", "loads", "Unpickler", "_load*", "_Unpickler"}, "_pickle": {"load", "loads", "Unpickler"},
	"cPickle": {"load", "loads", "Unpickler"}, "dill": {"load*", "Unpickler"}, "cloudpickle": {"load*"}, "joblib": {"load"},
	"shelve": all, "dbm.*": all, "bdb": all, "pdb": all, "cProfile": all, "profile": all, "trace": all, "timeit": all,
	"doctest": all, "ctypes.*": all, "_ctypes": all, "cffi.*": all, "gc": all, "operator": {"attrgetter", "methodcaller"},
	"_operator": {"attrgetter", "methodcaller"}, "logging.config": all, "unittest.*": all,
	"numpy.testing.*": {"runstring", "rundocs", "measure"}, "numpy": {"load", "save*", "fromfile", "memmap", "loadtxt", "genfromtxt"},
	"numpy.f2py.*": all, "numpy.distutils.*": all, "pandas": {"eval", "read_*"}, "pandas.io.*": {"read_*"},
	"torch":               {"load", "save", "compile", "import_ir_module*"},
	"torch.serialization": {"load", "save", "_load", "_legacy_load", "_open_*", "os", "sys"},
	"torch.jit":           {"load", "save", "jit_module_from_flatbuffer"}, "torch.jit._serialization": {"load", "save"},
	"torch.hub": all, "torch.utils.cpp_extension": all, "torch.utils.model_zoo": all, "torch.package.*": all,
	"torch.ops": {"load_library"}, "torch._ops": {"load_library"}, "torch._inductor.*": all, "torch.utils.data.datapipes.*": {"open*"},
	"torch.utils.collect_env": all, "torch.utils.bottleneck.*": all, "torch.fx.graph_module": {"_exec_with_source", "_forward_from_src"},

	// files
	"shutil": all, "tempfile": all, "io": {"open", "open_code", "FileIO"}, "_io": {"open", "open_code", "FileIO"},
	"codecs": {"open"}, "fileinput": all, "linecache": all, "glob": all, "filecmp": all, "zipfile": all, "tarfile": all,
	"gzip": all, "bz2": all, "lzma": all, "mmap": all, "sqlite3.*": all, "_sqlite3": all, "nturl2path": all, "netrc": all,

	// network
	"socket": all, "_socket": all, "socketserver": all, "SocketServer": all, "ssl": all, "_ssl": all, "select": all,
	"selectors": all, "http.*": all, "httplib": all, "urllib.*": all, "urllib2": all, "urllib3.*": all, "requests.*": all,
	"httpx.*": all, "aiohttp.*": all, "ftplib": all, "smtplib": all, "smtpd": all, "poplib": all, "imaplib": all, "nntplib": all,
	"telnetlib": all, "xmlrpc.*": all, "xmlrpclib": all, "asyncore": all, "asynchat": all, "paramiko.*": all, "boto3.*": all,
}
