package torchscript

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// mismatches writes data in chunks of n bytes.
func mismatches(t *testing.T, data []byte, n int) ([]string, error) {
	t.Helper()
	c, err := NewChecksums(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for chunk := range slices.Chunk(data, n) {
		if m, err := c.Write(chunk); m != len(chunk) || err != nil {
			t.Fatal(m, err)
		}
	}
	return c.Mismatches(context.Background())
}

// entryData returns where the bytes of an entry of a zip are.
func entryData(t *testing.T, data []byte, name string) (offset, size int64) {
	t.Helper()
	r, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.File {
		if strings.HasSuffix(f.Name, name) {
			at, err := f.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			return at, int64(f.CompressedSize64)
		}
	}
	t.Fatalf("no entry %s", name)
	return 0, 0
}

func TestChecksumsFindFlippedBits(t *testing.T) {
	model := fixture(t, "bert-seq.pt")
	for _, name := range []string{"/data/0", "/data/1", "/data.pkl", "/constants.pkl", "/version", "/code/__torch__/transformers/models/bert/modeling_bert.py"} {
		at, size := entryData(t, model, name)
		for _, pos := range []int64{at, at + size/2, at + size - 1} {
			bad := bytes.Clone(model)
			bad[pos] ^= 1
			names, err := mismatches(t, bad, 5000)
			if err != nil || len(names) != 1 || !strings.HasSuffix(names[0], name) {
				t.Errorf("bit flipped at %d in %s: got %q, %v", pos, name, names, err)
			}
		}
	}
}

func TestChecksumsOfSoundFiles(t *testing.T) {
	model := fixture(t, "bert-seq.pt")
	for _, n := range []int{1, 7, 64, 4096, len(model)} {
		if names, err := mismatches(t, model, n); err != nil || names != nil {
			t.Errorf("in chunks of %d: got %q, %v", n, names, err)
		}
	}
	for _, data := range [][]byte{zipOf(t), zipOf(t, "a/b=", "a/c=x", "a/b=twice")} {
		if names, err := mismatches(t, data, 1); err != nil || names != nil {
			t.Errorf("got %q, %v", names, err)
		}
	}
}

// Entries of a directory may share bytes and come in any order.
func TestChecksumsOfOverlaps(t *testing.T) {
	content := strings.Repeat("0123456789", 100)
	data := zipOf(t, "a/x="+content)
	at, _ := entryData(t, data, "a/x")
	// The entry's own bytes are made to hold a second local header, whose
	// entry ends with the first one's.
	inner := make([]byte, localSize)
	copy(inner, localSignature)
	copy(data[at+100:], inner)
	second := data[at+100+localSize : at+1000]
	sum := crc32.ChecksumIEEE(data[at : at+1000])
	end := bytes.LastIndex(data, []byte(endSignature))
	dir := bytes.Index(data, []byte(directorySignature))
	record := bytes.Clone(data[dir:end])
	binary.LittleEndian.PutUint32(record[16:], sum)
	other := bytes.Clone(record)
	other[directorySize+2] = 'y'
	binary.LittleEndian.PutUint32(other[16:], crc32.ChecksumIEEE(second))
	binary.LittleEndian.PutUint32(other[20:], uint32(len(second)))
	binary.LittleEndian.PutUint32(other[24:], uint32(len(second)))
	binary.LittleEndian.PutUint32(other[42:], uint32(at+100))
	tail := bytes.Clone(data[end:])
	for _, field := range []int{8, 10} {
		binary.LittleEndian.PutUint16(tail[field:], 2)
	}
	binary.LittleEndian.PutUint32(tail[12:], uint32(2*len(record)))
	file := slices.Concat(data[:dir], other, record, tail)
	if names, err := mismatches(t, file, 13); err != nil || names != nil {
		t.Fatalf("got %q, %v", names, err)
	}
	file[at+5]++ // in the first only
	if names, _ := mismatches(t, file, 13); !slices.Equal(names, []string{"a/x"}) {
		t.Errorf("got %q", names)
	}
	file[at+999]++ // in both
	if names, _ := mismatches(t, file, 13); !slices.Equal(names, []string{"a/y", "a/x"}) {
		t.Errorf("got %q", names)
	}
}

func TestChecksumsOfBombs(t *testing.T) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, err := w.Create("a/zeros")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 300 {
		if _, err := f.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if names, err := mismatches(t, buf.Bytes(), 1<<16); !errors.Is(err, errBrokenZip) {
		t.Errorf("got %q, %v", names, err)
	}
}

func TestChecksumsFail(t *testing.T) {
	data := zipOf(t, "a/b=c")
	c, err := NewChecksums(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(data[:10]); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Mismatches(context.Background()); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("with bytes missing: %v", err)
	}
	if _, err := NewChecksums(bytes.NewReader(data), int64(len(data)-1)); !errors.Is(err, errNoDirectory) {
		t.Errorf("of a cut file: %v", err)
	}
	if _, err := NewChecksums(brokenReader{}, 1000); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("of a broken reader: %v", err)
	}
}

// brokenReader fails as a disk does.
type brokenReader struct{}

func (brokenReader) ReadAt([]byte, int64) (int, error) { return 0, iotest.ErrTimeout }

func TestIdentifyReportsReadErrors(t *testing.T) {
	if id, err := Identify(brokenReader{}, 1000, "model.pt"); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %+v, %v", id, err)
	}
}

func BenchmarkChecksums(b *testing.B) {
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	for range 100 {
		f, err := w.CreateHeader(&zip.FileHeader{Name: "a/data", Method: zip.Store})
		if err != nil {
			b.Fatal(err)
		}
		if _, err := f.Write(make([]byte, 1<<20)); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	data := buf.Bytes()
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		c, err := NewChecksums(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			b.Fatal(err)
		}
		for chunk := range slices.Chunk(data, 1<<20) {
			c.Write(chunk)
		}
		if names, err := c.Mismatches(context.Background()); err != nil || names != nil {
			b.Fatal(names, err)
		}
	}
}

// slowMismatches sums up each stored entry by itself; false means that some
// entry is not stored.
func slowMismatches(dir zipDirectory, data []byte) ([]string, bool) {
	var names []string
	stored := true
	err := dir.walk(func(e zipEntry) error {
		at, err := dir.dataOffset(e)
		stored = stored && (e.method == methodStored || err != nil)
		if err != nil || e.crc != 0 && crc32.ChecksumIEEE(data[at:at+e.compressed]) != e.crc {
			names = append(names, e.name)
		}
		return nil
	})
	return names, stored && err == nil
}
