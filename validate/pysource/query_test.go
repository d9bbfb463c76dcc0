package pysource

import (
	"fmt"
	"strings"
	"testing"
)

func parse(t *testing.T, source string) *Module {
	t.Helper()
	m, err := Parse([]byte(source))
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return m
}

func TestDefines(t *testing.T) {
	for source, want := range map[string]Answer{
		"":                                      No,
		"def other(): handle = 1":               No,
		"class A:\n  def handle(self): pass":    No,
		"x = [handle for handle in y]":          No,
		"f = lambda: (handle := 1)":             No,
		"handle: int":                           No,
		"import handle.other as other":          No,
		"x.handle = 1; x[handle] = 2":           No,
		"try: x\nexcept E as handle: pass":      No,
		"'def handle(): pass'":                  No,
		"def handle(data, context): pass":       Yes,
		"async def handle(d, c): pass":          Yes,
		"@decorated\ndef handle(d, c): pass":    Yes,
		"handle = A().handle":                   Yes,
		"a = handle = b":                        Yes,
		"a, (*b, handle) = c":                   Yes,
		"handle: int = 3":                       Yes,
		"from service import handle":            Yes,
		"from service import (x as handle,)":    Yes,
		"import handle.other":                   Yes,
		"class handle: pass":                    Yes,
		"x = [(handle := y)]":                   Yes,
		"with a as (b, handle): pass":           Yes,
		"if x: pass\nhandle = 1":                Yes,
		"try: x\nfinally: handle = 1":           Yes,
		"type handle = int":                     Yes,
		"for handle in x: pass":                 CannotTell,
		"if x:\n  def handle(): pass":           CannotTell,
		"try: handle = 1\nexcept E: pass":       CannotTell,
		"if __name__ == '__main__': handle = 1": CannotTell,
		"match x:\n  case {'a': handle}: pass":  CannotTell,
		"x and (handle := 1)":                   CannotTell,
		"with suppress(E): handle = x":          CannotTell,
		"handle = 1\ndel handle":                CannotTell,
		"from service import *":                 CannotTell,
		"def f():\n  global handle":             CannotTell,
		"globals()['handle'] = 1":               CannotTell,
		"exec(source)":                          CannotTell,
		"setattr(module, 'handle', 1)":          CannotTell,
		"import sys\nsys.modules[__name__] = 1": CannotTell,
		"def __getattr__(name): pass":           CannotTell,
	} {
		if got := parse(t, source).Defines("handle"); got != want {
			t.Errorf("%s: %v, want %v", source, got, want)
		}
	}
}

func TestServerClasses(t *testing.T) {
	const handler = "class A(BaseHandler):\n  pass\n"
	for _, c := range []struct {
		source string
		n      int
		sure   bool
	}{
		{"", 0, true},
		{"from a import B, C", 0, true},
		{"from a import *", 0, false},
		{handler + "from collections import namedtuple as n\nP = n('P', 'x')", 1, false},
		{handler + "Other.__module__ = __name__", 1, false},
		{handler, 1, true},
		{handler + "class E(Enum): X = 1", 2, true},
		{handler + "@dataclass(frozen=True)\nclass E: x: int", 2, true},
		{handler + "def f():\n  class B: pass", 1, true},
		{handler + "class B:\n  class C: pass", 2, true},
		{handler + "_service = A()", 1, true},
		{handler + handler, 1, true},
		{handler + "A = register(A)", 1, false},
		{handler + "B = A", 1, false},
		{handler + "P = namedtuple('P', 'x y')", 1, false},
		{handler + "def make(): pass\nB = make()", 1, false},
		{handler + "del A", 1, false},
		{handler + "if x:\n  class B: pass", 2, false},
		{"@register\n" + handler, 1, false},
		{"try:\n  import a\nexcept ImportError:\n  class a: pass", 1, false},
	} {
		classes, sure := parse(t, c.source).ServerClasses()
		if len(classes) != c.n || sure != c.sure {
			t.Errorf("%s: %d classes, sure %t, want %d, %t", c.source, len(classes), sure, c.n, c.sure)
		}
	}
}

