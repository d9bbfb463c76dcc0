package loadtest

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/numpy"
)

// closeCases makes pairs of arrays around the tolerances and asks PyTorch.
const closeCases = `
import json, numpy, torch
rng = numpy.random.RandomState(0)
dtypes = "float16 bfloat16 float32 float64 complex64 complex128 int8 uint8 int16 int32 int64 bool".split()
cases, arrays = [], {}
def add(got, want, rtol=None, atol=None):
    saved = want.float() if want.dtype == torch.bfloat16 else want
    raw = got.contiguous().view(torch.int16) if got.dtype == torch.bfloat16 else got
    try:
        torch.testing.assert_close(got, want, rtol=rtol, atol=atol, equal_nan=True)
        close = True
    except AssertionError:
        close = False
    arrays[str(len(cases))] = saved.numpy()
    cases.append(dict(dtype=str(got.dtype)[6:], data=list(raw.numpy().tobytes()), close=close, rtol=rtol, atol=atol))
for dtype in dtypes:
    t = getattr(torch, dtype)
    for scale in (1e-6, 1e-2, 1.0, 100.0):
        for off in (0, 1e-8, 3e-7, 1.2e-6, 1e-5, 1.1e-5, 5e-4, 2e-3, 1e-2, 2e-2, 1):
            want = torch.from_numpy(rng.uniform(-scale, scale, 4))
            got = want * (1 + off) + (off * 0.1 if off < 1e-4 else 0)
            if dtype.startswith("complex"):
                want, got = torch.complex(want, -want), torch.complex(got, -want)
            add(got.to(t), want.to(t))
            add(got.to(t), want.to(t), 1e-3, 0.0)
            add(got.to(t), want.to(t), 0.0, 1e-2)
    if t.is_floating_point:
        for a in (0.0, 1.0, numpy.nan, numpy.inf, -numpy.inf):
            for b in (0.0, 1.0, numpy.nan, numpy.inf, -numpy.inf):
                add(torch.tensor([a], dtype=t), torch.tensor([b], dtype=t))
                add(torch.tensor([a], dtype=t), torch.tensor([b], dtype=t), 0.5, 0.5)
big = 2**63 - 1
add(torch.tensor([big]), torch.tensor([-big - 1]))
add(torch.tensor([big]), torch.tensor([big - 1]))
numpy.savez("cases.npz", **arrays)
print(json.dumps(cases))
`

func TestTolerancesDecideAsPyTorchDoes(t *testing.T) {
	t.Chdir(t.TempDir())
	out, err := exec.Command(testtools.Python(t), "-W", "ignore", "-c", closeCases).Output()
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		DType      string
		Data       []int
		Close      bool
		RTol, ATol *float64
	}
	if err := json.Unmarshal(out, &cases); err != nil {
		t.Fatal(err)
	}
	file, err := numpy.Stat("cases.npz")
	if err != nil || len(file.Arrays) != len(cases) || len(cases) < 1000 {
		t.Fatalf("%d cases, %v", len(cases), err)
	}
	close, apart := 0, 0
	for i, c := range cases {
		want := &file.Arrays[i]
		data := make([]byte, len(c.Data))
		for j, b := range c.Data {
			data[j] = byte(b)
		}
		e := &Expected{RTol: c.RTol, ATol: c.ATol, file: file}
		k := e.compare(protocol.Output{DType: c.DType, Data: c.DType, Shape: want.Shape}, want)
		if _, err := k.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := k.close(); err != nil {
			t.Fatal(err)
		}
		r := k.result
		if r.Equal != c.Close || (r.Beyond == 0) != c.Close {
			t.Errorf("case %d, %s: equal %t, and PyTorch says %t; absolute %+v, relative %+v", i, c.DType, r.Equal, c.Close, r.Absolute, r.Relative)
		}
		if c.Close {
			close++
		} else {
			apart++
		}
	}
	if close < 100 || apart < 100 {
		t.Errorf("%d cases are close and %d are not", close, apart)
	}
}

func TestTheLargestDifferencesAreSaid(t *testing.T) {
	t.Chdir(t.TempDir())
	w, err := numpy.Create("x.npz")
	if err != nil {
		t.Fatal(err)
	}
	array, err := w.Array("x", "int16", []int64{2, 3})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := array.Write([]byte{0, 0, 1, 0, 2, 0, 0xe8, 3, 4, 0, 0xff, 0xff}); err != nil { // 0 1 2 1000 4 -1
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	file, err := numpy.Stat("x.npz")
	if err != nil {
		t.Fatal(err)
	}
	k := (&Expected{file: file}).compare(protocol.Output{DType: "int8", Data: "int8", Shape: []int64{2, 3}}, &file.Arrays[0])
	if _, err := k.Write([]byte{5, 1, 2, 100, 6, 0xff}); err != nil {
		t.Fatal(err)
	}
	if err := k.close(); err != nil {
		t.Fatal(err)
	}
	a, r := k.result.Absolute, k.result.Relative
	if k.result.Beyond != 3 || *a.Size != 900 || a.Expected != "1000" || a.Got != "100" || indexText(a.Index) != "[1,0]" {
		t.Errorf("%+v, %+v", k.result, a)
	}
	if *r.Size != 0.9 || indexText(r.Index) != "[1,0]" {
		t.Errorf("%+v", r)
	}
}

// A model that took the worker over says what it likes of its outputs.
func TestWhatIsSavedIsBounded(t *testing.T) {
	dir := t.TempDir()
	s := newSaver(filepath.Join(dir, "out.npz"), []protocol.Output{
		{Path: "output[0]", DType: "uint8", Data: "uint8", Shape: []int64{3}},
		{Path: "output[1]", DType: "float64", Data: "float64", Shape: []int64{1 << 29}},
	})
	for i := range 2 {
		if _, err := s.begin(i).Write([]byte{1, 2, 3}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.commit(); err == nil || err.Error() != "they hold more than 4 GiB" {
		t.Errorf("got %v", err)
	}
	s.abort()
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestNamesInAFileAreUnique(t *testing.T) {
	outputs := []protocol.Output{
		{Path: `output["a"]`}, {Path: `output["a"]`}, {Path: `output["output[\"a\"]"]`}, {Path: `output["a"][0]`}, {Path: "output[0]"},
		{Path: `output["x\\y"]`}, {Path: `output[""]`}, {Path: "output"}, {Path: `output["a"]`},
	}
	want := []string{"a", `output["a"]`, `output["output[\"a\"]"]`, `output["a"][0]`, "output[0]", `output["x\\y"]`, `output[""]`, "output", `output["a"] (2)`}
	if got := arrayNames(outputs); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
