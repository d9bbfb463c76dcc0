package sample

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

const makeArchives = `
import numpy
ids, mask = numpy.arange(6).reshape(1, 6), numpy.ones((1, 6), "i8")
numpy.savez("named.npz", attention_mask=mask, input_ids=ids)
numpy.savez_compressed("ordered.npz", ids, mask)
numpy.savez("half-named.npz", input_ids=ids, mask=mask)
numpy.savez("one.npz", anything=ids)
numpy.savez("scalars.npz", x=numpy.float32(0.5), n=numpy.int32(-7), f=numpy.float64(2.5), b=numpy.bool_(True), u=numpy.uint8(200))
numpy.savez("odd names.npz", **{"a b": ids, "x.1": mask, "a/b": ids, "é\"]": mask})
open("zip.npz", "wb").write(b"PK\x05\x06" + bytes(18))
open("broken.npz", "wb").write(open("named.npz", "rb").read()[:-30])
raw = bytearray(open("named.npz", "rb").read())
raw[raw.find(ids.tobytes()) + 8] ^= 1
open("flipped.npz", "wb").write(raw)
`

func archives(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	python := exec.Command(testtools.Python(t), "-c", makeArchives)
	python.Dir = dir
	if out, err := python.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Chdir(dir)
}

func TestArchivesThatDoNotFitAreRefused(t *testing.T) {
	archives(t)
	bert := arguments("input_ids: Tensor", "attention_mask: Tensor")
	for text, want := range map[string]string{
		"@half-named.npz":        `"half-named.npz" holds "mask", and forward has no argument of that name; forward takes input_ids`,
		"@scalars.npz":           "there are 5 samples for 2 arguments",
		"@zip.npz":               `"zip.npz" can't be read as .npz: it holds no array`,
		"@broken.npz":            `"broken.npz" can't be read as .npz`,
		"@named.npz[ids]":        `"named.npz" holds the arrays "attention_mask", "input_ids"; name one, @named.npz[attention_mask]`,
		"int64[2,3]=@one.npz":    `[2,3] was asked for, and "one.npz" has the shape [1,6]`,
		"input_ids:@ordered.npz": `"ordered.npz" holds the arrays "arr_0", "arr_1"`,
	} {
		args := bert
		if !strings.HasPrefix(text, "@") || strings.HasSuffix(text, "]") {
			args = bert[:1]
		}
		_, err := Build(parseAll(t, text), args, Settings{}, 0)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	s, err := Build(parseAll(t, "@flipped.npz"), bert, Settings{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	if err := s.WriteData(&data); err == nil || !strings.Contains(err.Error(), "checksum") {
		t.Errorf("a flipped bit: %v", err)
	}
}

func TestTheArraysOfAnArchiveBecomeTheSample(t *testing.T) {
	archives(t)
	bert := []string{"input_ids: Tensor", "attention_mask.1: Tensor"}
	for _, test := range []struct {
		sample    string
		arguments []string
		want      string
	}{
		{"@named.npz", bert, "input_ids:int64[1,6]=@named.npz[input_ids] attention_mask.1:int64[1,6]=@named.npz[attention_mask]"},
		{"@ordered.npz", bert, "input_ids:int64[1,6]=@ordered.npz[arr_0] attention_mask.1:int64[1,6]=@ordered.npz[arr_1]"},
		{"@one.npz", bert[:1], "input_ids:int64[1,6]=@one.npz[anything]"},
		{"input_ids:@one.npz", bert[:1], "input_ids:int64[1,6]=@one.npz[anything]"},
		{"input_ids:@named.npz", bert[:1], "input_ids:int64[1,6]=@named.npz[input_ids]"},
		{`input_ids:@"odd names.npz"["é\"]"]`, bert[:1], `input_ids:int64[1,6]=@"odd names.npz"["é\"]"]`},
		{`[@named.npz[input_ids], @"odd names.npz"[a/b]]`, []string{"x: List[Tensor]"},
			`x:[int64[1,6]=@named.npz[input_ids], int64[1,6]=@"odd names.npz"[a/b]]`},
		{"@scalars.npz", []string{"x: Tensor", "n: int", "f: Optional[float]", "b: bool", "u: int"},
			"x:float32[]=@scalars.npz[x] n:int=-7 f:float=2.5 b:bool=true u:int=200"},
	} {
		s, err := Build(parseAll(t, test.sample), arguments(test.arguments...), Settings{}, 0)
		if err != nil {
			t.Errorf("%s: %v", test.sample, err)
			continue
		}
		var got []string
		for _, in := range s.Inputs {
			got = append(got, in.Spec)
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s became\n%s, want\n%s", test.sample, got, test.want)
		}
		again, err := Build(parseAll(t, got...), arguments(test.arguments...), Settings{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(written(t, s), written(t, again)) {
			t.Errorf("%s: pasted back it gives other numbers", test.sample)
		}
	}
}
