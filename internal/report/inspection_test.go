package report_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go-model-archiver/internal/report"
	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate"
)

// inspected returns what is told to people of a model.
func inspected(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	model, err := validate.InspectModel(bytes.NewReader(data), int64(len(data)), filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	if err := report.Inspection(&out, &validate.Inspection{Model: model}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(strings.Fields(out.String()), " ")
}

func TestInspectionSaysWhatAModelHolds(t *testing.T) {
	newer := func(name string) string {
		return filepath.Join(testtools.Root(), "validate", "torchscript", "testdata", "newer", name)
	}
	for path, want := range map[string][]string{
		newer("scripted-Packed.pt"):                     {"methods __getstate__() -> Tuple[Tensor, bool]", "__setstate__(state: Tuple[Tensor, bool]) -> NoneType"},
		newer("scripted-SharedStorage.pt"):              {"view float32[2,3] 24 B cpu in the storage of base", "3 buffers, 0 others: 48 B"},
		newer("scripted-Devices.pt"):                    {"in code cuda:1 meta", "mode saved in training mode"},
		newer("static-quantized.pt"):                    {"classes __torch__.torch.classes.quantized.Conv2dPackedParamsBase", "conv.10 qint8[2,1,1,1]"},
		newer("scripted-Defaults.pt"):                   {"file format 3, read by PyTorch 1.5 and later", "a: int = -3"},
		testtools.Testdata("notmodels", "mobile.ptl"):   {"a TorchScript model for PyTorch's lite interpreter", "22.9 % of the file, are debug records"},
		testtools.Testdata("notmodels", "compiled.pt2"): {"kind a model compiled by AOTInductor"},
	} {
		got := inspected(t, path)
		for _, w := range want {
			if !strings.Contains(got, w) {
				t.Errorf("%s: %q is missing in %q", filepath.Base(path), w, got)
			}
		}
	}
}
