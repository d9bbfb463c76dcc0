package pysource

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestSourcesThatMakeNoSense(t *testing.T) {
	deep := strings.Repeat("(", 201)
	for _, c := range []struct {
		name, source string
		line         int
		message      string
	}{
		{"open bracket", "x = 1\ny = (1,\n\n", 2, "never closed"},
		{"open bracket in an f-string", "f'{(x}'\n", 1, "closes nothing"},
		{"wrong bracket", "x = (1]\n", 1, "closes nothing"},
		{"open string", "\nx = 'abc\n", 2, "never closed"},
		{"open triple string", "x = 1\n'''abc\n\n\n", 2, "never closed"},
		{"open f-string", "f'abc{x}\n", 1, "never closed"},
		{"open field", "\nf'abc{x", 2, "never closed"},
		{"single brace", "f'}'\n", 1, "single '}'"},
		{"backslash", "x = \\ 1\n", 1, "backslash"},
		{"dedent", "if x:\n        y\n    z\n", 3, "indentation"},
		{"tabs and spaces", "if x:\n        y\n\tz\n", 3, "tabs and spaces"},
		{"indentation", "x\n  y\n", 2, "unexpected indentation"},
		{"no block", "if x:\ny\n", 2, "block is missing"},
		{"no colon", "class A\n  pass\n", 1, "':'"},
		{"Python 2", "import os\nprint 'hello'\n", 2, "without an operator"},
		{"zero byte", "x\n\x00\n", 2, "zero byte"},
		{"not UTF-8", "x = '\xff'\n", 1, "UTF-8"},
		{"unknown encoding", "#!/usr/bin/python\n# -*- coding: koi8-r -*-\n", 2, "koi8-r"},
		{"strange character", "x = a ? b\n", 1, "invalid character '?'"},
		{"typographic quotes", "x = “a”\n", 1, "invalid character '“'"},
		{"deep", deep + strings.Repeat(")", 201), 1, "nested"},
		{"long name", strings.Repeat("a", 2000), 1, "a name of more"},
		{"too long", strings.Repeat("#", 4<<20) + "#", 1, "4 MiB"},
		{"too many tokens", strings.Repeat("x\n", 300000), 262145, "tokens"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := Parse([]byte(c.source))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) {
				t.Fatalf("got %v, want a *SyntaxError", err)
			}
			if syntax.Line != c.line || !strings.Contains(syntax.Message, c.message) {
				t.Errorf("got %v, want line %d: …%s…", syntax, c.line, c.message)
			}
			if m == nil || m.Complete {
				t.Errorf("the module should be there and not complete")
			}
			if got := m.Defines("handle"); got != CannotTell {
				t.Errorf("whether an incomplete module defines a name is %v", got)
			}
		})
	}
}

// What stands before a mistake is still listed.
func TestPartOfAModule(t *testing.T) {
	m, err := Parse([]byte("import torch\nclass A(B):\n    def f(self): torch.load(1)\nx = (\n"))
	if err == nil {
		t.Fatal("no error")
	}
	if len(m.Imports) != 1 || len(m.Classes) != 1 || len(m.Classes[0].Methods) != 1 || len(m.Calls) != 1 {
		t.Errorf("got %+v", m)
	}
}

// Sources built to take long or much memory are read in no time, or refused.
func TestHostileSources(t *testing.T) {
	name := strings.Repeat("n", 1000)
	nested := ""
	for i := range 90 {
		nested += strings.Repeat(" ", i) + "def " + name + "():\n"
	}
	for title, source := range map[string]string{
		"chain":       "a" + strings.Repeat(".b()", 100000),
		"calls":       strings.Repeat("f(", 190) + strings.Repeat("1,", 200000) + strings.Repeat(")", 190),
		"keys":        "a" + strings.Repeat("['x']", 150000),
		"names":       strings.Repeat(`'\N{`, 1) + strings.Repeat(`\N{`, 1<<20),
		"f-names":     `f'` + strings.Repeat(`\N{`, 1<<20),
		"names ended": `'` + strings.Repeat(`\N{`, 1<<20) + `'`,
		"async":       strings.Repeat("async ", 500000),
		"definitions": nested + strings.Repeat(strings.Repeat(" ", 90)+"def f(): g()\n", 20000),
		"lambdas":     strings.Repeat("lambda:", 250000),
		"f-strings":   strings.Repeat("f'{", 100) + "x" + strings.Repeat("}'", 100),
		"decorators":  strings.Repeat("@a\n", 170000),
		"opens":       strings.Repeat("p='a/setup_config.json'\nopen(p, 'r')\n", 40000),
		"aliases":     strings.Repeat("a=b\nb=c\nc=torch.jit.load\nd=a\n", 30000),
		"joined":      strings.Repeat("'a' ", 500000),
		"config":      strings.Repeat("a=model_yaml_config['x']\nb=a['y']\na=b\n", 20000),
		"classes":     strings.Repeat("class A: pass\nB = A\n", 50000),
	} {
		t.Run(title, func(t *testing.T) {
			start := time.Now()
			m, _ := Parse([]byte(source))
			m.CallsTo("torch.jit.load")
			m.CallsMethod("load")
			m.ReadsOf("model_yaml_config")
			m.Opens("setup_config.json")
			m.ServerClasses()
			m.Defines("handle")
			if spent := time.Since(start); spent > 10*time.Second {
				t.Errorf("took %v", spent)
			}
		})
	}
}