func TestCallsTo(t *testing.T) {
	for source, want := range map[string]int{
		"import torch\ntorch.jit.load(f)":                                      1,
		"import torch as t; t.jit.load(f); t.load(f)":                          1,
		"import torch.jit\ntorch.jit.load(f)":                                  1,
		"import torch.jit as j\nj.load(f)":                                     1,
		"from torch import jit\njit.load(f)":                                   1,
		"from torch import jit as j\nj.load(f)":                                1,
		"from torch.jit import load\nload(f); load(g)":                         2,
		"from torch.jit import load as l\nl(f)":                                1,
		"from torch.jit import *\nload(f)":                                     1,
		"import torch\nload = torch.jit.load\nload(f)":                         1,
		"import torch as t\nj = t.jit\nclass A:\n  def f(s): j.load(f)":        1,
		"class A:\n  def f(self):\n    self.l = torch.jit.load\n    self.l(x)": 1,
		"x = f'{torch.jit.load(y)}'":                                           1,
		"try:\n import torch\nexcept E:\n torch = None\ntorch.jit.load(f)":     1,
		"import torch\ntorch.load(f); torch.jit.save(f)":                       0,
		"from mine import torch\ntorch.jit.load(f)":                            0,
		"import json\njson.load(f)":                                            0,
		"from json import load\nload(f)":                                       0,
		"from .torch.jit import load\nload(f)":                                 0,
		"# torch.jit.load(f)\n'torch.jit.load(f)'":                             0,
		"a = b\nb = a\na()":                                                    0,
	} {
		if got := len(parse(t, source).CallsTo("torch.jit.load")); got != want {
			t.Errorf("%s: %d calls, want %d", source, got, want)
		}
	}
}

func TestCallsMethod(t *testing.T) {
	for source, want := range map[string]int{
		"AutoModel.from_pretrained(d)":                             1,
		"f().from_pretrained(d)":                                   1,
		"load = AutoModel.from_pretrained\nload(d)":                1,
		"load = AutoModel.from_pretrained\nother = load\nother(d)": 1,
		"from x import from_pretrained as fp\nfp(d)":               1,
		"from x import y as from_pretrained\nfrom_pretrained(d)":   0,
		"x = 'from_pretrained(d)'":                                 0,
	} {
		if got := len(parse(t, source).CallsMethod("from_pretrained")); got != want {
			t.Errorf("%s: %d calls, want %d", source, got, want)
		}
	}
}

