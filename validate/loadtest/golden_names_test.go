package loadtest

import (
	"testing"
	"time"

	"go-model-archiver/validate/loadtest/protocol"
)

func TestArrayNamesOfManyOutputs(t *testing.T) {
	outputs := make([]protocol.Output, protocol.MaxOutputs)
	for i := range outputs {
		outputs[i].Path = "output[…]"
	}
	started := time.Now()
	names := arrayNames(outputs)
	if took := time.Since(started); took > time.Second {
		t.Errorf("it took %s", took)
	}
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	if len(seen) != len(outputs) || names[1] != "output[…] (2)" || names[2] != "output[…] (3)" {
		t.Errorf("%d names of %d outputs, %q", len(seen), len(outputs), names[:3])
	}
}
