package loadtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// nmsModel traces torchvision's nms, and prints where the library with its
// operators is.
const nmsModel = `
import glob, os, sys, torch, torchvision
class NMS(torch.nn.Module):
    def forward(self, boxes, scores):
        return torchvision.ops.nms(boxes, scores, 0.5)
torch.jit.trace(NMS(), (torch.ones(3, 4), torch.ones(3))).save(sys.argv[1])
print(torch.__version__)
print(glob.glob(os.path.join(os.path.dirname(torchvision.__file__), "_C*.so"))[0])
`

// The boxes are [0,1,2,3], [4,5,6,7] and [8,9,10,11].
var boxes = []string{"boxes:float32[3,4]=arange", "scores:float32[3]=ones"}

func torchvision(t *testing.T) (model, torch, library string) {
	t.Helper()
	model = filepath.Join(t.TempDir(), "nms.pt")
	python := exec.Command(testtools.Python(t), "-c", nmsModel, model)
	python.Stderr = os.Stderr
	said, err := python.Output()
	if err != nil {
		t.Fatalf("%v; scripts/setup test installs torchvision", err)
	}
	torch, library, _ = strings.Cut(strings.TrimSpace(string(said)), "\n")
	return model, torch, library
}

func TestAModelWithOperatorsOfALibrary(t *testing.T) {
	path, torch, library := torchvision(t)

	result, findings := loadTest(t, path, boxes)
	if len(findings) != 1 || findings[0].Rule != rules.OperatorMissing || result.Stage != protocol.StageLoad {
		t.Fatalf("without the library: stage %s, %v", result.Stage, findings)
	}
	said := findings[0].Message + "\n" + findings[0].Hint
	for _, words := range []string{"torchvision::nms of torchvision", "--library", "libtorchvision.so"} {
		if !strings.Contains(said, words) {
			t.Errorf("%s\nlacks %q", said, words)
		}
	}

	result, findings = loadTest(t, path, boxes, func(c *loadtest.Config) { c.Libraries = []string{library} })
	if minor(result.Libtorch) != minor(torch) {
		// The library brings another libtorch along, which cannot go well.
		if len(findings) != 1 || result.Stage != protocol.StageLoad || !strings.Contains(findings[0].Hint, "--library takes") {
			t.Errorf("with a library for libtorch %s: stage %s, %v", torch, result.Stage, findings)
		}
		return
	}
	if len(findings) != 0 || result.Stage != protocol.StageDone {
		t.Fatalf("with the library: stage %s, %v\n%s", result.Stage, findings, result.Error)
	}
	// No two of them overlap, so all are kept.
	zero, one, two := 0.0, 1.0, 2.0
	want := []protocol.Output{{Path: "output", DType: "int64", Shape: []int64{3}, Min: &zero, Max: &two, Mean: &one}}
	if diff := cmp.Diff(want, result.Outputs); diff != "" {
		t.Errorf("outputs (-want +worker):\n%s", diff)
	}
}

// minor is "1.13" of "1.13.1".
func minor(version string) string {
	parts := strings.SplitN(version, ".", 3)
	return strings.Join(parts[:2], ".")
}

func TestLibrariesThatCannotBeLoaded(t *testing.T) {
	text := filepath.Join(t.TempDir(), `a "library".so`)
	if err := os.WriteFile(text, []byte("no ELF file"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, words := range map[string]string{
		text:              "file too short",
		"/nonexistent.so": "cannot open shared object file",
	} {
		result, findings := loadTest(t, models("scripted"), []string{"float32[2,8]"}, func(c *loadtest.Config) { c.Libraries = []string{path} })
		if len(findings) != 1 || findings[0].Rule != rules.LibraryFailed || !strings.Contains(findings[0].Message, words) || result.Stage != protocol.StageLoad {
			t.Errorf("%s: stage %s, findings %v, want %q", path, result.Stage, findings, words)
		}
	}
}
