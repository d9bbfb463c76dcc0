package archiver

import (
	"encoding/binary"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// testPlan is a plan with a weights file, a nested text file, an empty file
// and a manifest, whose destination lies in a new folder.
func testPlan(t testing.TB, format Format) *Plan {
	t.Helper()
	weights := make([]byte, 3<<20+5)
	fillWeights(weights)
	dir := t.TempDir()
	return handPlan(t, format, filepath.Join(dir, "store", "bert"+format.Extension()),
		fileEntry(t, "handler.py", []byte("def handle(data, context): return data\n")),
		fileEntry(t, "vocab/größe.txt", []byte("größe\n")),
		fileEntry(t, "empty.bin", nil),
		fileEntry(t, "model.pt", weights),
	)
}

// handPlan is a plan of those entries and a manifest.
func handPlan(t testing.TB, format Format, destination string, entries ...*Entry) *Plan {
	t.Helper()
	m := []byte("{\n  \"model\": {\n    \"modelName\": \"bert\"\n  }\n}")
	entries = append(entries, &Entry{
		Name: "MAR-INF/MANIFEST.json", Role: RoleManifest, Size: int64(len(m)),
		Mode: 0o644, ModTime: time.Date(2024, 5, 6, 7, 8, 10, 0, time.Local), content: m,
	})
	return &Plan{
		Spec:        Spec{ModelName: "bert", Format: format},
		Destination: destination,
		Entries:     entries,
	}
}

// fileEntry writes data to a file and makes an entry of it.
func fileEntry(t testing.TB, name string, data []byte) *Entry {
	t.Helper()
	path := filepath.Join(t.TempDir(), filepath.Base(name))
	writeFileT(t, path, data)
	return pathEntry(t, name, path)
}

func writeFileT(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// pathEntry makes an entry of an existing file.
func pathEntry(t testing.TB, name, path string) *Entry {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return &Entry{Name: name, Role: RoleExtra, Source: path, Size: info.Size(),
		Mode: info.Mode().Perm(), ModTime: info.ModTime(), info: info}
}

// fillWeights fills p with what trained float32 weights look like to a
// compressor: normally distributed, most digits random.
func fillWeights(p []byte) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := 0; i+4 <= len(p); i += 4 {
		binary.LittleEndian.PutUint32(p[i:], math.Float32bits(float32(rng.NormFloat64()*0.04)))
	}
}

// read returns the content of an entry's source.
func read(t testing.TB, e *Entry) []byte {
	t.Helper()
	c, err := e.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	data, err := io.ReadAll(c)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// names lists everything below dir.
func names(t testing.TB, dir string) []string {
	t.Helper()
	var list []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && path != dir {
			rel, _ := filepath.Rel(dir, path)
			list = append(list, rel)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}
