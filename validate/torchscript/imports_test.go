package torchscript

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"go-model-archiver/validate/pickle"
)

const evilPickle = "\x80\x02cposix\nsystem\n(X\x01\x00\x00\x00atR."

// deflated makes a zip with one compressed entry.
func deflated(t *testing.T, name, content string) []byte {
	t.Helper()
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestImports(t *testing.T) {
	inner := string(zipOf(t, "archive/data.pkl="+evilPickle, "archive/notes.txt=cat\ndog\n"))
	old := "(X\x01\x00\x00\x00aiposix\nsystem\n."
	for name, c := range map[string]struct {
		data []byte
		want []string
	}{
		"a pickle":            {[]byte(evilPickle), []string{" posix.system"}},
		"a zip":               {[]byte(inner), []string{"archive/data.pkl posix.system"}},
		"a zip in a zip":      {zipOf(t, "m/model.bin="+inner, "m/x=y"), []string{"m/model.bin/archive/data.pkl posix.system"}},
		"a compressed entry":  {deflated(t, "a/weights.npy", evilPickle), []string{"a/weights.npy posix.system"}},
		"an old pickle":       {[]byte(old), []string{" posix.system"}},
		"an old one in a zip": {zipOf(t, "a/readme.txt="+old), []string{"a/readme.txt posix.system"}},
		"text":                {[]byte("cat\ndog\n"), nil},
		"nothing":             {nil, nil},
		"a cut zip":           {[]byte(inner[:100]), nil},
	} {
		got, err := Imports(context.Background(), bytes.NewReader(c.data), int64(len(c.data)))
		var names []string
		for _, i := range got {
			names = append(names, i.Entry+" "+i.String())
		}
		if err != nil || !slices.Equal(names, c.want) {
			t.Errorf("%s: got %q, %v; want %q", name, names, err, c.want)
		}
	}
}

// What PyTorch itself writes imports nothing that is worth a word.
func TestImportsOfModels(t *testing.T) {
	for _, name := range []string{"bert-seq.pt", "quantized.pt", "scripted.pt", "frozen.pt"} {
		data := fixture(t, name)
		got, err := Imports(context.Background(), bytes.NewReader(data), int64(len(data)))
		if err != nil || len(got) == 0 {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		for _, i := range got {
			if i.Risk != pickle.Safe {
				t.Errorf("%s: %v in %s is %v", name, i, i.Entry, i.Risk)
			}
		}
	}
}

func TestImportsStop(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Imports(ctx, bytes.NewReader([]byte(evilPickle)), int64(len(evilPickle))); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
