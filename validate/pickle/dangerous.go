package pickle

// powerfulModules are modules that no class or function is named like: as
// the last part of a name they are the module itself.
var powerfulModules = []string{
	"os", "sys", "posix", "nt", "subprocess", "posixsubprocess", "builtins", "importlib", "shutil", "socket", "ctypes", "runpy", "pty",
	"marshal",
}

var (
	dangerousBuiltins = []string{
		"__import__", "apply", "breakpoint", "compile", "delattr", "dir", "eval", "exec", "execfile", "exit", "file", "getattr",
		"globals", "help", "input", "locals", "open", "quit", "raw_input", "reload", "setattr", "vars",
	}
	pathFunctions = []string{
		"_*", "os", "sys", "genericpath", "exists", "lexists", "get*", "is[dfjlm]*", "realpath", "samefile", "sameopenfile", "expand*", "walk",
	}
	unpicklers     = []string{"load*", "Unpickler*", "_load*", "_Unpickler*", "_getattribute"}
	functionMakers = []string{
		"load*", "Unpickler*", "_make_*", "_builtin_type", "_fill_function", "_function_setstate", "_lookup_class*", "subimport",
		"_create_*", "_import_module", "_get_attr", "_eval_repr", "_load_type", "dynamic_subimport",
	}
	fileOpeners   = []string{"open*", "OpenWrapper", "FileIO*", "text_encoding"}
	callsByName   = []string{"attrgetter", "methodcaller"}
	madeFunctions = []string{"CodeType", "FunctionType", "LambdaType"}
)

