package pysource

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Whatever the bytes, Parse ends without a panic, and what it lists lies inside
// the source.
func FuzzParse(f *testing.F) {
	seeds, err := filepath.Glob("testdata/*.py")
	if err != nil || len(seeds) < 3 {
		f.Fatalf("seeds: %v %v", seeds, err)
	}
	for _, seed := range seeds {
		source, err := os.ReadFile(seed)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
		// Pieces mutate into more than whole files do.
		for part := range strings.SplitSeq(string(source), "\n\n") {
			f.Add([]byte(part))
		}
	}
	f.Add([]byte("\xf2"))
	f.Fuzz(func(t *testing.T, source []byte) {
		m, err := Parse(source)
		if m.Complete != (err == nil) {
			t.Fatalf("complete %t, error %v", m.Complete, err)
		}
		lines := 1 + strings.Count(string(source), "\n") + strings.Count(string(source), "\r")
		for i, c := range m.Calls {
			if c.Line < 1 || c.Line > lines || c.In >= i || c.In < -1 || c.Positional < len(c.Args) {
				t.Fatalf("call %d: %+v", i, c)
			}
		}
		for _, s := range m.Strings {
			if s.Line < 1 || s.Line > lines || s.Call >= len(m.Calls) {
				t.Fatalf("string %+v", s)
			}
		}
		for _, r := range m.Reads {
			if len(r.Keys) == 0 || r.Base == "" {
				t.Fatalf("read %+v", r)
			}
		}
		m.CallsTo("torch.jit.load")
		m.CallsMethod("load")
		m.ReadsOf("model_yaml_config")
		m.Opens("setup_config.json")
		m.ServerClasses()
		m.JSONLoads("setup_config.json", true)
		m.Defines("handle")
		m.MaySet("handle")
		for _, c := range m.Calls[:min(len(m.Calls), 64)] {
			m.Guards(c.Scope, c.Line)
			m.Expr(c)
			m.File(m.On(c), c.Scope, c.Line)
			m.Passes(c, "model_dir")
		}
		for _, s := range m.Subscripts[:min(len(m.Subscripts), 64)] {
			m.Index(s)
		}
	})
}
