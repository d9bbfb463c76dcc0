package pysource

import (
	"bytes"
	"os"
	"testing"
)

func BenchmarkParse(b *testing.B) {
	handler, err := os.ReadFile("testdata/hugging_face_handler.py")
	if err != nil {
		b.Fatal(err)
	}
	source := bytes.Repeat(handler, 1<<20/len(handler))
	b.SetBytes(int64(len(source)))
	for b.Loop() {
		if _, err := Parse(source); err != nil {
			b.Fatal(err)
		}
	}
}
