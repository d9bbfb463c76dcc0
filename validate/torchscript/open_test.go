package torchscript

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/pickle"
)

func openBytes(data []byte) (*Model, error) { return Open(bytes.NewReader(data), int64(len(data))) }

// emptyTuple and module are the smallest pickles of constants and of a root
// module, of class __torch__.M.
const (
	emptyTuple = "\x80\x02)."
	module     = "\x80\x02c__torch__\nM\n)\x81}b."
)

func TestOpenRefuses(t *testing.T) {
	model := fixture(t, "bert-seq.pt")
	for name, c := range map[string]struct {
		data []byte
		want error // or nil
		text string
	}{
		"nothing":             {nil, ErrNotTorchScript, "no central directory"},
		"text":                {[]byte("hello"), ErrNotTorchScript, "no central directory"},
		"a cut model":         {model[:len(model)-1024], ErrNotTorchScript, "no central directory"},
		"an empty zip":        {zipOf(t), ErrNotTorchScript, "data.pkl"},
		"no root folder":      {zipOf(t, "data.pkl="+module, "constants.pkl="+emptyTuple), ErrNotTorchScript, "root folder"},
		"a state_dict":        {zipOf(t, "a/data.pkl=\x80\x02}.", "a/version=3"), ErrNotTorchScript, "constants.pkl"},
		"no version":          {zipOf(t, "a/data.pkl="+module, "a/constants.pkl="+emptyTuple), ErrNotTorchScript, "version"},
		"a wrong version":     {zipOf(t, "a/data.pkl="+module, "a/constants.pkl="+emptyTuple, "a/version=x"), nil, `"x"`},
		"the oldest format":   {zipOf(t, "a/model.json", "a/version=1"), nil, "before PyTorch 1.3"},
		"data that is none":   {zipOf(t, "a/data.pkl=\xff", "a/constants.pkl="+emptyTuple, "a/version=3"), pickle.ErrMalformed, "a/data.pkl"},
		"data that is cut":    {zipOf(t, "a/data.pkl="+module[:9], "a/constants.pkl="+emptyTuple, "a/version=3"), io.ErrUnexpectedEOF, "a/data.pkl"},
		"data of another":     {zipOf(t, "a/data.pkl=\x80\x02].", "a/constants.pkl="+emptyTuple, "a/version=3"), nil, "a module"},
		"deep attributes":     {zipOf(t, "a/data.pkl="+nested(1000), "a/constants.pkl="+emptyTuple, "a/version=3"), nil, "deeper"},
		"an unknown tensor":   {zipOf(t, "a/data.pkl="+tensorOf("_rebuild_strange", "K\x01"), "a/constants.pkl="+emptyTuple, "a/version=3"), nil, "_rebuild_strange"},
		"a negative shape":    {zipOf(t, "a/data.pkl="+tensorOf("_rebuild_tensor_v2", "J\xff\xff\xff\xff"), "a/constants.pkl="+emptyTuple, "a/version=3"), nil, "not known"},
		"an endless def":      {codeFile(t, "class M(Module):\n  def forward(self,\n"+strings.Repeat("    x: int,\n", 10_000)), nil, "does not end"},
		"a def without types": {codeFile(t, "class M(Module):\n  def forward(self, x):\n    pass\n"), nil, "malformed signature"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := openBytes(c.data)
			if err == nil || !strings.Contains(err.Error(), c.text) || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %+v, %v; want %v with %q", m, err, c.want, c.text)
			}
		})
	}
}

// nested is a module with n submodules in each other.
func nested(n int) string {
	return "\x80\x02" + strings.Repeat("c__torch__\nM\n)\x81}X\x01\x00\x00\x00a", n) + "N" + strings.Repeat("sb", n) + "."
}

// tensorOf is a module with one tensor of one dimension.
func tensorOf(maker, dim string) string {
	return "\x80\x02c__torch__\nM\n)\x81}X\x01\x00\x00\x00actorch._utils\n" + maker +
		"\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x01tQK\x00" + dim + "\x85K\x01\x85\x89NtRsb."
}

func codeFile(t *testing.T, code string) []byte {
	return zipOf(t, "a/data.pkl="+module, "a/code/__torch__.py="+code, "a/constants.pkl="+emptyTuple, "a/version=3")
}

func TestOpenReportsReadErrors(t *testing.T) {
	if _, err := Open(brokenReader{}, 1000); !errors.Is(err, iotest.ErrTimeout) || errors.Is(err, ErrNotTorchScript) {
		t.Errorf("got %v", err)
	}
}

