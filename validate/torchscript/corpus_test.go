package torchscript

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/metrics"
	"slices"
	"testing"
	"time"

	"go-model-archiver/validate/pickle"
	"go-model-archiver/validate/pickle/search"
)

const evilPickle = "\x80\x02cposix\nsystem\n(X\x01\x00\x00\x00atR."

// seeds are small real files (see testdata/make_models.py and make_saved.py).
func seeds(t testing.TB) [][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", "seeds", "*"))
	if err != nil || len(paths) < 10 {
		t.Fatalf("%d seeds, %v", len(paths), err)
	}
	var all [][]byte
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, data)
	}
	return append(all,
		safetensorsFile(`{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`, 16),
		onnxFile(100, 100), elfFile(64, "AOTInductorModelContainerCreate"), []byte(evilPickle),
	)
}

// readAll does to a file all that this package can, and reports whether Open
// took it.
func readAll(t testing.TB, data []byte) bool {
	r, size := bytes.NewReader(data), int64(len(data))
	ctx := context.Background()
	if _, err := Identify(r, size, "model.pt"); err != nil {
		t.Errorf("Identify of %q: %v", data, err)
	}
	m, openErr := Open(r, size)
	if openErr == nil {
		for i := range m.CodeFiles() {
			if code, err := m.Code(i); err == nil {
				_, _ = io.Copy(io.Discard, code)
			}
		}
	}
	if c, err := NewChecksums(r, size); err == nil {
		_, _ = io.Copy(c, bytes.NewReader(data))
		_, _ = c.Mismatches(ctx)
	}
	_, _ = search.File(ctx, r, size)
	_, _ = pickle.Globals(bytes.NewReader(data))
	return openErr == nil
}

// mutate returns a copy of a file with some bytes changed, cut, doubled or
// taken from another.
func mutate(r *rand.Rand, data, other []byte) []byte {
	data = bytes.Clone(data)
	for range 1 + r.IntN(4) {
		if len(data) < 8 {
			return append(data, other...)
		}
		at := r.IntN(len(data) - 4)
		n := 1 + r.IntN(min(64, len(data)-at))
		switch r.IntN(8) {
		case 0:
			data[at] ^= 1 << r.IntN(8)
		case 1:
			data[at] = byte(r.Uint32())
		case 2:
			data[at] = []byte("(.0QRbcdstu\x80\x81\x85\x86\x93\x94\x95PK\x00\x7f\xff")[r.IntN(23)]
		case 3:
			values := []uint32{0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, uint32(len(data))}
			binary.LittleEndian.PutUint32(data[at:], values[r.IntN(len(values))])
		case 4:
			data = slices.Delete(data, at, at+n)
		case 5:
			data = slices.Insert(data, at, bytes.Clone(data[at:at+n])...)
		case 6:
			copy(data[at:at+n], other[r.IntN(len(other)):])
		case 7:
			if r.IntN(8) == 0 {
				data = data[:at]
			}
		}
	}
	return data
}

// corpusSize is how many mutated files are read.
const corpusSize = 20_000

// What is allocated while one file is read, in all; the files have some
// kilobytes.
const maxAllocated = 16 << 20

func TestMutatedFiles(t *testing.T) {
	all := seeds(t)
	r := rand.New(rand.NewPCG(20261123, 1))
	worst, slowest, opened := uint64(0), time.Duration(0), 0
	for range corpusSize {
		data := mutate(r, all[r.IntN(len(all))], all[r.IntN(len(all))])
		before, start := allocations(), time.Now()
		if readAll(t, data) {
			opened++
		}
		took := time.Since(start)
		allocated := allocations() - before
		if allocated > maxAllocated || took > 10*time.Second {
			t.Fatalf("%d bytes allocated, %v taken for %q", allocated, took, data)
		}
		worst, slowest = max(worst, allocated), max(slowest, took)
	}
	t.Logf("%d files, %d of them readable: at most %d bytes allocated and %v taken for one", corpusSize, opened, worst, slowest)
	if opened < corpusSize/20 || opened > corpusSize/2 {
		t.Errorf("%d of %d mutated files could be read: the mutations miss their aim", opened, corpusSize)
	}
}

// allocations is how many bytes were ever allocated.
func allocations() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

func FuzzFiles(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { readAll(t, data) })
}

func FuzzIdentify(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		id, err := Identify(bytes.NewReader(data), int64(len(data)), "model.pt")
		if err != nil || id.Kind == "" || id.Words == "" || id.Damaged() != (id.Detail != "") {
			t.Errorf("got %+v, %v", id, err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, x := range m.Tensors {
			if x.Elements < 0 || x.Bytes < 0 || x.DType == "" || len(x.Shape) > maxDims {
				t.Errorf("got %+v", x)
			}
		}
	})
}

// Whatever the order of the writes, the checksums are those of archive/zip.
func FuzzChecksums(f *testing.F) {
	for i, data := range seeds(f) {
		f.Add(data, uint16(1+i))
	}
	f.Fuzz(func(t *testing.T, data []byte, chunk uint16) {
		c, err := NewChecksums(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for part := range slices.Chunk(data, 1+int(chunk)) {
			_, _ = c.Write(part)
		}
		got, err := c.Mismatches(context.Background())
		if err != nil {
			return
		}
		want, ok := slowMismatches(c.dir, data)
		if ok && !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
