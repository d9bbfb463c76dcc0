package pickle

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/iotest"
)

// addSeeds adds small pickles that Python made (testdata/make_pickles.py).
func addSeeds(f *testing.F) {
	f.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "seeds", "*"))
	if err != nil || len(paths) < 10 {
		f.Fatalf("%d seeds, %v", len(paths), err)
	}
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
}

func FuzzGlobals(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := Globals(bytes.NewReader(data))
		again, err2 := Globals(iotest.HalfReader(bytes.NewReader(data)))
		if (err == nil) != (err2 == nil) || !slices.Equal(got, again) {
			t.Errorf("got %v, %v in one piece and %v, %v in many", got, err, again, err2)
		}
	})
}

// Everything that a whole pickle imports while its value is built is told by
// the scan that keeps nothing.
func FuzzLoad(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var want []Global
		m := newMachine(newSource(bytes.NewReader(data), sourceBuffer), 1<<20, true)
		m.imported = func(v Value, _ int64) {
			if g, ok := v.(Global); ok && len(g.Module)+len(g.Name) < maxName {
				want = append(want, g)
			}
		}
		if _, err := m.run(); err != nil || len(want) > 1000 {
			return
		}
		got, err := Globals(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, g := range want {
			if !slices.ContainsFunc(got, func(i Import) bool { return i.Global == g }) {
				t.Errorf("%v is not told in %v", g, got)
			}
		}
	})
}
