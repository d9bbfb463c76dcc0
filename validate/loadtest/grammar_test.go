package loadtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// everyType is a forward with arguments of all types that TorchScript has for
// values that a sample can hold; its outputs tell what arrived.
const everyType = `
from typing import Dict, List, Optional, Tuple
import torch
from torch import nn, Tensor

class EveryType(nn.Module):
    def forward(self, a: Dict[float, Tensor], b: Dict[bool, int], c: List[List[int]], d: Dict[int, List[str]],
                e: Optional[Dict[str, Tensor]], f: Tuple[int, Tuple[float, Optional[Tensor]]], g: List[Optional[Tensor]],
                h: str, i: float, j: List[Tensor], k: Dict[str, Tuple[int, float]], l: Optional[List[float]],
                n: Tuple[int, float] = (3, 0.5), o: float = 1e-05, p: str = "a'\"\\b", q: Optional[List[str]] = None, r: int = 9):
        length = 0
        for word in d[-7]:
            length += len(word)
        keys = 0.0
        for key in a.keys():
            keys += key
        given = [len(g), int(g[1] is None), len(h), len(j), int(e is None), int(l is None), int(q is None), len(p)]
        return keys, a[0.5].sum(), b[True], c[1], length, f[0], f[1][0], given, i, k["x\"y"][1], n, o, r

torch.jit.script(EveryType().eval()).save("every-type.pt")
`

// namedTuples is a forward with tuples whose type has a name.
const namedTuples = `
from typing import List, NamedTuple, Optional
import torch
from torch import nn, Tensor

class Size(NamedTuple):
    high: int
    wide: Optional[float]

class Picture(NamedTuple):
    data: Tensor
    size: Size

class Named(nn.Module):
    def forward(self, a: Picture, b: Optional[List[Size]]):
        wide = 0.0
        if b is not None:
            second = b[1].wide
            if second is not None:
                wide = second
        return a.data.sum(), a.size.high, wide

torch.jit.script(Named().eval()).save("named.pt")
`

func TestNamedTuplesAreGivenAsTuples(t *testing.T) {
	path := filepath.Join(made(t, namedTuples), "named.pt")
	result, findings := loadTest(t, path, []string{"(float32[2]=ones, (int=3, none))", "[(int=1, none), (int=2, float=0.5)]"})
	if result.Stage != protocol.StageDone || len(findings) > 0 {
		t.Fatalf("stage %s, findings %v\n%s", result.Stage, findings, result.Error)
	}
	for i, want := range []float64{2, 3, 0.5} {
		if got := result.Outputs[i]; *got.Min != want {
			t.Errorf("%s is %g, want %g", got.Path, *got.Min, want)
		}
	}
	_, findings = loadTest(t, path, nil)
	if !has(findings, rules.NoSample) || !strings.Contains(findings[0].Hint, "--sample 'a:(float32[1,3,224,224], (int=1, float=0.5))'") {
		t.Errorf("findings %v", findings)
	}
}

// made runs a script in a folder of its own, since TorchScript compiles sources
// that it finds in files.
func made(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "make.py"), []byte(script), 0o600); err != nil {
		t.Fatal(err)
	}
	python := exec.Command(testtools.Python(t), "-W", "ignore", "make.py")
	python.Dir = dir
	if out, err := python.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

func TestSamplesOfEveryTypeArriveAndCanBePastedBack(t *testing.T) {
	path := filepath.Join(made(t, everyType), "every-type.pt")
	first, findings := loadTest(t, path, []string{
		`a:{float=0.5: float32[2]=ones, float=-1e-3: float32[1]}`, `b:{bool=true: int=2, bool=false: int=3}`, `c:[[], [int=1, int=-2, int=4]]`,
		`d:{-7: [str="a\"b, ]", str="", str="é😀"], 0: []}`, `e:none`, `f:(int=-4, (float=1e-300, none))`, `g:[float32[2], none]`,
		`h:str="q\"u'o\n\\"`, `i:float=-2.5e7`, `j:[]`, `k:{"x\"y": (int=1, float=-2.5e-7)}`, `l:[]`, `r:int=5`,
	})
	if first.Stage != protocol.StageDone || len(findings) > 0 {
		t.Fatalf("stage %s, findings %v\n%s", first.Stage, findings, first.Error)
	}
	var got []float64
	for _, o := range first.Outputs {
		got = append(got, *o.Min, *o.Max)
	}
	want := []float64{0.499, 0.499, 2, 2, 2, 2, -2, 4, 12, 12, -4, -4, 1e-300, 1e-300, 0, 7, -2.5e7, -2.5e7, -2.5e-7, -2.5e-7, 3, 3, 0.5, 0.5, 1e-5, 1e-5, 5, 5}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outputs (-want +got):\n%s", diff)
	}
	var pasted []string
	for _, in := range first.Inputs {
		pasted = append(pasted, in.Sample)
	}
	again, findings := loadTest(t, path, pasted)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	if diff := cmp.Diff(first.Outputs, again.Outputs); diff != "" {
		t.Errorf("%q pasted back gives other outputs:\n%s", pasted, diff)
	}
}
