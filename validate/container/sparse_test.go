package container_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/manifest"
)

// A tar whose holes are left out holds the model with them.
func TestSparseEntriesHaveTheirHoles(t *testing.T) {
	root := folderOf(t, map[string]string{
		"m/" + manifest.Path: `{"model": {"serializedFile": "m.bin", "handler": "h.py"}}`, "m/h.py": "x", "m/another.bin": "-> m.bin",
	})
	want := append(make([]byte, 4<<20), "the end"...)
	model := filepath.Join(root, "m", "m.bin")
	if err := os.WriteFile(model, []byte("begins"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(model, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte("the end"), 4<<20); err != nil {
		t.Fatal(err)
	}
	copy(want, "begins")
	for _, format := range []string{"gnu", "pax"} {
		path := filepath.Join(t.TempDir(), "m.tar.gz")
		tar := exec.Command(testtools.Command(t, "tar"), "--sparse", "--format="+format, "--dereference", "--hard-dereference", "-czf", path, "-C", root, "m")
		if out, err := tar.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		box := opened(t, path)
		s, err := box.Subject(t.Context())
		if err != nil || len(box.Findings) > 0 {
			t.Fatalf("%s: %v, found %v", format, err, box.Findings)
		}
		got := make([]byte, s.ModelSize)
		if _, err := s.Model.ReadAt(got, s.ModelOffset); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: the model has %d other bytes, %v", format, len(got), err)
		}
	}
}
