package torchscript

import (
	"os/exec"
	"testing"

	"go-model-archiver/internal/testtools"
)

// runPython runs a script with the Python that has PyTorch.
func runPython(t testing.TB, args ...string) {
	t.Helper()
	cmd := exec.Command(testtools.Python(t), args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
}
