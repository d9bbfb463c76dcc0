package container_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"go-model-archiver/archiver"
	"go-model-archiver/internal/testtools"
	"go-model-archiver/manifest"
	"go-model-archiver/validate"
	"go-model-archiver/validate/container"
	"go-model-archiver/validate/rules"
)

// The bounds of what is done to one mutated file of some kilobytes.
const (
	corpusSize   = 4_000
	maxAllocated = 64 << 20
	maxTime      = 20 * time.Second
)

// corpusSeeds are small containers of every kind; the names tell how they are
// opened.
func corpusSeeds(t *testing.T) map[string][]byte {
	t.Helper()
	seeds := map[string][]byte{}
	read := func(name, path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		seeds[name] = data
	}
	for name, format := range map[string]archiver.Format{"ours.mar": archiver.Default, "stored.mar": archiver.ZipStore, "ours.tar.gz": archiver.TGZ} {
		read(name, packed(t, format))
	}
	for _, name := range []string{"legacy-tar.pt", "legacy-state_dict.pt", "pickled-module.pt", "exported-2.1.pt2", "mlp.onnx", "mlp.safetensors"} {
		read(name, testtools.Testdata("notmodels", name))
	}
	read("bare.pt", testtools.OneModel(t, "scripted").Path)
	seeds["theirs.mar"] = zipOf(t, file{name: "m.pt", content: string(seeds["bare.pt"])}, file{name: "h.py", content: "class H:\n  def handle(self, data, context): pass\n"},
		file{name: "index_to_name.json", content: `{"0": "a"}`}, file{name: "v.pkl", content: "\x80\x02cposix\nsystem\n(X\x01\x00\x00\x00atR."},
		file{name: manifest.Path, content: `{"runtime": "python", "model": {"modelName": "m", "serializedFile": "m.pt", "handler": "h.py", "modelVersion": "1"}}`})
	return seeds
}

// mutated returns a copy of a file with some bytes changed, cut, doubled or
// taken from another.
func mutated(r *rand.Rand, data, other []byte) []byte {
	data = bytes.Clone(data)
	for range 1 + r.IntN(4) {
		if len(data) < 16 {
			return data
		}
		at := r.IntN(len(data) - 8)
		if r.IntN(2) == 0 { // where the directory of a zip is
			at = len(data) - 8 - r.IntN(min(len(data)-8, 600))
		}
		n := 1 + r.IntN(min(64, len(data)-at))
		switch r.IntN(6) {
		case 0:
			data[at] ^= 1 << r.IntN(8)
		case 1:
			binary.LittleEndian.PutUint32(data[at:], []uint32{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, uint32(len(data))}[r.IntN(6)])
		case 2:
			data = slices.Delete(data, at, at+n)
		case 3:
			data = slices.Insert(data, at, bytes.Clone(data[at:at+n])...)
		case 4:
			copy(data[at:at+n], other[r.IntN(len(other)):])
		case 5:
			if r.IntN(8) == 0 {
				data = data[:at]
			}
		}
	}
	return data
}

// checkWhole does to a container all that validate and inspect do but for the
// load test, and says whether a model was read.
func checkWhole(t *testing.T, path string) bool {
	ctx := t.Context()
	box, err := container.Open(ctx, path)
	if err != nil {
		t.Fatal(err)
	}
	defer box.Close()
	if err := box.Verify(ctx); err != nil {
		t.Fatal(err)
	}
	for _, f := range box.Findings {
		if _, known := rules.Lookup(f.Rule); !known || f.Message == "" {
			t.Fatalf("finding %+v", f)
		}
	}
	in, err := box.Inspect(ctx)
	_ = box.Code(ctx, func(_ string, text io.Reader) error { _, err := io.Copy(io.Discard, text); return err })
	subject, subjectErr := box.Subject(ctx)
	if subjectErr != nil || subject.Manifest == nil {
		return false
	}
	check, checkErr := validate.NewCheck(subject)
	if checkErr != nil {
		return false
	}
	if _, err := check.PickleFindings(ctx); errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	return err == nil && in.Model != nil
}

func TestMutatedContainers(t *testing.T) {
	seeds := corpusSeeds(t)
	var names []string
	for name := range seeds {
		names = append(names, name)
	}
	slices.Sort(names)
	r := rand.New(rand.NewPCG(20261124, 5))
	dir := t.TempDir()
	worst, slowest, read := uint64(0), time.Duration(0), 0
	for range corpusSize {
		name := names[r.IntN(len(names))]
		data := mutated(r, seeds[name], seeds[names[r.IntN(len(names))]])
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		before, start := allocated(), time.Now()
		if checkWhole(t, path) {
			read++
		}
		took, took2 := allocated()-before, time.Since(start)
		if took > maxAllocated || took2 > maxTime {
			t.Fatalf("%d bytes allocated, %v taken for %s: %q", took, took2, name, data)
		}
		worst, slowest = max(worst, took), max(slowest, took2)
	}
	t.Logf("%d files, a model read in %d: at most %d bytes allocated and %v taken for one", corpusSize, read, worst, slowest)
	if read < corpusSize/10 || read > corpusSize*9/10 {
		t.Errorf("a model was read in %d of %d mutated files: the mutations miss their aim", read, corpusSize)
	}
}

// allocated is how many bytes were ever allocated.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
