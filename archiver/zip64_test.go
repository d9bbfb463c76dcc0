package archiver

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The sizes around the highest number of 32 bits, which means "see zip64".
var edgeSizes = []int64{maxUint32 - 1, maxUint32, maxUint32 + 1}

// sparseEntry is an entry of n zeros that take no room on the disk.
func sparseEntry(t testing.TB, name string, n int64) *Entry {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	writeFileT(t, path, nil)
	if err := os.Truncate(path, n); err != nil {
		t.Fatal(err)
	}
	return pathEntry(t, name, path)
}

func TestZip64AroundAndAbove4GiBIsReadByEverybody(t *testing.T) {
	for _, format := range []Format{ZipStore, Default} {
		t.Run(string(format), func(t *testing.T) {
			t.Parallel()
			p := handPlan(t, format, filepath.Join(t.TempDir(), "big.mar"),
				sparseEntry(t, "above.bin", edgeSizes[2]), sparseEntry(t, "at.bin", edgeSizes[1]),
				sparseEntry(t, "below.bin", edgeSizes[0]))
			mustWrite(t, p, Options{})
			checkHeaders(t, p)
			for _, f := range openT(t, p.Destination).Files() {
				if err := f.Verify(t.Context()); err != nil {
					t.Error(err)
				}
			}
			for _, tool := range [][]string{
				{"java", filepath.Join("testdata", "ReadZip.java"), p.Destination},
				{"python3", "-c", "import sys, zipfile; sys.exit(zipfile.ZipFile(sys.argv[1]).testzip())", p.Destination},
				{"unzip", "-tqq", p.Destination},
				{"bsdtar", "-xOf", p.Destination},
				{"7z", "t", "-bso0", p.Destination},
			} {
				runTool(t, tool...)
			}
		})
	}
}

// Of these a size has the very value that means "see zip64".
func TestAnEntryOfTheHighest32BitSizeAlone(t *testing.T) {
	p := handPlan(t, ZipStore, filepath.Join(t.TempDir(), "at.mar"), sparseEntry(t, "at.bin", maxUint32))
	mustWrite(t, p, Options{})
	runTool(t, "unzip", "-tqq", p.Destination)
	runTool(t, "python3", "-c", "import sys, zipfile; sys.exit(zipfile.ZipFile(sys.argv[1]).testzip())", p.Destination)
}

// checkHeaders compares what Go reads in the directory with the plan, and
// looks where zip64 is used: nowhere without need.
func checkHeaders(t *testing.T, p *Plan) {
	t.Helper()
	z, err := zip.OpenReader(p.Destination)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	raw, err := os.Open(p.Destination)
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	var offset int64
	for i, e := range p.Entries {
		f := z.File[i]
		if f.Name != e.Name || f.UncompressedSize64 != uint64(e.Size) {
			t.Errorf("%q has %d bytes, want %q with %d", f.Name, f.UncompressedSize64, e.Name, e.Size)
		}
		local := make([]byte, 30)
		if _, err := raw.ReadAt(local, offset); err != nil || binary.LittleEndian.Uint32(local) != sigLocal {
			t.Fatalf("%q: no local header at %d: %v", e.Name, offset, err)
		}
		wide := e.Size >= maxUint32 || p.Spec.Format == Default && e.Size > 4<<30-1<<20
		if got := binary.LittleEndian.Uint16(local[28:]) > 0; got != wide {
			t.Errorf("%q, %d bytes: zip64 in the local header is %v, want %v", e.Name, e.Size, got, wide)
		}
		if got := hasZip64(f.Extra); got != (e.Size >= maxUint32 || offset >= maxUint32) {
			t.Errorf("%q, %d bytes at %d: zip64 in the directory is %v", e.Name, e.Size, offset, got)
		}
		start, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		offset = start + int64(f.CompressedSize64)
	}
}

func hasZip64(extra []byte) bool {
	for len(extra) >= 4 {
		if binary.LittleEndian.Uint16(extra) == extraZip64 {
			return true
		}
		extra = extra[4+binary.LittleEndian.Uint16(extra[2:]):]
	}
	return false
}

func TestZip64IsReservedExactlyWhereExpansionCouldNeedIt(t *testing.T) {
	for _, c := range []struct {
		size     int64
		deflated bool
		want     bool
	}{
		{maxUint32 - 1, false, false},
		{maxUint32, false, true},
		{4 << 20, true, false},
		{maxUint32 - 8<<20, true, false},
		{maxUint32 - 1, true, true},
	} {
		if got := reserves64(c.size, c.deflated); got != c.want {
			t.Errorf("%d bytes, deflated %v: %v", c.size, c.deflated, got)
		}
	}
}

func TestZip64WithMoreThan65535EntriesIsReadByEverybody(t *testing.T) {
	for _, n := range []int{65534, 65535, 70000} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			var entries []*Entry
			for i := range n - 1 {
				entries = append(entries, &Entry{Name: fmt.Sprintf("e/%d", i), Size: 1, Mode: 0o644, content: []byte("x")})
			}
			p := handPlan(t, Default, filepath.Join(t.TempDir(), "many.mar"), entries...)
			mustWrite(t, p, Options{})
			tools := [][]string{
				{"java", filepath.Join("testdata", "ReadZip.java"), p.Destination},
				{"python3", "-c", "import sys, zipfile; sys.exit(len(zipfile.ZipFile(sys.argv[1]).namelist()) != int(sys.argv[2]))",
					p.Destination, fmt.Sprint(n)},
			}
			if n > maxUint16 {
				tools = append(tools, []string{"unzip", "-tqq", p.Destination},
					[]string{"bsdtar", "-tf", p.Destination}, []string{"7z", "t", "-bso0", p.Destination})
			}
			for _, tool := range tools {
				runTool(t, tool...)
			}
			data, err := os.ReadFile(p.Destination)
			if err != nil {
				t.Fatal(err)
			}
			if got := binary.LittleEndian.Uint32(data[len(data)-42:]) == sigLocator64; got != (n >= maxUint16) {
				t.Errorf("zip64 end record is %v", got)
			}
		})
	}
}

func TestDatesOutsideOfWhatZipCanTellAreClamped(t *testing.T) {
	for year, want := range map[int]string{
		1960: "1980-01-01 00:00:00", 1979: "1980-01-01 00:00:00", 1980: "1980-05-06 07:08:10",
		2107: "2107-05-06 07:08:10", 2108: "2107-12-31 23:59:58",
	} {
		e := fileEntry(t, "a.txt", []byte("a"))
		e.ModTime = time.Date(year, 5, 6, 7, 8, 11, 0, time.Local)
		p := handPlan(t, Default, filepath.Join(t.TempDir(), "old.mar"), e)
		mustWrite(t, p, Options{})
		z, err := zip.OpenReader(p.Destination)
		if err != nil {
			t.Fatal(err)
		}
		if got := z.File[0].Modified.Format("2006-01-02 15:04:05"); got != want {
			t.Errorf("%d became %s, want %s", year, got, want)
		}
		if r, err := z.File[0].Open(); err != nil {
			t.Error(err)
		} else if data, err := io.ReadAll(r); err != nil || string(data) != "a" {
			t.Errorf("%q, %v", data, err)
		}
		z.Close()
	}
}
