package search_test

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"
	"testing"

	"go-model-archiver/validate/pickle/search"
)

// wrapped returns evil in some of the files that are looked into.
func wrapped(f *testing.F) [][]byte {
	f.Helper()
	var zipped, tarred, gzipped, zlibbed bytes.Buffer
	z := zip.NewWriter(&zipped)
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: "archive/data.pkl", Method: method})
		if err != nil {
			f.Fatal(err)
		}
		_, _ = io.WriteString(w, evil)
	}
	z.Close()
	t := tar.NewWriter(&tarred)
	_ = t.WriteHeader(&tar.Header{Name: "pickle", Size: int64(len(evil)), Mode: 0o600})
	_, _ = io.WriteString(t, evil)
	t.Close()
	g := gzip.NewWriter(&gzipped)
	_, _ = g.Write(tarred.Bytes())
	g.Close()
	l := zlib.NewWriter(&zlibbed)
	_, _ = io.WriteString(l, evil)
	l.Close()
	array := "\x93NUMPY\x01\x00\x20\x00{'descr': '|O', 'shape': (1,), }" + evil
	nested := "\x80\x03ctorch.storage\n_load_from_bytes\nC\x1a" + evil[:26] + "\x85R."
	return [][]byte{zipped.Bytes(), tarred.Bytes(), gzipped.Bytes(), zlibbed.Bytes(), []byte(array), []byte(nested), []byte(evil)}
}

// No file is an error, and what is found in one does not depend on how it is
// read.
func FuzzFile(f *testing.F) {
	for _, data := range wrapped(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := search.File(t.Context(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		streamed, err := search.Stream(t.Context(), bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		// A zip behind something else is seen by the first only.
		if len(streamed.Imports) > len(got.Imports) || len(streamed.Unread) > len(got.Unread) {
			t.Errorf("got %v, streamed %v", got, streamed)
		}
	})
}
