package pysource

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
)

// everyFile compares all files of the interpreter's packages, which takes
// minutes, and more folders where they are named after the flags.
var everyFile = flag.Bool("every-file", false, "compare every .py file of the interpreter with ast")

// astFile is a line of testdata/dump.py.
type astFile struct {
	File    string
	Refused string

	Imports, Functions, Classes, Names, Calls, Strings []any
}

// The interpreter's standard library and the packages of TorchServe, PyTorch
// and transformers are read by Python's own ast and by Parse; both have to see
// the same, file by file.
func TestSameAsPythonsOwnAST(t *testing.T) {
	python := testtools.Python(t)
	folders := corpus(t, python)
	cmd := exec.Command(python, append([]string{filepath.Join("testdata", "dump.py")}, folders...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var files, refused, bytes, different int
	var spent time.Duration
	lines := bufio.NewReader(out)
	for decoder := json.NewDecoder(lines); decoder.More(); {
		var want astFile
		if err := decoder.Decode(&want); err != nil {
			t.Fatal(err)
		}
		source, err := os.ReadFile(want.File)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		m, err := Parse(source)
		spent += time.Since(start)
		if want.Refused != "" {
			refused++
			if strings.HasPrefix(want.File, "testdata") {
				t.Errorf("%s: %s", want.File, want.Refused)
			}
			continue
		}
		files, bytes = files+1, bytes+len(source)
		if err != nil {
			t.Errorf("%s: %v", want.File, err)
			different++
		} else if diff := difference(want, m); diff != "" {
			t.Errorf("%s: ast (-), Parse (+):\n%s", want.File, diff)
			different++
		}
		if different > 20 {
			t.Fatal("too many differences")
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files, %.1f MB, %d more that ast refuses; Parse: %.1f MB/s",
		files, float64(bytes)/1e6, refused, float64(bytes)/1e6/spent.Seconds())
	if files < 1000 {
		t.Errorf("only %d files were compared; the corpus should hold at least 1000", files)
	}
}

// corpus asks the interpreter where its libraries are. TorchServe and transformers
// are taken whole, of the others only every few files, so that the test stays short.
func corpus(t *testing.T, python string) []string {
	t.Helper()
	if *everyFile && flag.NArg() > 0 {
		return flag.Args()
	}
	const locate = `
import importlib.util, os
print(os.path.dirname(os.__file__))
for name in ("ts", "model_archiver", "torch", "transformers", "setuptools", "pip"):
    spec = importlib.util.find_spec(name)
    if spec and spec.origin: print(os.path.dirname(spec.origin))
`
	out, err := exec.Command(python, "-c", locate).Output()
	if err != nil {
		t.Fatal(err)
	}
	whole := map[string]bool{"ts": true, "model_archiver": true, "transformers": true}
	folders := []string{"testdata"}
	for folder := range strings.FieldsSeq(string(out)) {
		step := 2
		if name := filepath.Base(folder); *everyFile || whole[name] {
			step = 1
			delete(whole, name)
		}
		folders = append(folders, fmt.Sprintf("%d:%s", step, folder))
	}
	if len(whole) > 0 {
		t.Errorf("%s lacks %v", python, whole)
	}
	return folders
}

func difference(want astFile, m *Module) string {
	got := seen(m)
	for _, list := range [][2][]any{
		{want.Imports, got.Imports}, {want.Functions, got.Functions}, {want.Classes, got.Classes},
		{want.Names, got.Names}, {want.Calls, got.Calls}, {want.Strings, got.Strings},
	} {
		a, b := sorted(list[0], false), sorted(list[1], false)
		if diff := onlyIn(a, b); diff != "" {
			return diff
		}
	}
	// Before Python 3.12, ast gives wrong lines inside f-strings; dump.py has 0
	// there.
	for _, list := range [][2][]any{{want.Calls, got.Calls}, {want.Strings, got.Strings}} {
		b := sorted(list[1], true)
		for _, line := range sorted(list[0], true) {
			if !slices.Contains(b, line) && !strings.Contains(line, "line 0 ") {
				return "- " + line
			}
		}
	}
	return ""
}

// onlyIn lists what is in only one of two sorted lists.
func onlyIn(a, b []string) string {
	var diff []string
	for len(a) > 0 || len(b) > 0 {
		switch {
		case len(b) == 0 || len(a) > 0 && a[0] < b[0]:
			diff, a = append(diff, "- "+a[0]), a[1:]
		case len(a) == 0 || b[0] < a[0]:
			diff, b = append(diff, "+ "+b[0]), b[1:]
		default:
			a, b = a[1:], b[1:]
		}
	}
	return strings.Join(diff[:min(len(diff), 6)], "\n")
}

// sorted prints each of the rows. In rows of calls and strings the line is the
// fourth from the end, and it is left out without lines.
func sorted(rows []any, lines bool) []string {
	out := make([]string, 0, len(rows))
	for _, row := range rows {
		fields, isRow := row.([]any)
		text := ""
		if at := len(fields) - 4; isRow && len(fields) >= 8 {
			if lines {
				text = fmt.Sprintf("line %v ", fields[at])
			}
			fields = slices.Delete(slices.Clone(fields), at, at+1)
			if fields[0] == nil {
				fields[0] = "unknown"
			}
			row = fields
		}
		out = append(out, fmt.Sprintf("%s%v", text, row))
	}
	sort.Strings(out)
	return out
}

// seen is a Module in the form of dump.py.
func seen(m *Module) astFile {
	var f astFile
	for _, i := range m.Imports {
		f.Imports = append(f.Imports, []any{i.Module, i.Name, i.Alias, i.Level, i.Line})
	}
	f.Functions = functionRows(m.Functions)
	for _, c := range m.Classes {
		f.Classes = append(f.Classes, []any{
			c.Name, c.Bases, c.Keywords, functionRows(c.Methods), names(c.Names), c.Decorators, c.Line,
		})
	}
	f.Names = names(m.Names)
	callee := func(i int) string {
		if i < 0 {
			return ""
		}
		return shortened(m.Calls[i].Callee)
	}
	for i, c := range m.Calls {
		f.Calls = append(f.Calls, []any{
			callee(i), c.Positional, c.Keywords, c.Star, c.DoubleStar, c.Line, c.Class, c.Function, callee(c.In),
		})
	}
	for _, s := range m.Strings {
		value := []rune(s.Value)
		if s.Bytes {
			value = value[:0]
			for _, b := range []byte(s.Value) {
				value = append(value, rune(b))
			}
		}
		f.Strings = append(f.Strings, []any{
			known(string(value[:min(60, len(value))]), s.Value, s.Bytes), s.Bytes, s.Format, s.Doc, s.Line, s.Class, s.Function, callee(s.Call),
		})
	}
	return f
}

// known is nil for values with a character that only Python can tell.
func known(value, all string, isBytes bool) any {
	if !isBytes && strings.Contains(all, "\ufffd") {
		return nil
	}
	return value
}

func shortened(callee string) string {
	if len(callee) > 200 || strings.HasPrefix(callee, "…") {
		return "long"
	}
	return callee
}

func names(bindings []Binding) []any {
	var out []any
	for _, b := range bindings {
		out = append(out, b.Name)
	}
	return out
}

func functionRows(functions []Function) []any {
	var out []any
	for _, f := range functions {
		var params []any
		for _, p := range f.Params {
			params = append(params, []any{p.Name, p.Stars, p.KeywordOnly, p.Default})
		}
		out = append(out, []any{f.Name, params, f.Async, f.Decorators, f.Line})
	}
	return out
}
