package archiver

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go-model-archiver/internal/testtools"
)

func TestZipHoldsTheEntriesAndEveryReaderTakesIt(t *testing.T) {
	for _, format := range []Format{Default, ZipStore} {
		t.Run(string(format), func(t *testing.T) {
			p := testPlan(t, format)
			mustWrite(t, p, Options{})
			checkZip(t, p)
			for _, tool := range [][]string{
				{"unzip", "-tqq"}, {"7z", "t", "-bso0"}, {"bsdtar", "-xOf"},
				{"python3", "-c", "import sys, zipfile; sys.exit(zipfile.ZipFile(sys.argv[1]).testzip())"},
			} {
				runTool(t, append(tool, p.Destination)...)
			}
			runTool(t, "java", filepath.Join("testdata", "ReadZip.java"), p.Destination)
		})
	}
}

func TestTgzHoldsTheEntriesUnderTheModelsNameAndEveryReaderTakesIt(t *testing.T) {
	p := testPlan(t, TGZ)
	mustWrite(t, p, Options{})
	f, err := os.Open(p.Destination)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false) // one member
	r := tar.NewReader(z)
	for _, e := range p.Entries {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Name != "bert/"+e.Name || h.Size != e.Size || h.Mode != int64(e.Mode) {
			t.Errorf("got %s, %d bytes, mode %o for %s", h.Name, h.Size, h.Mode, e.Name)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, read(t, e)) {
			t.Errorf("%s has other bytes: %v", e.Name, err)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("after the last entry: %v", err)
	}
	if n, err := io.Copy(io.Discard, z); err != nil || n > 0 {
		t.Errorf("%d bytes after the tar: %v", n, err)
	}
	for _, tool := range [][]string{
		{"gzip", "-t"}, {"bsdtar", "-xOf"}, {"tar", "-tzf"}, {"7z", "t", "-bso0"},
		{"python3", "-c", "import sys, tarfile; tarfile.open(sys.argv[1]).getmembers()"},
	} {
		runTool(t, append(tool, p.Destination)...)
	}
}

// checkZip compares an archive with its plan by Go's reader.
func checkZip(t *testing.T, p *Plan) {
	t.Helper()
	z, err := zip.OpenReader(p.Destination)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	if len(z.File) != len(p.Entries) {
		t.Fatalf("%d entries, want %d", len(z.File), len(p.Entries))
	}
	for i, e := range p.Entries {
		f := z.File[i]
		if f.Name != e.Name || f.Mode() != e.Mode || f.Flags&0x8 != 0 {
			t.Errorf("got %q, mode %v, flags %#x for %q", f.Name, f.Mode(), f.Flags, e.Name)
		}
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(got, read(t, e)) {
			t.Errorf("%q has other bytes: %v", e.Name, err)
		}
	}
}

func mustWrite(t testing.TB, p *Plan, o Options) *Result {
	t.Helper()
	r, err := Write(t.Context(), p, o, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// runTool runs a command that must succeed.
func runTool(t testing.TB, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), testtools.Command(t, args[0]), args[1:]...)
	cmd.Stdout = io.Discard
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("%q: %v\n%s", args, err, stderr.Bytes())
	}
}
