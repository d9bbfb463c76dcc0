package container

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go-model-archiver/validate/rules"
)

func TestWhatInflatesOddly(t *testing.T) {
	for _, test := range []struct {
		size, inflated int64
		odd            bool
	}{
		{10 << 20, 1 << 30, true},
		{1 << 20, 1<<30 - 1, false}, // a small model of zeros
		{11 << 20, 1 << 30, false},
		{8 << 30, 9 << 30, false},
	} {
		c := &Container{Path: "m.mar", Size: test.size}
		c.checkExpansion(test.inflated)
		odd := len(c.Findings) == 1 && c.Findings[0].Rule == rules.ArchiveExpansion
		if odd != test.odd {
			t.Errorf("%d from %d: %v", test.inflated, test.size, c.Findings)
		}
	}
}

// What inflates to more than the temporary folder takes is no finding, but an
// error that says so.
func TestInflatingLeavesRoom(t *testing.T) {
	const text = `{"model": {"serializedFile": "m.pt", "handler": "base_handler"}}`
	weights := bytes.Repeat([]byte("w"), 100_000)
	files := map[string][]byte{"MAR-INF/MANIFEST.json": []byte(text), "m.pt": weights}
	var zipped, packed bytes.Buffer
	z, g := zip.NewWriter(&zipped), gzip.NewWriter(&packed)
	w := tar.NewWriter(g)
	for name, data := range files {
		f, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.WriteHeader(&tar.Header{Name: "m/" + name, Typeflag: tar.TypeReg, Size: int64(len(data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []io.Closer{z, w, g} {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	defer func(real func(string) (int64, bool)) { freeSpace = real }(freeSpace)
	for name, data := range map[string][]byte{"m.mar": zipped.Bytes(), "m.tar.gz": packed.Bytes()} {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		for free, full := range map[int64]bool{50_000: true, 1 << 20: false} {
			freeSpace = func(folder string) (int64, bool) { return free, folder == dir }
			err := modelOf(t, path)
			if full != (err != nil) || full && !strings.Contains(err.Error(), "set TMPDIR") {
				t.Errorf("%s with %d bytes free: %v", name, free, err)
			}
		}
	}
}

// modelOf opens a container and gets at its model.
func modelOf(t *testing.T, path string) error {
	c, err := Open(t.Context(), path)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Verify(t.Context()); err != nil {
		return err
	}
	if len(c.Findings) > 0 {
		t.Errorf("%s: found %v", path, c.Findings)
	}
	_, err = c.Subject(t.Context())
	return err
}
