package pysource

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

// Where Defines and ServerClasses are sure, Python finds the same in the
// imported module, in the way that TorchServe's loader looks. Modules such as
// weakref are left out: they import C classes that claim to be theirs. So are
// ast and zipfile, which change their own attributes in newer Pythons.
func TestSameAsImporting(t *testing.T) {
	const modules = `ts.torch_handler.* ts.* ts.service.* ts.protocol.* ts.utils.* ts.metrics.* ts.handler_utils.*
		argparse base64 bisect calendar cmd code codecs collections.* concurrent.futures.* configparser
		contextlib copy csv dataclasses decimal difflib dis email.* enum fileinput fnmatch fractions ftplib
		functools getopt getpass glob gzip heapq hashlib hmac html.* http.* inspect io ipaddress json.* keyword
		linecache locale logging.handlers lzma mailbox mimetypes multiprocessing.* netrc numbers opcode operator
		optparse os pathlib pdb pickle pickletools platform plistlib poplib posixpath pprint profile pstats queue
		quopri random reprlib sched secrets selectors shelve shlex shutil smtplib socket socketserver sqlite3.*
		ssl stat statistics string stringprep subprocess symtable tabnanny tarfile tempfile textwrap threading
		timeit token tokenize trace traceback tracemalloc types typing unittest.* urllib.* uuid wave
		wsgiref.* xml.dom.* xml.etree.* xml.sax.* xmlrpc.* zipapp importlib.* asyncio.* ctypes.*`
	cmd := exec.Command(testtools.Python(t), append([]string{"testdata/attributes.py"}, strings.Fields(modules)...)...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var files, handlers, sureFiles, yes, no, cannotTell int
	for decoder := json.NewDecoder(strings.NewReader(string(out))); decoder.More(); {
		var want struct {
			File                string
			Classes, Attributes []string
		}
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(want.File)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Parse(source)
		if err != nil {
			t.Errorf("%s: %v", want.File, err)
			continue
		}
		files++
		if filepath.Base(filepath.Dir(want.File)) == "torch_handler" {
			handlers++
		}
		if classes, sure := m.ServerClasses(); sure {
			sureFiles++
			var got []string
			for _, c := range classes {
				got = append(got, c.Name)
			}
			slices.Sort(got)
			if !slices.Equal(got, want.Classes) {
				t.Errorf("%s: classes %q, Python finds %q", want.File, got, want.Classes)
			}
		}
		candidates := slices.Concat(want.Attributes, []string{"handle"})
		for _, b := range m.Names {
			candidates = append(candidates, b.Name)
		}
		slices.Sort(candidates)
		for _, name := range slices.Compact(candidates) {
			if strings.HasPrefix(name, "__") {
				continue
			}
			has := slices.Contains(want.Attributes, name)
			switch answer := m.Defines(name); {
			case answer == Yes && has:
				yes++
			case answer == No && !has:
				no++
			case answer == CannotTell:
				cannotTell++
			default:
				t.Errorf("%s: defines %s: %v, Python says %t", want.File, name, answer, has)
			}
		}
	}
	t.Logf("%d modules, %d of them handlers: classes sure in %d; names: %d yes, %d no, %d cannot tell",
		files, handlers, sureFiles, yes, no, cannotTell)
	if files < 200 || handlers < 3 || sureFiles < files/2 {
		t.Errorf("only %d modules, %d handlers and %d sure answers were compared", files, handlers, sureFiles)
	}
}