func TestOpenReportsMissingStorages(t *testing.T) {
	m, err := openBytes(zipOf(t, "a/data.pkl="+tensorOf("_rebuild_tensor_v2", "K\x01"), "a/constants.pkl="+emptyTuple, "a/version=3"))
	if err != nil || !slices.Equal(m.MissingStorages, []string{"data/0"}) {
		t.Errorf("got %+v, %v", m, err)
	}
}

func TestOpenReportsMissingClasses(t *testing.T) {
	for code, want := range map[string][]string{"": {"__torch__.M"}, "class M(Module):\n  pass\n": nil} {
		if m, err := openBytes(codeFile(t, code)); err != nil || !slices.Equal(m.MissingClasses, want) {
			t.Errorf("%q: got %+v, %v; want %q", code, m, err, want)
		}
	}
}

// A list or dict of tensors is written as a call that gives it its type.
func TestTensorsInContainers(t *testing.T) {
	tensor := func(key string) string {
		return "ctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00" + key +
			"X\x03\x00\x00\x00cpuK\x01tQK\x00))\x89NtR"
	}
	tagged := func(container, kind string) string {
		return "ctorch.jit._pickle\nrestore_type_tag\n(" + container + fmt.Sprintf("X%c\x00\x00\x00%s", len(kind), kind) + "tR"
	}
	data := "\x80\x02c__torch__\nM\n)\x81}(" +
		"X\x01\x00\x00\x00l" + tagged("("+tensor("0")+tensor("1")+"l", "List[Tensor]") +
		"X\x01\x00\x00\x00d" + tagged("(X\x01\x00\x00\x00k"+tagged("("+tensor("2")+"l", "List[Tensor]")+"d", "Dict[str, List[Tensor]]") +
		"ub."
	m, err := openBytes(zipOf(t, "a/data.pkl="+data, "a/constants.pkl="+emptyTuple, "a/version=3"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, x := range m.Tensors {
		names = append(names, x.Name)
		if x.Shape == nil {
			t.Errorf("%s has no shape, and [] is that of 0 dimensions", x.Name)
		}
	}
	if want := []string{"l.0", "l.1", "d.k.0"}; !slices.Equal(names, want) {
		t.Errorf("got %q, want %q", names, want)
	}
}

func TestSignatures(t *testing.T) {
	text := func(s string) *string { return &s }
	for line, want := range map[string]Method{
		"forward(self: __torch__.M) -> NoneType:\n": {Name: "forward", Returns: "NoneType"},
		"f(self: C,\n    x: Tensor,\n    n: int=3) -> Tuple[Tensor, Dict[str, int]]:\n": {
			"f", []protocol.Argument{{Name: "x", Type: "Tensor"}, {Name: "n", Type: "int", Default: text("3")}}, "Tuple[Tensor, Dict[str, int]]",
		},
		`f(self: C, a: Dict[str, List[int]], b: str="x, y) -> (\"=:", c: List[int]=[1, 2]) -> Tensor:`: {
			"f", []protocol.Argument{
				{Name: "a", Type: "Dict[str, List[int]]"}, {Name: "b", Type: "str", Default: text(`"x, y) -> (\"=:"`)},
				{Name: "c", Type: "List[int]", Default: text("[1, 2]")},
			}, "Tensor",
		},
		"f(self: C, d: Device=torch.device(\"cpu\")):": {
			"f", []protocol.Argument{{Name: "d", Type: "Device", Default: text(`torch.device("cpu")`)}}, "NoneType",
		},
	} {
		got, err := parseSignature(line)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v\n%s", line, err, diff)
		}
	}
}

func TestCodeTells(t *testing.T) {
	code := `class M(Module):
  def forward(self: __torch__.M,
    x: Tensor) -> Tensor:
    a = torch.to(x, torch.device("cuda:1"))
    b = ops.torchvision.nms(a, "ops.no.op(1) torch.device(\"cuda:2\")", 0.5)
    c = annotate(__torch__.torch.classes.tensorrt.Engine, b)
    d = ops.neuron.forward_1 (c, torch.device ("cuda:3"))
    return torch.add(d, __torch__.torch.nn.relu(d))
`
	m, err := openBytes(codeFile(t, code+strings.Repeat("    # "+strings.Repeat("x", 100_000)+"torch.mul(1)\n", 2)))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"cuda:1", "cuda:3"}; !slices.Equal(m.CodeDevices, want) {
		t.Errorf("devices %q, want %q", m.CodeDevices, want)
	}
	if want := []string{"aten::add", "aten::to", "neuron::forward_1", "torchvision::nms"}; !slices.Equal(m.Operators, want) {
		t.Errorf("operators %q, want %q", m.Operators, want)
	}
	if want := []string{"neuron", "torchvision"}; !slices.Equal(m.Namespaces(), want) {
		t.Errorf("namespaces %q, want %q", m.Namespaces(), want)
	}
	if want := []string{"__torch__.torch.classes.tensorrt.Engine"}; !slices.Equal(m.CustomClasses, want) {
		t.Errorf("classes %q, want %q", m.CustomClasses, want)
	}
	r, err := m.Code(0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !strings.HasPrefix(string(got), code) || !slices.Equal(m.CodeFiles(), []string{"code/__torch__.py"}) {
		t.Errorf("code of %q: %q, %v", m.CodeFiles(), got[:min(len(got), 100)], err)
	}
}

// Devices that scripts name by a call, and operators that stay in training mode.
func TestCodeTellsByItsConstants(t *testing.T) {
	for line, want := range map[string]struct{ training, devices []string }{
		"torch.dropout(x, 0.10000000000000001, True)":                               {training: []string{"aten::dropout"}},
		"torch.dropout_(torch.add(x, [y, 0.], True), .5, True)":                     {training: []string{"aten::dropout_"}},
		"torch.dropout(x, 0.10000000000000001, False)":                              {},
		"torch.dropout(x, 0., True)":                                                {},
		"torch.dropout(x, p, training)":                                             {},
		"torch.lstm(x, [h, c], [w, b], True, 2, 0.2, True, False, True)":            {training: []string{"aten::lstm"}},
		"torch.lstm(x, h, w, True, 2, 0.20000000000000001, False, True, True)":      {},
		"torch.lstm(x, h, w, True, 2, 0., True, True, True)":                        {},
		"torch.gru(x, sizes, h, w, True, 2, 0.20000000000000001, True, True)":       {training: []string{"aten::gru"}},
		"torch.batch_norm(x, w, b, m, v, True, 0.10000000000000001, 1.e-05, True)":  {training: []string{"aten::batch_norm"}},
		"torch.batch_norm(x, w, b, m, v, False, 0.10000000000000001, 1.e-05, True)": {},
		"torch.batch_norm(x, w, b, None, None, True, 0.1, 1e-05, True)":             {},
		"torch.rrelu(x, 0.125, 0.33333333333333331, True)":                          {training: []string{"aten::rrelu"}},
		"torch.scaled_dot_product_attention(q, k, v, None, 0.1, False)":             {training: []string{"aten::scaled_dot_product_attention"}},
		"torch.scaled_dot_product_attention(q, k, v, None, 0., True)":               {},
		"torch.sum(x, 0.5, True)":                                                   {},
		"torch.cuda(x)":                                                             {devices: []string{"cuda"}},
		"torch.to(x, torch.device(\"cuda:1\"))":                                     {devices: []string{"cuda:1"}},
		"torch.cpu(x)":                                                              {},
	} {
		m, err := openBytes(codeFile(t, "class M(Module):\n  def forward(self: __torch__.M) -> Tensor:\n    return "+line+"\n"))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(m.TrainingOperators, want.training) || !slices.Equal(m.CodeDevices, want.devices) {
			t.Errorf("%s: %q and %q", line, m.TrainingOperators, m.CodeDevices)
		}
	}
}

func TestEmbedding(t *testing.T) {
	data := fixture(t, "bert-seq.pt")
	m, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	words, ok1 := m.Embedding(WordEmbeddings...)
	positions, ok2 := m.Embedding(PositionEmbeddings...)
	if !ok1 || !ok2 || positions.Shape[0] != 160 || words.Shape[0] < 100 {
		t.Errorf("got %+v and %+v", words, positions)
	}
	if e, ok := m.Embedding("embeddings.weight.x"); ok {
		t.Errorf("got %+v", e)
	}
}

// A model whose entries another tool compressed again is still TorchScript.
func TestOpenCompressed(t *testing.T) {
	data := fixture(t, "bert-seq.pt")
	want, err := openBytes(data)
	if err != nil {
		t.Fatal(err)
	}
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var buf bytes.Buffer
	out := zip.NewWriter(&buf)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		w, err := out.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := openBytes(buf.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Tensors, got.Tensors); diff != "" || fmt.Sprint(want.Methods) == fmt.Sprint(nil) {
		t.Error(diff)
	}
	if names, err := mismatches(t, buf.Bytes(), 999); err != nil || names != nil {
		t.Errorf("checksums: %q, %v", names, err)
	}
}
