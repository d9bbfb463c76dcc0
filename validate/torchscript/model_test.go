package torchscript

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest/protocol"
)

// expectation is what PyTorch says of a file (testdata/make_models.py).
type expectation struct {
	Path       string
	Class      string
	Methods    map[string]expectedMethod
	Parameters []expectedTensor
	Buffers    []expectedTensor
	Training   bool
	Operators  []string
	Constants  int
}

type expectedMethod struct {
	Arguments []struct {
		Name, Type string
		Default    *struct{ Value string } // Python's repr, of a string JSON
	}
	Returns string
}

type expectedTensor struct {
	Name, DType, Device string
	Shape               []int64
	Elements, Bytes     int64
}

// expectations makes models in a folder and asks PyTorch about them and about
// those of testdata.
func expectations(t testing.TB, dir string) (models []expectation, operators []string) {
	t.Helper()
	others, err := filepath.Glob(testtools.Testdata("models", "*.pt"))
	if err != nil {
		t.Fatal(err)
	}
	runPython(t, append([]string{filepath.Join("testdata", "make_models.py"), dir}, others...)...)
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		Models    []expectation
		Operators []string // all that PyTorch has
	}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	return all.Models, all.Operators
}

func openFile(t testing.TB, path string) *Model {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return m
}

func TestModelsAsPyTorchSeesThem(t *testing.T) {
	models, operators := expectations(t, t.TempDir())
	if len(models) < 70 {
		t.Fatalf("only %d models", len(models))
	}
	for _, want := range models {
		t.Run(strings.TrimSuffix(filepath.Base(want.Path), ".pt"), func(t *testing.T) {
			m := openFile(t, want.Path)
			compareModel(t, m, want)
			for _, op := range m.Operators {
				if !slices.Contains(operators, op) {
					t.Errorf("PyTorch has no operator %s", op)
				}
			}
		})
	}
}

// Models of PyTorch 2.15, and what it says of them (scripts/make-newer-testdata.py).
func TestModelsOfANewerPyTorch(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("testdata", "newer", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Models []expectation }
	if err := json.Unmarshal(text, &all); err != nil || len(all.Models) < 20 {
		t.Fatalf("%d models, %v", len(all.Models), err)
	}
	for _, want := range all.Models {
		t.Run(strings.TrimSuffix(want.Path, ".pt"), func(t *testing.T) {
			m := openFile(t, filepath.Join("testdata", "newer", want.Path))
			compareModel(t, m, want)
			if m.FormatVersion < 3 || m.MinPyTorch == "" || m.ByteOrder != "little" {
				t.Errorf("format version %d, read by %q, byte order %q", m.FormatVersion, m.MinPyTorch, m.ByteOrder)
			}
		})
	}
}

// compareModel compares what we read with what PyTorch says.
func compareModel(t *testing.T, m *Model, want expectation) {
	t.Helper()
	// A module with a state of its own may keep its mode anywhere.
	_, own := want.Methods["__getstate__"]
	if m.Class != want.Class || m.Training != (want.Training && !own) {
		t.Errorf("class %q, training %v; want %q, %v", m.Class, m.Training, want.Class, want.Training)
	}
	compareMethods(t, m, want.Methods)
	compareTensors(t, m, Parameter, want.Parameters)
	compareTensors(t, m, Buffer, want.Buffers)
	for _, op := range want.Operators {
		if !slices.Contains(m.Operators, op) && !syntax[op] {
			t.Errorf("operator %s is missing among %q", op, m.Operators)
		}
	}
	constants := set{}
	for _, x := range m.Tensors {
		if x.Role == Constant {
			constants.add(x.Storage)
		}
	}
	if len(constants) != want.Constants {
		t.Errorf("%d storages of constants, want %d", len(constants), want.Constants)
	}
	if len(m.MissingStorages)+len(m.MissingClasses) > 0 {
		t.Errorf("missing storages %q and classes %q", m.MissingStorages, m.MissingClasses)
	}
}

// syntax are the operators that code writes as Python does, not as calls.
var syntax = map[string]bool{
	"aten::Bool": true, "aten::Float": true, "aten::Int": true, "aten::str": true, "aten::ScalarImplicit": true,
	"aten::__getitem__": true, "prim::TupleUnpack": true, "prim::unchecked_cast": true,
}

func compareMethods(t *testing.T, m *Model, want map[string]expectedMethod) {
	t.Helper()
	if len(m.Methods) != len(want) {
		t.Errorf("got methods %+v, want %+v", m.Methods, want)
	}
	if _, ok := want["forward"]; ok != (m.Forward != nil) {
		t.Errorf("forward is %v, want it there: %v", m.Forward, ok)
	}
	for _, method := range m.Methods {
		w := want[method.Name]
		if method.Returns != w.Returns || len(method.Arguments) != len(w.Arguments) {
			t.Errorf("%s: got %+v, want %+v", method.Name, method, w)
			continue
		}
		for i, a := range method.Arguments {
			if a.Name != w.Arguments[i].Name || a.Type != w.Arguments[i].Type {
				t.Errorf("%s: got %+v, want %+v", method.Name, a, w.Arguments[i])
			}
			compareDefault(t, a, w.Arguments[i].Default)
		}
	}
}

// compareDefault compares the default in TorchScript's code with what Python
// writes of the same value.
func compareDefault(t *testing.T, a protocol.Argument, want *struct{ Value string }) {
	t.Helper()
	if (a.Default == nil) != (want == nil) {
		t.Errorf("default of %s: got %v, want %v", a.Name, a.Default, want)
		return
	}
	if want == nil || *a.Default == want.Value {
		return
	}
	f, err1 := strconv.ParseFloat(*a.Default, 64)
	g, err2 := strconv.ParseFloat(want.Value, 64)
	if err1 == nil && err2 == nil && f == g {
		return
	}
	x, err1 := strconv.Unquote(strings.ReplaceAll(*a.Default, `\'`, `'`))
	y, err2 := strconv.Unquote(want.Value)
	if err1 == nil && err2 == nil && x == y {
		return
	}
	t.Errorf("default of %s: got %s, want %s", a.Name, *a.Default, want.Value)
}

func compareTensors(t *testing.T, m *Model, role Role, want []expectedTensor) {
	t.Helper()
	var got []expectedTensor
	for _, x := range m.Tensors {
		if x.Role == role {
			got = append(got, expectedTensor{x.Name, x.DType, x.Device, x.Shape, x.Elements, x.Bytes})
		}
	}
	if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
		t.Errorf("%ss (-PyTorch +ours):\n%s", role, diff)
	}
}