// dangerousGlobals run code, or reach files or the network; also under the
// names that modules have on another system or had in Python 2.
var dangerousGlobals = table{
	"builtins":     dangerousBuiltins,
	"__builtin__":  dangerousBuiltins,
	"__builtins__": dangerousBuiltins,

	// programs, processes and the system
	"os": all, "posix": all, "nt": all, "subprocess": all, "_posixsubprocess": all, "_winapi": all, "commands": all, "popen2": all, "pty": all,
	"posixpath": pathFunctions, "ntpath": pathFunctions, "genericpath": all, "platform": {"popen", "_syscmd*", "_run*"},
	"multiprocessing.*": all, "_multiprocessing": all, "concurrent.futures.*": all, "asyncio.*": all, "threading": all, "_thread": all,
	"thread": all,
	"signal": all, "_signal": all, "sched": all, "atexit": all, "webbrowser": all, "antigravity": all, "_osx_support": all,
	"_aix_support": all,
	"_pyrepl.*":    all, "uuid": {"_get_command_stdout", "_popen", "_find_mac*"}, "getpass": all, "ensurepip.*": all, "venv.*": all, "pip.*": all,
	"setuptools.*": all, "pkg_resources.*": all, "distutils.*": all, "pydoc": all, "idlelib.*": all, "lib2to3.*": all,
	"test.support.*": all, "test.test_support": all, "test.libregrtest.*": all,
	"winreg": all, "_winreg": all, "msvcrt": all, "fcntl": all, "resource": {"setrlimit", "prlimit"}, "syslog": all, "cgitb": all,
	"pexpect.*": all, "psutil.*": {"Popen*"},
	"plumbum.*": all, "tkinter": {"Tcl", "Tk*"}, "_tkinter": all, "Tkinter": {"Tcl", "Tk*"}, "turtle": all,

	// code
	"sys": all, "runpy": all, "code": {"Interactive*", "interact", "compile_command"}, "codeop": all, "compileall": all, "py_compile": all,
	"importlib.*": all, "_imp": all, "imp": all,
	"_frozen_importlib": all, "_frozen_importlib_external": all, "pkgutil": all, "zipimport": all, "zipapp": all, "site": all,
	"_sitebuiltins": all,
	"marshal":       all, "types": madeFunctions, "inspect": {"getattr_static", "currentframe", "stack", "trace", "get*frames", "getmodule"},
	"operator": callsByName, "_operator": callsByName, "rlcompleter": all, "modulefinder": all, "gc": all,
	"bdb": all, "pdb": all, "cProfile": all, "profile": {"run*", "Profile*", "main"}, "hotshot.*": all, "trace": {"Trace*", "main"},
	"timeit": all, "doctest": all, "unittest.*": all,
	"ctypes.*": all, "_ctypes": all, "cffi.*": all, "_cffi_backend": all, "IPython.*": all,
	"jinja2.*": {"*Template*", "*Environment*"}, "mako.*": {"*Template*"}, "yaml.*": {"load*", "unsafe_load*", "full_load*"},

	// pickles in pickles
	"pickle": unpicklers, "_pickle": unpicklers, "cPickle": unpicklers, "dill.*": functionMakers, "cloudpickle.*": functionMakers,
	"joblib.externals.cloudpickle.*": functionMakers, "joblib.externals.loky.*": all, "joblib.*": {"load*", "dump*", "Parallel", "Memory"},
	"shelve": all, "dbm.*": all, "anydbm": all, "dbhash": all, "dumbdbm": all, "gdbm": all, "whichdb": all,

	// files
	"shutil": all, "tempfile": all, "io": fileOpeners, "_io": fileOpeners, "_pyio": fileOpeners, "codecs": {"open"}, "fileinput": all,
	"linecache": all,
	"glob":      all, "filecmp": all, "zipfile.*": all, "tarfile": all, "gzip": all, "bz2": all, "lzma": all, "mmap": all, "sqlite3.*": all,
	"_sqlite3":   all,
	"nturl2path": all, "netrc": all, "pathlib": {"*.*"}, "pathlib._local": {"*.*"}, "logging": {"*Handler", "basicConfig"},
	"logging.handlers": all,
	"logging.config":   all, "mailbox": all, "xml.etree.ElementTree": {"parse", "iterparse", "*.parse", "*.write"}, "fsspec.*": all,

	// network
	"socket": all, "_socket": all, "socketserver": all, "SocketServer": all, "ssl": all, "_ssl": all, "select": all, "selectors": all,
	"http.client": all, "http.server": all, "BaseHTTPServer": all, "CGIHTTPServer": all, "SimpleHTTPServer": all, "wsgiref.*": all,
	"xmlrpc.*": all, "xmlrpclib": all, "DocXMLRPCServer": all, "SimpleXMLRPCServer": all, "httplib": all, "urllib": all,
	"urllib.request": all, "urllib.robotparser": all, "robotparser": all, "urllib2": all,
	"urllib3.*": all, "requests.*": all, "httpx.*": all, "aiohttp.*": all, "ftplib": all, "smtplib": all, "smtpd": all, "poplib": all,
	"imaplib": all, "nntplib": all, "telnetlib": all, "asyncore": all, "asynchat": all, "paramiko.*": all, "boto3.*": all, "botocore.*": all,
	"huggingface_hub.*": all, "transformers.*": {"pipeline", "*from_pretrained", "load_tool"}, "datasets.*": {"load_*"},

	// PyTorch
	"torch":                            {"load", "save", "compile", "import_ir_module*", "hub", "ops"},
	"torch._C":                         {"import_ir_module*", "_import_ir_module*", "PyTorchFile*", "_jit_*", "_load_*", "CompilationUnit"},
	"torch.serialization":              {"load", "save", "_load", "_legacy_load", "_open_*"},
	"torch.jit":                        {"load", "save", "jit_module_from_flatbuffer", "CompilationUnit"},
	"torch.jit._serialization":         {"load", "save", "jit_module_from_flatbuffer"},
	"torch.jit.unsupported_tensor_ops": all, "torch.jit.frontend": all,
	"torch.hub": all, "torch.package.*": all, "torch.ops": {"*load_library"}, "torch._ops": {"*load_library"},
	"torch._classes":    {"*load_library"},
	"torch._inductor.*": all, "torch._dynamo.*": all, "torch.export.*": {"load", "save"}, "torch.onnx.*": {"export*", "_export*"},
	"torch.fx.graph_module":                 {"_exec_with_source", "_forward_from_src", "reduce_*", "_method_from_src"},
	"torch.fx.experimental.symbolic_shapes": {"ShapeEnv*", "eval*"},
	"torch.multiprocessing.*":               {"spawn*", "start_processes", "*Process*", "Pool*"}, "torch.distributed.elastic.*": all,
	"torch.distributed.rpc.*": all,
	"torch.distributed.run":   all, "torch.distributed.launch": all, "torch.testing._internal.*": all,
	"torch.utils.cpp_extension": all, "torch.utils._cpp_extension_versioner": all, "torch.utils.model_zoo": all,
	"torch.utils.collect_env":  all,
	"torch.utils.bottleneck.*": all, "torch.utils._config_module": all, "torch.utils.data.datapipes.*": all, "torch.utils.tensorboard.*": all,

	// NumPy and others
	"numpy":               {"load*", "save*", "fromfile", "memmap", "genfromtxt", "DataSource*", "*.tofile", "*.dump"},
	"numpy.lib.*":         {"load*", "save*", "fromfile", "genfromtxt", "DataSource*", "open*", "read_array", "NpzFile*"},
	"numpy.core.*":        {"fromfile", "memmap*", "_exec*"},
	"numpy._core.*":       {"fromfile", "memmap*", "_exec*"},
	"numpy.ctypeslib.*":   all,
	"numpy.testing.*":     {"runstring", "rundocs", "measure", "exec_*", "build_*", "*exec*"},
	"numpy.f2py.*":        all,
	"numpy.distutils.*":   all,
	"numpy._pytesttester": all,
	"pandas.*":            {"eval", "read_*", "to_pickle", "*.eval", "*.query", "*.to_*"},
	"scipy.io.*":          {"load*", "save*"},
	"PIL.Image":           {"open", "*.save"},
	"cv2":                 {"imread", "imwrite", "VideoCapture", "FileStorage"},
	"tensorflow.*":        {"load*", "*load_model", "*load_library", "*read_file", "*write_file", "py_func*", "numpy_function"},
	"keras.*":             {"load_*", "*load_model", "func_load"},
}
