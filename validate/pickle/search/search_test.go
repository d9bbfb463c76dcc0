package search_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/pickle"
	"go-model-archiver/validate/pickle/search"
)

// Files made by Python, which testdata/make_files.py describes.
func TestFilesOfPython(t *testing.T) {
	dir := t.TempDir()
	if out, err := exec.Command(testtools.Python(t), filepath.Join("testdata", "make_files.py"), dir).CombinedOutput(); err != nil {
		t.Fatalf("make_files.py: %v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected map[string]struct{ Found, Unread bool }
	if err := json.Unmarshal(text, &expected); err != nil || len(expected) < 60 {
		t.Fatalf("%d files, %v", len(expected), err)
	}
	for name, want := range expected {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		for how, read := range map[string]func() (search.Result, error){
			"in parts": func() (search.Result, error) {
				return search.File(t.Context(), bytes.NewReader(data), int64(len(data)))
			},
			"from its start": func() (search.Result, error) {
				return search.Stream(t.Context(), iotest.HalfReader(bytes.NewReader(data)), int64(len(data)))
			},
		} {
			// Only whoever reads any part sees a zip behind something else.
			if how != "in parts" && strings.HasPrefix(name, "zip-behind-") {
				continue
			}
			got, err := read()
			found := slices.ContainsFunc(got.Imports, func(i pickle.Import) bool {
				return i.Risk == pickle.Dangerous && strings.HasSuffix(i.String(), ".system")
			})
			if err != nil || found != want.Found || len(got.Unread) > 0 != want.Unread {
				t.Errorf("%s, read %s: got %v, %v; want found %v, unread %v", name, how, got, err, want.Found, want.Unread)
			}
		}
	}
}

// What PyTorch itself writes imports nothing that is worth a word.
func TestModels(t *testing.T) {
	for _, name := range []string{"bert-seq.pt", "quantized.pt", "scripted.pt", "frozen.pt"} {
		data, err := os.ReadFile(testtools.Testdata("models", name))
		if err != nil {
			t.Fatal(err)
		}
		got, err := search.File(t.Context(), bytes.NewReader(data), int64(len(data)))
		for _, i := range got.Imports {
			if !strings.HasPrefix(i.Module, "__torch__") {
				t.Errorf("%s: imports %v", name, i)
			}
		}
		if err != nil || len(got.Unread) > 0 {
			t.Errorf("%s: %v, %v", name, got.Unread, err)
		}
	}
}

const evil = "\x80\x02cposix\nsystem\n(X\x01\x00\x00\x00atR."

func TestSearchStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := search.File(ctx, strings.NewReader(evil), int64(len(evil))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	got, err := search.Stream(t.Context(), io.MultiReader(strings.NewReader(evil), iotest.ErrReader(iotest.ErrTimeout)), 1000)
	if !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("of a broken reader: %v, %v", got, err)
	}
}

// A file that inflates without end is told and given up: a gzip of a gzip of a
// pickle whose first string has a terabyte, of which 1 GiB of zeros is there.
func TestSearchIsBounded(t *testing.T) {
	bomb, err := os.ReadFile(filepath.Join("testdata", "zeros-1g.gz.gz"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := search.File(t.Context(), bytes.NewReader(bomb), int64(len(bomb)))
	if err != nil || len(got.Unread) != 1 || !strings.Contains(got.Unread[0], "inflate to more") {
		t.Errorf("got %v, %v", got, err)
	}
}
