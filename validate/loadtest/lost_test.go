package loadtest

import (
	"os"
	"strings"
	"testing"
	"time"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// OpenBLAS asks for memory again and again where it gets none: what hangs is
// then not the model.
func TestADeadlineNamesTheMemory(t *testing.T) {
	for _, given := range []struct {
		stage        protocol.Stage
		memory, data uint64
		words, never string
	}{
		{protocol.StageForward, 0, 1 << 30, "look for an endless loop in forward", "--memory"},
		{protocol.StageForward, 8 << 30, 1 << 30, "look for an endless loop in forward", "--memory"},
		{protocol.StageForward, 400 << 20, 300 << 20, "with 300 MiB of the 400 MiB of --memory in use", ""},
		{protocol.StageForward, 400 << 20, 300 << 20, "raise --memory: OpenBLAS waits without end", ""},
		{protocol.StageLoad, 0, 0, "libtorch reads the code and the weights", "endless loop"},
	} {
		run := &test{cfg: Config{ModelPath: "m.pt", Timeout: time.Minute, Memory: given.memory}, result: NotRun(), process: &process{}}
		run.result.Stage = given.stage
		run.process.data.Store(given.data)
		run.tookTooLong()
		said := run.findings[0].Message + run.findings[0].Hint
		if run.findings[0].Rule != rules.LoadTestTimeout || !strings.Contains(said, given.words) || given.never != "" && strings.Contains(said, given.never) {
			t.Errorf("%+v: %s", given, said)
		}
	}
}

func TestDataOf(t *testing.T) {
	if n := dataOf(os.Getpid()); n < 1<<20 || n > 1<<40 {
		t.Errorf("this process has %d bytes", n)
	}
	if n := dataOf(1 << 30); n != 0 {
		t.Errorf("no process has %d bytes", n)
	}
}
