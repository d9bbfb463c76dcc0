package pickle

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
)

// pythonPickles are files that Python made and what it says of them.
type pythonPickles struct {
	dir     string
	Imports map[string][][2]string
	Values  map[string]any
	Renamed [][2][2]string
}

func makePickles(t testing.TB) pythonPickles {
	t.Helper()
	p := pythonPickles{dir: t.TempDir()}
	cmd := exec.Command(testtools.Python(t), filepath.Join("testdata", "make_pickles.py"), p.dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make_pickles.py: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(p.dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatal(err)
	}
	if len(p.Imports) < 400 {
		t.Fatalf("only %d pickles", len(p.Imports))
	}
	return p
}

func (p pythonPickles) read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(p.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAsPython(t *testing.T) {
	p := makePickles(t)
	for name, want := range p.Imports {
		got, err := Globals(bytes.NewReader(p.read(t, name)))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		compareImports(t, name, got, want)
	}
	compareNames(t, p.Renamed)
	for name, want := range p.Values {
		v, err := Load(bytes.NewReader(p.read(t, name)), 1<<20)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, plain(v)); diff != "" {
			t.Errorf("%s (-Python +ours):\n%s", name, diff)
		}
	}
}

// Pickles of protocols 0 to 2 use Python 2's names, which Python 3 translates.
func compareNames(t *testing.T, renamed [][2][2]string) {
	t.Helper()
	if len(renamed) < 50 {
		t.Errorf("only %d names", len(renamed))
	}
	for _, pair := range renamed {
		before, now := Global{pair[0][0], pair[0][1]}, Global{pair[1][0], pair[1][1]}
		if Classify(before) < Classify(now) && now != (Global{"sys", "intern"}) {
			t.Errorf("%v is %v, and %v, which Python makes of it, %v", before, Classify(before), now, Classify(now))
		}
	}
}

// overstated are files in which Python fails before an import that is told, in
// which an attribute is told as an import, or that are text.
var overstated = []string{
	"raw-computed", "raw-long-dotted", "evil-nested-zip", "raw-frame", "raw-unknown-stack", "raw-getattr-nested", "raw-getattr-decoy", "text", "words",
}

// harmless are files named raw-… without a dangerous import.
var harmless = []string{"raw-tuple", "raw-ext", "raw-persistent"}

// compareImports compares our list with what Python would import.
func compareImports(t *testing.T, name string, got []Import, want [][2]string) {
	t.Helper()
	var ours, theirs []string
	dangerous := false
	for _, i := range got {
		ours = append(ours, i.Module+" "+i.Name)
		dangerous = dangerous || i.Risk == Dangerous
	}
	for _, w := range want {
		theirs = append(theirs, w[0]+" "+w[1])
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if !slices.Equal(ours, slices.Compact(theirs)) && !slices.Contains(overstated, name) {
		t.Errorf("%s: got imports %q, Python has %q", name, ours, theirs)
	}
	harmful := strings.HasPrefix(name, "evil-") || strings.HasPrefix(name, "raw-") && !slices.Contains(harmless, name)
	if harmful != dangerous && !strings.HasPrefix(name, "function.") {
		t.Errorf("%s: dangerous is %v, want %v: %v", name, dangerous, harmful, got)
	}
}

// plain turns a value into what encoding/json would have read.
func plain(v Value) any {
	switch v := v.(type) {
	case int64:
		return float64(v)
	case Tuple:
		return plainItems(v)
	case *List:
		return plainItems(v.Items)
	case *Dict:
		m := map[string]any{}
		for _, p := range v.Pairs {
			m[p.Key.(string)] = plain(p.Value)
		}
		return m
	}
	return v
}

func plainItems(items []Value) []any {
	out := make([]any, len(items))
	for i, v := range items {
		out[i] = plain(v)
	}
	return out
}

func TestErrorsOfLoad(t *testing.T) {
	for text, want := range map[string]error{
		"\x80\x04]q\x00(K\x01":                 io.ErrUnexpectedEOF,
		"\x80\x06N.":                           ErrMalformed,
		"\x80\x04.":                            ErrMalformed,
		"\x80\x04\xff.":                        ErrMalformed,
		"(.":                                   ErrMalformed,
		"N)u.":                                 ErrMalformed,
		"h\x00.":                               ErrMalformed,
		"Ixyz\n.":                              ErrMalformed,
		"S'abc\n.":                             ErrMalformed,
		"X\xff\xff\xff\xff":                    io.ErrUnexpectedEOF,
		"\x8e\xff\xff\xff\xff\xff\xff\xff\xff": io.ErrUnexpectedEOF,
		"Nr\xff\xff\xff\xff.":                  ErrTooLarge,
		strings.Repeat("]", 100_000):           ErrTooLarge,
	} {
		if v, err := Load(strings.NewReader(text), 1<<20); !errors.Is(err, want) {
			t.Errorf("%q: got %v, %v; want %v", text[:min(len(text), 40)], v, err, want)
		}
	}
}
