package pickle

import (
	"strings"
	"testing"
)

// published are the globals by which picklescan's and fickling's tests and
// advisories run code, reach files or the network.
const published = `
__builtin__ eval compile getattr apply exec open breakpoint globals execfile
builtins eval compile getattr exec open breakpoint __import__ setattr delattr locals vars input
__builtins__ eval
aiohttp.client ClientSession
asyncio.unix_events _UnixSubprocessTransport._start
asyncio run create_subprocess_shell
atexit register
bdb Bdb.run
cloudpickle.cloudpickle _builtin_type _make_function _function_setstate _make_cell _make_empty_cell subimport
code InteractiveInterpreter.runcode InteractiveConsole interact
codeop compile_command
commands getoutput
compileall compile_file
cProfile run runctx Profile.run
ctypes CDLL PyDLL cdll
_ctypes dlopen
dill loads load
dill._dill _create_function _import_module
distutils.file_util write_file copy_file
distutils.spawn spawn
doctest debug_script
ensurepip _run_pip
fileinput input
filecmp cmp
ftplib FTP
gc get_objects
getpass getpass
glob glob
http.client HTTPSConnection
http.server HTTPServer
httplib HTTPSConnection
idlelib.autocomplete AutoComplete.get_entity AutoComplete.fetch_completions
idlelib.calltip Calltip.fetch_tip get_entity
idlelib.debugobj ObjectTreeItem.SetText
idlelib.pyshell ModifiedInterpreter.runcode ModifiedInterpreter.runcommand
idlelib.run Executive.runcode
imaplib IMAP4_stream IMAP4
importlib import_module
importlib.util spec_from_file_location
_io FileIO open
io FileIO open open_code
joblib load
lib2to3.pgen2.grammar Grammar.loads
lib2to3.pgen2.pgen ParserGenerator.make_label
linecache getlines
logging FileHandler
logging.config dictConfig listen
marshal loads
mmap mmap
multiprocessing Process
multiprocessing.util spawnv_passfds
nntplib NNTP
nt system popen
numpy load
numpy.f2py.crackfortran getlincoef _eval_length
numpy.ctypeslib load_library
numpy.testing._private.utils runstring rundocs measure
operator attrgetter methodcaller
_operator attrgetter methodcaller
os system popen execv spawnl remove
_osx_support _read_output _find_build_tool
_aix_support _read_cmd_output
pandas read_pickle
pandas.io.pickle read_pickle
pathlib Path.unlink Path.write_bytes PosixPath.read_text
pdb run set_trace
pickle loads load Unpickler
_pickle loads Unpickler
pip main
pip._internal main
pkgutil resolve_name
platform popen
poplib POP3
posix system popen
_posixsubprocess fork_exec
profile run runctx Profile.run Profile.runctx
pty spawn
py_compile compile
pydoc locate pipepager
_pyrepl.pager pipe_pager tempfile_pager
requests get
requests.api get
runpy run_path run_module _run_code
select select
selectors DefaultSelector
shelve open
shutil rmtree move
signal signal
site addsitedir
smtplib SMTP
socket socket create_connection
socketserver TCPServer
sqlite3 connect
ssl get_server_certificate
subprocess run Popen call check_output getoutput
sys exit modules settrace
tarfile open
tempfile mktemp NamedTemporaryFile
telnetlib Telnet
test.support.script_helper assert_python_ok
threading Thread
_thread start_new_thread
timeit timeit main
torch load compile
torch._dynamo.guards GuardBuilder.get
torch._inductor.codecache compile_file
torch.fx.experimental.symbolic_shapes ShapeEnv.evaluate_guards_expression
torch.hub load load_state_dict_from_url
torch.jit.unsupported_tensor_ops execWrapper
torch.ops load_library
torch.serialization load
torch.utils._config_module ConfigModule.load_config
torch.utils.bottleneck.__main__ run_cprofile run_autograd_prof
torch.utils.collect_env run run_and_read_all
torch.utils.cpp_extension load load_inline
torch.utils.data.datapipes.utils.decoder basichandlers
torch.utils.model_zoo load_url
trace Trace.run Trace.runctx
types CodeType FunctionType
unittest main
urllib urlopen
urllib.request urlopen urlretrieve
urllib2 urlopen
uuid _get_command_stdout
venv create
webbrowser open
xmlrpc.client ServerProxy
zipfile ZipFile
zipimport zipimporter
`

func TestPublishedGlobalsAreDangerous(t *testing.T) {
	for line := range strings.Lines(published) {
		fields := strings.Fields(line)
		for i := 1; i < len(fields); i++ {
			if g := (Global{fields[0], fields[i]}); Classify(g) != Dangerous {
				t.Errorf("%v is %v", g, Classify(g))
			}
		}
	}
}
