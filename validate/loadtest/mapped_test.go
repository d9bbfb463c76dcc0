package loadtest_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
)

// largeRecords makes a model whose weights the worker maps into memory: several
// of one size, one of which shares its storage, one that forward overwrites, and
// one of an odd size.
const largeRecords = `
import sys, torch
class M(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.c = torch.nn.Parameter(torch.full((256, 128), 3.0))
        self.a = torch.nn.Parameter(torch.full((256, 128), 1.0))
        self.register_buffer("view", self.a.detach()[:128])
        self.register_buffer("scratch", torch.full((256, 128), 7.0))
        self.register_buffer("bytes", torch.arange(70001).to(torch.uint8))
    def forward(self, x):
        self.scratch.mul_(2)
        return self.a.sum() + x, self.c.mean(), self.view.mean(), self.scratch.mean(), self.bytes[-1], torch.add(x, K).mean()
K = torch.full((256, 128), 11.0)
with torch.no_grad():
    torch.jit.trace(M(), torch.zeros(1), check_trace=False).save(sys.argv[1])
`

func TestLargeRecordsAreMappedAndNeverWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.pt")
	if said, err := exec.Command(testtools.Python(t), "-c", largeRecords, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	model, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// An archive may have stored the model at any offset; at some the records
	// have no alignment and must be read.
	for _, around := range []int{0, 64, 4096, 77} {
		t.Run(fmt.Sprint(around), func(t *testing.T) {
			t.Parallel()
			before := slices.Concat(bytes.Repeat([]byte("PK"), around)[:around], model, make([]byte, around))
			path := filepath.Join(t.TempDir(), "large.pt")
			if err := os.WriteFile(path, before, 0o600); err != nil {
				t.Fatal(err)
			}
			result, findings := loadTest(t, path, []string{"float32[1]=zeros"}, func(c *loadtest.Config) {
				c.ModelOffset, c.ModelSize = int64(around), int64(len(model))
			})
			if len(findings) != 0 || result.Stage != protocol.StageDone {
				t.Fatalf("stage %s, findings %v\n%s", result.Stage, findings, result.Error)
			}
			var means []float64
			for _, o := range result.Outputs {
				means = append(means, *o.Mean)
			}
			// Tracing ran forward once, so scratch was 14 when it was saved.
			if diff := cmp.Diff([]float64{32768, 3, 1, 28, 70000 % 256, 11}, means); diff != "" {
				t.Errorf("outputs (-want +worker):\n%s", diff)
			}
			after, err := os.ReadFile(path)
			if err != nil || !bytes.Equal(before, after) {
				t.Errorf("forward changed the file (%v)", err)
			}
		})
	}
}
