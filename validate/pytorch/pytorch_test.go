package pytorch

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]Version{
		"2.1": {2, 1}, "2.1.2": {2, 1}, "2.10.0": {2, 10}, "2.1.2+cu121": {2, 1}, "1.13.1+cpu": {1, 13}, "2.6.0a0+git1": {2, 6}, "2.6a0": {2, 6},
	} {
		if got, err := ParseVersion(text); got != want || err != nil {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"", "2", "2.", ".1", "two", "2.1 ", "v2.1", "2.1/3", "-1.2", "99999.1", "latest"} {
		if got, err := ParseVersion(text); err == nil {
			t.Errorf("%q is %v", text, got)
		}
	}
}

func TestVersionsInOrder(t *testing.T) {
	if !(Version{1, 13}).Less(Version{2, 0}) || !(Version{2, 9}).Less(Version{2, 10}) || (Version{2, 1}).Less(Version{2, 1}) {
		t.Error("versions compare wrong")
	}
	versions := known().versions
	for i, v := range versions[1:] {
		if !versions[i].Less(v) {
			t.Errorf("%v stands before %v", versions[i], v)
		}
	}
	if !Oldest().Known() || !Newest().Known() || (Version{1, 12}).Known() || (Version{99, 0}).Known() {
		t.Error("not known which versions are known")
	}
	if (Version{2, 1}).FileFormat() != 10 || (Version{1, 10}).FileFormat() != 0 {
		t.Error("wrong file formats")
	}
}

func TestOperators(t *testing.T) {
	for _, test := range []struct {
		name      string
		version   Version
		has, sure bool
	}{
		{"aten::add", Version{1, 13}, true, true},
		{"aten::add", Version{2, 15}, true, true},
		{"aten::add", Version{1, 4}, true, false}, // nobody looked
		{"aten::add", Version{9, 0}, true, false},
		{"aten::scaled_dot_product_attention", Version{1, 13}, false, true},
		{"aten::scaled_dot_product_attention", Version{1, 8}, false, true}, // what came later was not there before
		{"aten::scaled_dot_product_attention", Version{2, 0}, true, true},
		{"aten::scaled_dot_product_attention(scale)", Version{2, 0}, false, true},
		{"aten::scaled_dot_product_attention(scale)", Version{2, 1}, true, true},
		{"aten::scaled_dot_product_attention(enable_gqa)", Version{2, 4}, false, true},
		{"aten::rms_norm", Version{2, 3}, false, true},
		{"aten::rms_norm", Version{2, 4}, true, true},
		{"aten::qr", Version{2, 13}, true, true},
		{"aten::qr", Version{2, 14}, false, true},
		{"aten::qr", Version{9, 0}, true, false}, // it may come back
	} {
		life, ok := Operator(test.name)
		if !ok {
			t.Errorf("%s is not known", test.name)
			continue
		}
		if has, sure := life.Has(test.version); has != test.has || sure != test.sure {
			t.Errorf("%s in %v: %v, sure %v", test.name, test.version, has, sure)
		}
	}
	for _, name := range []string{"", "aten::", "add", "torchvision::nms", "aten::add(alpha)"} {
		if life, ok := Operator(name); ok {
			t.Errorf("%q has %v", name, life)
		}
	}
}

// ofPython are the namespaces and operators that PyTorch's Python packages add,
// of which the table knows nothing.
var ofPython = []string{
	"prims", "nvprims", "debugprims", "rngprims", "inductor", "prim::PythonOp", "prim::rpc_async", "prim::rpc_remote", "prim::rpc_sync", "aten::confirmed_by_owner",
	"aten::dist_backward", "aten::is_owner", "aten::local_value", "aten::owner", "aten::owner_name", "aten::to_here",
}

// Debian builds libtorch without oneDNN and MKL, and from 2.6 on with Vulkan.
var (
	ofWheels = []string{"prim::oneDNNFusionGroup", "prim::oneDNNFusionGuard", "mkl::_mkl_linear", "mkl::_mkl_reorder_linear_weight"}
	ofDebian = []string{"vulkan_prepack", "vulkan_quantized"}
)

// The table was made with PyPI's wheels; Debian's libtorch has the same operators,
// but for what it is built with.
func TestTheOperatorsOfAnInstalledPyTorch(t *testing.T) {
	out, err := exec.Command(testtools.Python(t), "-c", `import json, torch
names = sorted({s.name for s in torch._C._jit_get_all_schemas()})
print(json.dumps([torch.__version__, names]))`).Output()
	if err != nil {
		t.Fatal(err)
	}
	var said []json.RawMessage
	var version string
	var names []string
	if err := json.Unmarshal(out, &said); err != nil || json.Unmarshal(said[0], &version) != nil || json.Unmarshal(said[1], &names) != nil {
		t.Fatalf("%v: %.200s", err, out)
	}
	v, err := ParseVersion(version)
	if err != nil || !v.Known() || len(names) < 1500 {
		t.Fatalf("PyTorch %s with %d operators: %v", version, len(names), err)
	}
	for _, name := range names {
		if namespace, _, _ := strings.Cut(name, "::"); slices.Contains(ofDebian, namespace) || slices.Contains(ofPython, namespace) || slices.Contains(ofPython, name) {
			continue
		}
		life, ok := Operator(name)
		if has, _ := life.Has(v); !ok || !has {
			t.Errorf("PyTorch %s has %s, and the table says %v, %v", version, name, life, ok)
		}
	}
	for name, life := range known().operators {
		if has, _ := life.Has(v); has && !strings.Contains(name, "(") && !slices.Contains(names, name) && !slices.Contains(ofWheels, name) {
			t.Errorf("PyTorch %s lacks %s, and the table says %v", version, name, life)
		}
	}
}

func TestABrokenTableIsRefused(t *testing.T) {
	for _, text := range []string{
		"", "# nothing\n", "pytorch two 10\n", "pytorch 2.1 ten\n", "pytorch 2.1 10\naten::add 2.0- 2.1\n",
		"pytorch 2.1 10\naten::add two-\n", "pytorch 2.1 10\naten::add 2.1-two\n", "aten::add 2.0-\npytorch 2.1 10\n",
	} {
		if table, err := parse(text); err == nil {
			t.Errorf("%q: %v", text, table)
		}
	}
}
