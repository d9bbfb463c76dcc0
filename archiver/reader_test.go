package archiver

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"go-model-archiver/archiver/deflate"
)

// indexedPlan has a file of 6 MiB that repeats itself in its second half only.
func indexedPlan(t testing.TB, format Format) *Plan {
	t.Helper()
	data := make([]byte, 6<<20+99)
	fillWeights(data[:3<<20])
	copy(data[3<<20:], bytes.Repeat([]byte("a line that comes again\n"), 200_000))
	return handPlan(t, format, filepath.Join(t.TempDir(), "bert.mar"), fileEntry(t, "model.pt", data))
}

func openT(t testing.TB, path string) *Archive {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	a, err := ReadArchive(f)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestReaderReadsAtAnyOffset(t *testing.T) {
	for _, format := range []Format{Default, ZipStore} {
		p := indexedPlan(t, format)
		mustWrite(t, p, Options{})
		f := openT(t, p.Destination).Files()[0]
		want := read(t, p.Entries[0])
		r := f.Reader()
		rng := rand.New(rand.NewPCG(5, 6))
		for range 100 {
			off := rng.Int64N(f.Size())
			got := make([]byte, rng.IntN(5000)+1)
			n, err := r.ReadAt(got, off)
			if short := off+int64(len(got)) > f.Size(); n != min(len(got), int(f.Size()-off)) || short != (err == io.EOF) || !short && err != nil {
				t.Fatalf("%s: %d bytes at %d: %d, %v", format, len(got), off, n, err)
			}
			if !bytes.Equal(got[:n], want[off:off+int64(n)]) {
				t.Fatalf("%s: other bytes at %d", format, off)
			}
		}
		if _, err := r.ReadAt(make([]byte, 1), f.Size()); err != io.EOF {
			t.Errorf("%s: at the end: %v", format, err)
		}
		if _, err := r.ReadAt(make([]byte, 1), -1); err == nil {
			t.Errorf("%s: at -1: no error", format)
		}
		if err := f.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestReadersKeepNoMoreThanAFew(t *testing.T) {
	const files = 3000
	entries := make([]*Entry, files)
	for i := range entries {
		entries[i] = fileEntry(t, fmt.Sprintf("%04d.txt", i), []byte("some text that is deflated"))
	}
	p := handPlan(t, Default, filepath.Join(t.TempDir(), "many.mar"), entries...)
	mustWrite(t, p, Options{})
	readers := make([]*ArchiveReader, files)
	archive := openT(t, p.Destination)
	before := liveHeap()
	for range 2 { // also again, after they forgot
		for i, f := range archive.Files()[:files] {
			if readers[i] == nil {
				readers[i] = f.Reader()
			}
			got := make([]byte, f.Size())
			if _, err := readers[i].ReadAt(got, 0); err != nil || string(got) != "some text that is deflated" {
				t.Fatalf("%q, %v", got, err)
			}
		}
	}
	if grown := liveHeap() - before; grown > 4<<20 {
		t.Errorf("%d readers keep %d bytes", files, grown)
	}
	runtime.KeepAlive(readers)
}

func liveHeap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestReaderInflatesOnlyFromTheNearestPoint(t *testing.T) {
	p := indexedPlan(t, Default)
	mustWrite(t, p, Options{})
	f := openT(t, p.Destination).Files()[0]
	r := f.Reader()
	if _, err := r.ReadAt(make([]byte, 10), 2<<20+5); err != nil || r.Inflated() != 15 {
		t.Errorf("inflated %d bytes: %v", r.Inflated(), err)
	}
	// What Go's own writer made has no index.
	other := filepath.Join(t.TempDir(), "other.zip")
	out, err := os.Create(other)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(out)
	w, err := z.Create("model.pt")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(read(t, p.Entries[0])); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(z.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
	f = openT(t, other).Files()[0]
	r = f.Reader()
	if _, err := r.ReadAt(make([]byte, 10), 2<<20+5); err != nil || r.Inflated() != 2<<20+15 {
		t.Errorf("without an index: inflated %d bytes: %v", r.Inflated(), err)
	}
	if err := f.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestVerifyFindsAnIndexThatLies(t *testing.T) {
	p := indexedPlan(t, Default)
	mustWrite(t, p, Options{})
	f := openT(t, p.Destination).Files()[0]
	honest := f.points
	if len(honest) < 3 {
		t.Fatalf("only %d points", len(honest))
	}
	for name, lie := range map[string][]deflate.Point{
		"a byte too far":     {{}, {In: honest[1].In, Out: honest[1].Out + 1}},
		"a byte too near":    {{}, {In: honest[1].In, Out: honest[1].Out - 1}},
		"before the marker":  {{}, {In: honest[1].In, Out: honest[1].Out - 5}},
		"another block's":    {{}, {In: honest[1].In, Out: honest[2].Out}},
		"in a dependent one": {{}, {In: honest[1].In + 7, Out: honest[1].Out + 7}},
	} {
		f.points = lie
		if err := f.Verify(t.Context()); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestVerifyFindsEveryFlippedByteOfSomeOffsets(t *testing.T) {
	for _, format := range []Format{Default, ZipStore} {
		p := indexedPlan(t, format)
		mustWrite(t, p, Options{})
		data, err := os.ReadFile(p.Destination)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int{1000, len(data) / 3, len(data) / 2} {
			data[at] ^= 0x10
			files, err := readDirectory(bytes.NewReader(data), int64(len(data)))
			if err != nil {
				t.Fatal(err)
			}
			if err := files[0].Verify(t.Context()); err == nil {
				t.Errorf("%s: a flipped bit at %d is not found", format, at)
			}
			data[at] ^= 0x10
		}
	}
}

func TestIndexKeepsFewerPointsWhereAllHaveNoRoom(t *testing.T) {
	var points []deflate.Point
	for i := range int64(100_000) {
		points = append(points, deflate.Point{In: i * deflate.BlockSize, Out: i * 970_000})
	}
	field := encodeIndex(points)
	if len(field) > maxIndex+4 || len(field) < maxIndex/2 {
		t.Errorf("the field has %d bytes", len(field))
	}
	got, err := findIndex(field, 100_000*deflate.BlockSize, 100_000*970_000)
	if err != nil {
		t.Fatal(err)
	}
	step := got[1].In / deflate.BlockSize
	for i, p := range got {
		if p != points[int64(i)*step] {
			t.Fatalf("point %d is %v, want %v", i, p, points[int64(i)*step])
		}
	}
}

func TestCombinedCRCIsThatOfTheWhole(t *testing.T) {
	data := make([]byte, 100_000)
	fillWeights(data)
	for _, cut := range []int{0, 1, 7, 50_000, len(data)} {
		a, b := crc32.ChecksumIEEE(data[:cut]), crc32.ChecksumIEEE(data[cut:])
		if got := combineCRC(a, b, int64(len(data)-cut)); got != crc32.ChecksumIEEE(data) {
			t.Errorf("cut at %d: %08x", cut, got)
		}
	}
}

// FuzzReadArchive reads damaged archives: no panic, and what Verify accepts
// reads the same in one go and from the points.
func FuzzReadArchive(f *testing.F) {
	p := handPlan(f, Default, filepath.Join(f.TempDir(), "bert.mar"), fileEntry(f, "a.txt", bytes.Repeat([]byte("text "), 300_000)),
		fileEntry(f, "b.bin", make([]byte, 3<<20)))
	mustWrite(f, p, Options{})
	data, err := os.ReadFile(p.Destination)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add(data[:len(data)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		files, err := readDirectory(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		for _, file := range files[:min(len(files), 10)] {
			if file.Size() > 8<<20 || file.Verify(t.Context()) != nil {
				continue
			}
			r := file.Reader()
			whole := make([]byte, file.Size())
			if n, err := io.ReadFull(io.NewSectionReader(r, 0, r.Size()), whole); err != nil {
				t.Fatalf("verified, but %d bytes of %d: %v", n, len(whole), err)
			}
			for _, p := range file.points {
				b := make([]byte, 1)
				if _, err := file.Reader().ReadAt(b, p.In); err != nil && len(whole) > 0 || len(whole) > 0 && b[0] != whole[p.In] {
					t.Fatalf("verified, but at %d: %v", p.In, err)
				}
			}
		}
	})
}
