package pysource

import (
	"fmt"
	"strings"
	"testing"
)

// TestGuards finds what the call of here() depends on, where "yes" is known to
// hold and "no" not to.
func TestGuards(t *testing.T) {
	for source, want := range map[string]string{
		"here()":                                                "",
		"if yes: here()":                                        "yes",
		"if no: here()":                                         "no",
		"if not no: here()":                                     "yes",
		"if other: here()":                                      "cannot tell",
		"if yes: pass\nelse: here()":                            "no",
		"if no: pass\nelif yes: here()":                         "yes yes",
		"if no: pass\nelif no: pass\nelse: here()":              "yes yes",
		"if yes: pass\nelif yes: here()":                        "yes no",
		"if yes or other: here()":                               "yes",
		"if no or other: here()":                                "cannot tell",
		"if yes and no: here()":                                 "no",
		"while yes: here()":                                     "yes",
		"while yes: pass\nelse: here()":                         "unknown",
		"for x in y: here()":                                    "loop",
		"try: here()\nfinally: pass":                            "",
		"try: here()\nexcept E: pass":                           "caught",
		"try: here()\nexcept E: raise":                          "",
		"try: here()\nexcept E:\n  if x: raise":                 "caught",
		"try: pass\nexcept E: here()":                           "unknown",
		"with open(x): here()":                                  "",
		"with torch.no_grad(), gzip.open(x) as f: here()":       "",
		"with maybe(): here()":                                  "unknown",
		"with contextlib.suppress(E): here()":                   "unknown",
		"match x:\n  case 1: here()":                            "unknown",
		"x and here()":                                          "unknown",
		"here() and x":                                          "",
		"f(here() == 1 or x)":                                   "",
		"x = here() if y else z":                                "unknown",
		"x = [here() for y in z]":                               "unknown",
		"f = lambda: here()":                                    "unknown",
		"if no: return\nhere()":                                 "yes",
		"if yes: return\nhere()":                                "no",
		"if other: return\nhere()":                              "cannot tell",
		"if yes:\n  if no: return\nhere()":                      "yes",
		"if yes:\n  if no: return\n  here()":                    "yes yes",
		"if no: return\nelse: here()":                           "yes yes",
		"if other: raise E\nhere()":                             "",
		"try:\n  if other: return\nfinally: pass\nhere()":       "cannot tell",
		"for x in y:\n  if no: continue\n  here()":              "loop yes",
		"for x in y:\n  if other: break\nhere()":                "",
		"for x in y:\n  if other: return\nhere()":               "cannot tell",
		"return {\n  'a': here(),\n}":                           "",
		"def g():\n  return\nhere()":                            "",
		"if x: pass\nif y: pass\nelse: here()":                  "cannot tell",
		"if yes:\n  pass\n# else\nelse:\n  if yes: here()":      "yes no",
		"if isinstance(x, y): pass\nelif no: pass\nhere()":      "",
		"if (yes\n  and not (no or no)):\n  here()":             "yes",
		"for x in y:\n  for z in x:\n    break\n  else: here()": "unknown loop",
	} {
		m := parse(t, "def f():\n  "+strings.ReplaceAll(source, "\n", "\n  "))
		calls := m.CallsTo("here")
		if len(calls) != 1 {
			t.Fatalf("%s: %d calls", source, len(calls))
		}
		var got []string
		for _, g := range m.Guards(calls[0].Scope, calls[0].Line) {
			switch g.Kind {
			case Loop:
				got = append(got, "loop")
			case Caught:
				got = append(got, "caught")
			case Unknown:
				got = append(got, "unknown")
			default:
				got = append(got, g.Holds(func(e Expr) Answer {
					return map[string]Answer{"yes": Yes, "no": No}[e.Name]
				}).String())
			}
		}
		if got := strings.Join(got, " "); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

func show(e Expr) string {
	var parts []string
	switch e.Op {
	case "":
		return "?" + e.Name
	case Name:
		for _, k := range e.Keys {
			parts = append(parts, k.Name)
		}
		return e.Name + strings.Join(parts, "/")
	case Text:
		return fmt.Sprintf("%q", e.Text)
	}
	for _, a := range e.Args {
		parts = append(parts, show(a))
	}
	for i, k := range e.Keywords {
		parts = append(parts, k+"="+show(e.Values[i]))
	}
	return fmt.Sprintf("%s%s(%s)", e.Op, e.Name, strings.Join(parts, " "))
}

func TestExpr(t *testing.T) {
	for source, want := range map[string]string{
		`a.b`:                           `a.b`,
		`a["k"].get("l")`:               `ak/l`,
		`a["k"].b`:                      `a[].b`,
		`a[0]`:                          `?a[]`,
		`a()[0].item()`:                 `?a()[].item()`,
		`out.argmax(1).item()`:          `?out.argmax().item()`,
		`f(a, "b" "c", *d, e=1, g="h")`: `callf(a "bc" *=? e=? g="h")`,
		`not a == "b"`:                  `not(==(a "b"))`,
		`a["m"] in {"b", "c"}`:          `in(am list("b" "c"))`,
		`a not in b`:                    `not in(a b)`,
		`a is not None`:                 `is not(a None())`,
		`(a or b) and (c)`:              `and(or(a b) c)`,
		`a or b and not c`:              `or(a and(b not(c)))`,
		`a / "b" / f"{c}/d"`:            `/(/(a "b") "{}/d")`,
		`a / f"{c}/d"`:                  `/(a "{}/d")`,
		`a < b`:                         `?`,
		`a == b == c`:                   `?`,
		`a + 1`:                         `?`,
		`-a`:                            `?`,
		`a if b else c`:                 `?`,
		`lambda: a`:                     `?`,
		`[a for a in b]`:                `list(?)`,
		`(a, b)`:                        `list(a b)`,
		`((a))`:                         `a`,
		`()`:                            `?()`,
		`(a / "b").c(d)`:                `?().c()`,
		`b"a"`:                          `?`,
		`1`:                             `?`,
		`""`:                            `""`,
		`f(f(f(a)))`:                    `callf(callf(callf(a)))`,
		strings.Repeat("(", 100) + "a" + strings.Repeat(")", 100): `a`,
	} {
		m := parse(t, "x("+source+")")
		if got := show(m.Argument(m.Calls[0], 0)); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}

func TestFile(t *testing.T) {
	for source, want := range map[string]string{
		`x("a/b.pt")`:                                  `"b.pt"`,
		`x(os.path.join(d, "b.pt"))`:                   `"b.pt"`,
		`x(str(Path(d) / "b.pt"))`:                     `"b.pt"`,
		`x(f"{d}/b.pt")`:                               `"b.pt"`,
		`x(f"{d}/{b}.pt")`:                             `?`,
		`f = m["model"]["file"]; p = join(d, f); x(p)`: `mmodel/file`,
		`p = "a"; p = "b"; x(p)`:                       `p`,
		`p = "a"; p += "b"; x(p)`:                      `p`,
		`for p in q: x(p)`:                             `p`,
		`p, q = r; x(p)`:                               `p`,
		"p = 'a'\n  if y: x(p)":                        `"a"`,
		"if y: p = 'a'\n  x(p)":                        `p`,
		"x(p)\n  p = 'a'":                              `p`,
		`x(a.b("c"))`:                                  `calla.b("c")`,
	} {
		m := parse(t, "def f():\n  "+source)
		c := m.CallsTo("x")[0]
		if got := show(m.File(m.Argument(c, 0), c.Scope, c.Line)); got != want {
			t.Errorf("%s: %s, want %s", source, got, want)
		}
	}
}