func TestReadsOf(t *testing.T) {
	show := func(r Read) string {
		out := ""
		for _, k := range r.Keys {
			switch {
			case k.Default:
				out += "." + k.Name + "|default"
			case k.Get:
				out += "." + k.Name + "|None"
			default:
				out += "." + k.Name
			}
		}
		if r.Conditional {
			out += "?"
		}
		if r.Store {
			out += "="
		}
		return out
	}
	const method = "class H:\n  def initialize(self, ctx):\n    "
	for source, want := range map[string]string{
		`x = ctx.model_yaml_config["handler"]["max_length"]`:                ".handler.max_length",
		`x = ctx.model_yaml_config.get("handler", {}).get("max_length")`:    ".handler|default.max_length|None",
		`x = ctx.model_yaml_config["handler"] if a else b`:                  ".handler?",
		`if "handler" in ctx.model_yaml_config: x = model_yaml_config["a"]`: ".a?",
		`ctx.model_yaml_config["handler"] = 1`:                              ".handler=",
		`ctx.model_yaml_config["han" 'dler'].x["other"]`:                    ".handler",
		`ctx.model_yaml_config[key]["a"]`:                                   "",
		`ctx.model_yaml_config.get(key)`:                                    "",
		`ctx.model_yaml_config.get(f"x{y}")`:                                "",
		`"ctx.model_yaml_config['handler']"`:                                "",
		method + `c = ctx.model_yaml_config["handler"]; c["a"]`:             ".handler .handler.a",
		method + `self.c = self.model_yaml_config["h"]` +
			"\n  def f(self): self.c['a']": ".h .h.a",
		method + "c = ctx.model_yaml_config\n    d = c['h']\n    d['a']['b']": ".h .h.a.b",
		method + "c = ctx.model_yaml_config\n  def f(self): c['h']":           "",
		"c = x.model_yaml_config\ndef f():\n  return c['h']":                  ".h",
		method + "if not ctx: return\n    ctx.model_yaml_config['h']":         ".h?",
	} {
		var got []string
		for _, r := range parse(t, source).ReadsOf("model_yaml_config") {
			got = append(got, show(r))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

func TestOpens(t *testing.T) {
	const join = `os.path.join(d, "setup_config.json")`
	for source, want := range map[string]Answer{
		`open("setup_config.json")`:                           Yes,
		`with open(` + join + `) as f: json.load(f)`:          Yes,
		`json.load(open(f"{d}/setup_config.json"))`:           Yes,
		"p = " + join + "\nwith open(p) as f: pass":           Yes,
		"def f():\n  p = " + join + "\n  open(p)":             Yes,
		"p = 'a/setup_config.json'\nopen(p, encoding='utf8')": Yes,
		"p = " + join + "\nif os.path.isfile(p): open(p)":     CannotTell,
		"p = " + join + "\np = other\nopen(p)":                CannotTell,
		"p = " + join + "\np = a + b\nopen(p)":                CannotTell,
		"p = " + join + "\ntry: open(p)\nexcept E: pass":      CannotTell,
		"p = " + join + "\ndef f(p):\n  open(p)":              CannotTell,
		"load_json(" + join + ")":                             CannotTell,
		`open("setup_config.json", "w")`:                      CannotTell,
		`open(x) if y else open("setup_config.json")`:         CannotTell,
		`"""Reads setup_config.json."""`:                      No,
		`# open("setup_config.json")`:                         No,
		`open("config.json")`:                                 No,
	} {
		if got := parse(t, source).Opens("setup_config.json"); got != want {
			t.Errorf("%s: %v, want %v", source, got, want)
		}
	}
}

func ExampleModule_CallsTo() {
	m, err := Parse([]byte("import torch as t\nmodel = t.jit.load(path, map_location='cpu')\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range m.CallsTo("torch.jit.load") {
		fmt.Println(c.Line, c.Callee, c.Positional, c.Keywords)
	}
	// Output: 2 t.jit.load 1 [map_location]
}

func TestJSONLoads(t *testing.T) {
	const join = `os.path.join(d, "labels.json")`
	for source, want := range map[string]string{
		"import json\njson.load(open(" + join + "))":                                                                   "2",
		"import json\njson.loads(open(" + join + ").read())":                                                           "2",
		"import json\nwith open('a/labels.json') as f:\n  x = json.load(f)":                                            "3",
		"import json\nwith open(f'{d}/labels.json') as f:\n  json.loads(f.read())":                                     "3",
		"from json import load as l\np = " + join + "\nif os.path.isfile(p):\n  with open(p) as f:\n    self.x = l(f)": "5",
		"import json\nf = open(" + join + ")\njson.load(f)":                                                            "3",
		"import json\nwith open(" + join + ") as f, open('b.json') as g:\n  json.load(f)":                              "",
		"import json\nwith open('other.json') as f:\n  json.load(f)\nopen(" + join + ")":                               "",
		"import json\np = " + join + "\np = 'b'\njson.load(open(p))":                                                   "",
		"import json\njson.load(open(" + join + ", 'w'))":                                                              "",
		"import yaml\nyaml.safe_load(open(" + join + "))":                                                              "",
		"import json\nf = open(" + join + ")\nf = g\njson.load(f)":                                                     "",
		"import json\ndef a():\n  f = open(" + join + ")\ndef b(f):\n  json.load(f)":                                   "",
		"import myjson as json\njson.load(open(" + join + "))":                                                         "",
	} {
		var got []string
		for _, c := range parse(t, source).JSONLoads("labels.json", false) {
			got = append(got, fmt.Sprint(c.Line))
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: lines %q, want %q", source, got, want)
		}
	}
}

// What a file is opened with and parsed with decides what Python's json minds.
func TestJSONLoadsOfEncodings(t *testing.T) {
	for source, want := range map[string][2]int{ // without a byte order mark, and with
		"json.load(open('a.json'))":                            {1, 1},
		"json.load(open('a.json', 'r', encoding='UTF-8'))":     {1, 1},
		"json.load(open('a.json', mode='rb'))":                 {1, 0},
		"json.loads(open('a.json', 'rb').read())":              {1, 0},
		"json.load(open('a.json', encoding='utf-8-sig'))":      {0, 0},
		"json.load(open('a.json', encoding=e))":                {0, 0},
		"json.load(open('a.json', **k))":                       {0, 0},
		"json.load(open('a.json'), strict=False)":              {0, 0},
		"json.load(open('a.json'), cls=My)":                    {0, 0},
		"json.loads(open('a.json').read().replace(a, b))":      {0, 0},
		"json.loads(open('a.json').read(9))":                   {0, 0},
		"with open('a.json') as f: json.loads(f.read()[1:])":   {0, 0},
		"with open('a.json', 'rb') as f: json.loads(f.read())": {1, 0},
	} {
		m := parse(t, "import json\n"+source)
		if got := [2]int{len(m.JSONLoads("a.json", false)), len(m.JSONLoads("a.json", true))}; got != want {
			t.Errorf("%s: %d, want %d", source, got, want)
		}
	}
}

func TestCallsWithPath(t *testing.T) {
	const imported = "from ts.utils.util import load_label_mapping as l\n"
	for source, want := range map[string]int{
		imported + "p = os.path.join(d, 'labels.json')\nl(p)": 1,
		imported + "l('d/labels.json')":                       1,
		imported + "l(os.path.join(d, 'labels.json'))":        1,
		imported + "l(other)\np = 'labels.json'":              0,
		"p = 'labels.json'\nl(p)":                             0,
	} {
		if got := len(parse(t, source).CallsWithPath("ts.utils.util.load_label_mapping", "labels.json")); got != want {
			t.Errorf("%s: %d calls, want %d", source, got, want)
		}
	}
}