func TestEncodings(t *testing.T) {
	for name, source := range map[string]string{
		"byte order mark": "\xef\xbb\xbfx = 'ä'\n",
		"Latin-1":         "# coding: latin-1\nx = '\xe4'\n",
		"second line":     "\n# vim: set fileencoding=iso-8859-1 :\nx = '\xe4'\n",
		"not a third":     "\n\n# coding: koi8-r\nx = 'ä'\n",
		"after code":      "y = 1\n# coding: koi8-r\nx = 'ä'\n",
		"Mac line ends":   "x = 'ä'\ry = 2\r",
		"DOS line ends":   "y = \\\r\n 1\r\nx = 'ä'\r\n",
		"form feed":       "if y:\n    z\n\fx = 'ä'\n",
		"tabs":            "if y:\n\tif y:\n\t    x = 'ä'\n",
	} {
		m, err := Parse([]byte(source))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if len(m.Strings) != 1 || m.Strings[0].Value != "ä" {
			t.Errorf("%s: got %+v", name, m.Strings)
		}
	}
}

// Grammar that is newer than the interpreter that the other test compares with.
func TestNewerGrammar(t *testing.T) {
	for _, c := range []struct{ source, calls, strings string }{
		{`x = f"{d["key"]}"`, "", "{} key"},
		{`x = f'{f'{f'{g(1)}'}'}'`, "g", "{} {} {}"},
		{"x = f'{\n  g(\n    1) # a comment '\n}'", "g", "{}"},
		{`x = f"{'\n'.join(a)}"`, `"".join`, "{} \n"},
		{`x = f'{a!r:>{w(1)}}' 'b'`, "w", "{}b"},
		{`x = f"{a = }"`, "", "a = {}"},
		{`x = t"{g(1)}"`, "g", "{}"},
		{"def f[T: (int, g()), *A, **P](x: T = h()) -> k(): pass", "g h k", ""},
		{"class A[T = g()](B, metaclass=h()): pass", "g h", ""},
		{"type X[T] = list[g(T)]", "g", ""},
		{"try:\n  g()\nexcept* E as e:\n  h()", "g h", ""},
		{"try:\n  g()\nexcept A, B:\n  h()", "g h", ""},
		{"match(x)\nmatch = f(match)\nmatch x:\n  case P('a', y=1) if g(y): h()\n  case _: pass", "match f g h", "a"},
		{"with (open('a') as a, open('b') as b):\n  pass", "open open", "a b"},
	} {
		m, err := Parse([]byte(c.source))
		if err != nil {
			t.Errorf("%s: %v", c.source, err)
			continue
		}
		var calls, strs []string
		for _, call := range m.Calls {
			calls = append(calls, call.Callee)
		}
		for _, s := range m.Strings {
			strs = append(strs, s.Value)
		}
		if got := strings.Join(calls, " "); got != c.calls {
			t.Errorf("%s: calls %q, want %q", c.source, got, c.calls)
		}
		if got := strings.Join(strs, " "); got != c.strings {
			t.Errorf("%s: strings %q, want %q", c.source, got, c.strings)
		}
	}
}

func TestHandler(t *testing.T) {
	source, err := os.ReadFile("testdata/hugging_face_handler.py")
	if err != nil {
		t.Fatal(err)
	}
	m, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	classes, sure := m.ServerClasses()
	if len(classes) != 1 || !sure {
		t.Fatalf("classes %v, sure %t", classes, sure)
	}
	class := classes[0]
	var methods []string
	for _, f := range class.Methods {
		methods = append(methods, fmt.Sprintf("%s/%d", f.Name, len(f.Params)))
	}
	check(t, "class", class.Name+strings.Join(class.Bases, ","), "SequenceHandlerBaseHandler,ABC")
	check(t, "methods", strings.Join(methods, " "), "__init__/1 initialize/2 preprocess/2 inference/4 postprocess/2")
	check(t, "handle", m.Defines("handle"), No)
	check(t, "LayerIntegratedGradients", m.Defines("LayerIntegratedGradients"), CannotTell)
	check(t, "torch.jit.load", len(m.CallsTo("torch.jit.load")), 1)
	check(t, "from_pretrained", len(m.CallsMethod("from_pretrained")), 2)
	check(t, "torch.load", len(m.CallsTo("torch.load")), 0)
	check(t, "setup_config.json", m.Opens("setup_config.json"), Yes)
	check(t, "index_to_name.json", m.Opens("index_to_name.json"), CannotTell)
	check(t, "vocab.txt", m.Opens("vocab.txt"), No)

	model := m.CallsTo("self.model")
	if len(model) != 1 {
		t.Fatalf("calls of the model: %+v", model)
	}
	want := Call{
		Callee: "self.model", Positional: 2, Args: []string{"input_ids_batch", "attention_mask_batch"},
		In: -1, Line: 75, Scope: Scope{Class: "SequenceHandler", Function: "inference"},
	}
	if diff := cmp.Diff(want, model[0], cmpopts.IgnoreUnexported(Call{}, Scope{})); diff != "" {
		t.Error(diff)
	}
	for _, i := range m.Imports {
		check(t, i.Module+" conditional", i.Conditional, i.Module == "captum.attr")
	}
}

func check(t *testing.T, what string, got, want any) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestStandardLibrary(t *testing.T) {
	for name, want := range map[string]bool{
		"os": true, "xml.etree": true, "tomllib": true, "distutils": true, "binhex": true, "asynchat": true,
		"zoneinfo": true, "__future__": true, "torch": false, "yaml": false, "utils": false, "lib": false, "": false,
	} {
		check(t, name, IsStandardLibrary(name), want)
	}
}
