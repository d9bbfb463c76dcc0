package sample

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

// npyText is a .npy file of version 1 with the header as given.
func npyText(header string, numbers []byte) []byte {
	file := append([]byte("\x93NUMPY\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(file, header...), numbers...)
}

func header(descr, order, shape string) string {
	return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n"
}

func TestFilesThatAreNoSampleAreRefused(t *testing.T) {
	dir := t.TempDir()
	right := npyText(header("<i2", "False", "(2, 3)"), make([]byte, 12))
	huge := append([]byte("\x93NUMPY\x02\x00"), binary.LittleEndian.AppendUint32(nil, 1<<31)...)
	files := map[string][]byte{
		"empty":       {},
		"text":        []byte("no numbers at all"),
		"prefix":      []byte("\x93NUMPY\x01\x00"),
		"huge-header": huge,
		"new-version": append([]byte("\x93NUMPY\x07\x00\x10\x00\x00\x00"), make([]byte, 64)...),
		"no-newline":  npyText("{'descr': '<i2', 'fortran_order': False, 'shape': (2,), }", make([]byte, 4)),
		"no-keys":     npyText("{}\n", nil),
		"other-order": npyText("{'shape': (2,), 'fortran_order': False, 'descr': '<i2'}\n", make([]byte, 4)),
		"no-shape":    npyText("{'descr': '<i2', 'fortran_order': False, 'shape': }\n", make([]byte, 4)),
		"negative":    npyText(header("<i2", "False", "(-2,)"), make([]byte, 4)),
		"overflow":    npyText(header("<i2", "False", "(4611686018427387904, 4)"), make([]byte, 4)),
		"deep":        npyText(header("<i2", "False", "("+strings.Repeat("1,", 65)+")"), make([]byte, 2)),
		"words":       npyText(header("<U5", "False", "(2,)"), make([]byte, 40)),
		"complex":     npyText(header("<c8", "False", "(2,)"), make([]byte, 16)),
		"unsigned":    npyText(header("<u4", "False", "(2,)"), make([]byte, 8)),
		"object":      npyText(header("|O", "False", "(2,)"), make([]byte, 16)),
		"cut-off":     right[:len(right)-1],
		"big-fortran": npyText(header("<i2", "True", "(16777217, 1)"), nil),
		"right":       right,
		"floats":      npyText(header("<f4", "False", "(2, 3)"), make([]byte, 24)),
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name+".npy"), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Truncate(filepath.Join(dir, "big-fortran.npy"), 40<<20); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	for text, want := range map[string]string{
		"@missing.npy":           `stat missing.npy: no such file`,
		"@.":                     `"." is no regular file`,
		"@/dev/null":             `"/dev/null" is no regular file`,
		"@empty.npy":             "does not begin as one",
		"@text.npy":              "does not begin as one",
		"@prefix.npy":            `"prefix.npy" can't be read as .npy`,
		"@huge-header.npy":       "header of 2147483648 bytes is too long",
		"@new-version.npy":       "invalid major version",
		"@no-newline.npy":        "its header is damaged",
		"@no-keys.npy":           "invalid dictionary format",
		"@other-order.npy":       "its header is damaged",
		"@no-shape.npy":          "its header is damaged",
		"@negative.npy":          "its shape [-2] is more than 1024 GiB or no shape",
		"@overflow.npy":          "is more than 1024 GiB or no shape",
		"@deep.npy":              "is more than 1024 GiB or no shape",
		"@words.npy":             `its type "<U5" has no equal among tensors`,
		"@complex.npy":           `"complex.npy" holds complex64, which no sample can have`,
		"@unsigned.npy":          `"unsigned.npy" holds uint32, which no sample can have`,
		"@object.npy":            `its type "|O" has no equal`,
		"@cut-off.npy":           "it is cut off: its header says int16[2,3], which is 12 bytes, and 11 are there",
		"@big-fortran.npy":       "save numpy.ascontiguousarray of it",
		"int16[3,2]=@right.npy":  `[3,2] was asked for, and "right.npy" has the shape [2,3]`,
		"int16[6]=@right.npy":    `[6] was asked for`,
		"int32=@right.npy":       `int32 was asked for, and "right.npy" has int16`,
		"float32=@right.npy":     `float32 was asked for, and "right.npy" has int16`,
		"int16[2,3]=@floats.npy": `int16 was asked for, and "floats.npy" has float32`,
	} {
		_, err := Build(parseAll(t, text), arguments("x: Tensor"), Settings{}, 0)
		if err == nil || !strings.Contains(err.Error(), want) || !(strings.Contains(err.Error(), `the sample for "x"`) || strings.Contains(err.Error(), "the sample "+strconv.Quote(text))) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
}

func TestAFileThatChangesIsNoticed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	if err := os.WriteFile(path, npyText(header("<i2", "False", "(2, 3)"), make([]byte, 12)), 0o666); err != nil {
		t.Fatal(err)
	}
	s, err := Build(parseAll(t, "@"+path), arguments("x: Tensor"), Settings{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, npyText(header("<i2", "False", "(3, 2)"), make([]byte, 12)), 0o666); err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	if err := s.WriteData(&data); err == nil || !strings.Contains(err.Error(), "was changed") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := s.WriteData(&data); !os.IsNotExist(err) {
		t.Errorf("got %v", err)
	}
}

// NumPy writes the arrays in every order and byte order, and beside each its
// numbers as the protocol wants them; for bfloat16 PyTorch rounds them.
const makeArrays = `
import numpy, torch
values = numpy.random.RandomState(0).uniform(-300, 300, (3, 70, 50))
for code in "u1 i1 i2 i4 i8 f2 f4 f8 b1".split():
    for order in "<>":
        for layout in "CF":
            array = numpy.array(values.astype(code), dtype=order + code, order=layout)
            name = code + ("le" if order == "<" else "be") + layout
            numpy.save(name + ".npy", array)
            open(name + ".raw", "wb").write(array.astype("<" + code).tobytes("C"))
odd = numpy.concatenate([numpy.arange(65536, dtype=numpy.uint16).view("f2").astype("f8"),
    values.ravel(), values.ravel() * 2.0 ** -20, values.ravel() * 2.0 ** 130, [65519.99, 65520, 2.0 ** -25]])
odd = odd[~numpy.isnan(odd)].astype("f4").reshape(-1)
numpy.save("odd.npy", odd)
with numpy.errstate(over="ignore"):
    open("odd.float16", "wb").write(odd.astype("<f2").tobytes())
open("odd.bfloat16", "wb").write(torch.from_numpy(odd).to(torch.bfloat16).view(torch.int16).numpy().tobytes())
open("odd.float64", "wb").write(odd.astype("<f8").tobytes())
numpy.save("halves.npy", numpy.arange(0x7c00, dtype=numpy.uint16).view("f2"))
open("halves.float32", "wb").write(numpy.arange(0x7c00, dtype=numpy.uint16).view("f2").astype("<f4").tobytes())
wide = (numpy.random.RandomState(1).randn(40, 30) * 1e30)
numpy.save("wide.npy", numpy.asfortranarray(wide.astype(">f8")))
open("wide.float32", "wb").write(wide.astype("<f4").tobytes("C"))
numpy.save("scalar.npy", numpy.float32(1))
numpy.save("none.npy", numpy.zeros((0, 4), "<i8"))
`

func TestArraysOfNumPyAreReadAsNumPyMeansThem(t *testing.T) {
	dir := t.TempDir()
	python := exec.Command(testtools.Python(t), "-c", makeArrays)
	python.Dir = dir
	if out, err := python.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Chdir(dir)
	files, err := filepath.Glob("*.raw")
	if err != nil || len(files) != 9*2*2 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, raw := range files {
		name := strings.TrimSuffix(raw, ".raw")
		checkSame(t, raw, "@"+name+".npy")
	}
	for _, dtype := range []string{"float16", "bfloat16", "float64"} {
		checkSame(t, "odd."+dtype, dtype+"=@odd.npy")
	}
	checkSame(t, "wide.float32", "float32[40,30]=@wide.npy")
	checkSame(t, "halves.float32", "float32=@halves.npy")
	for text, want := range map[string]string{
		"@scalar.npy":           "x:float32[]=@scalar.npy",
		"float16[]=@scalar.npy": "x:float16[]=@scalar.npy",
		"@none.npy":             "x:int64[0,4]=@none.npy",
		"[bool=@b1beF.npy]":     "x:[bool[3,70,50]=@b1beF.npy]",
	} {
		s, err := Build(parseAll(t, text), arguments("x: Any"), Settings{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Inputs[0].Spec; got != want {
			t.Errorf("%s became %s, want %s", text, got, want)
		}
		written(t, s)
	}
}

func checkSame(t *testing.T, file, spec string) {
	t.Helper()
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(data(t, 0, spec), want) {
		t.Errorf("%s differs from %s", spec, file)
	}
}

func FuzzNPY(f *testing.F) {
	right := npyText(header("<i2", "False", "(2, 3)"), make([]byte, 12))
	f.Add(right)
	f.Add(right[:60])
	f.Add(npyText(header(">f8", "True", "(1, 2)"), make([]byte, 16)))
	real, err := os.ReadFile(testtools.Testdata("models", "npy-sample.npy"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(real)
	path := filepath.Join(f.TempDir(), "x.npy")
	f.Fuzz(func(t *testing.T, content []byte) {
		if err := os.WriteFile(path, content, 0o666); err != nil {
			t.Fatal(err)
		}
		s, err := Build([]Spec{{value: node{kind: "tensor", source: source{kind: fromFile, path: path}}}}, arguments("x: Tensor"), Settings{}, 0)
		if err != nil {
			return
		}
		written(t, s)
	})
}
