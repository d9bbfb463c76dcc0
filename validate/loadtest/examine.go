package loadtest

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// Examination is what a worker said of itself, and how its self-test went.
type Examination struct {
	// Libtorch is the version, or empty when the worker did not answer.
	Libtorch string `json:"libtorch"`
	// Description is nil when the worker did not come so far.
	Description *protocol.Described `json:"description"`
	// Seconds is how long it took from starting the worker to the end of the
	// self-test, which loads a small model, runs it and looks at the numbers.
	Seconds float64 `json:"seconds"`
	// Problem says why load tests cannot use the worker, or is empty.
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// selfTest is made by scripts/make-testdata.py: forward multiplies x float32[2,3]
// by the matrix (1 2, 3 4, 5 6).
//
//go:embed selftest.pt
var selfTest []byte

const (
	selfTestName   = "the self-test's model"
	selfTestSample = "x:float32[2,3]=arange"
)

// Of (0 1 2, 3 4 5) by that matrix, (13 16, 40 52).
var selfTestOutput = struct{ min, max, mean float64 }{13, 52, 30.25}

// Examine starts the worker at path, asks what its libtorch is, and lets it load
// and run a small model. timeout bounds each of these steps.
func Examine(ctx context.Context, path string, timeout time.Duration) Examination {
	var e Examination
	model, err := selfTestFile()
	if err != nil {
		e.Problem = err.Error()
		return e
	}
	defer model.Close()
	started := time.Now()
	t := &test{cfg: Config{Model: model, ModelPath: selfTestName, Sample: selfTestInput, Timeout: timeout}, ctx: ctx, worker: path, result: NotRun()}
	t.result.Stage = protocol.StageOpen
	t.process, err = launch(ctx, path, model, limits{threads: 1, stage: timeout})
	if err != nil {
		e.Problem, e.Hint = fmt.Sprintf("the worker %q cannot be started: %s", path, err), rebuildHint
		return e
	}
	defer t.process.close()
	e.Description = t.describe()
	if e.Description != nil && t.selfTest() {
		e.Seconds = time.Since(started).Seconds()
	}
	e.Libtorch = t.result.Libtorch
	if len(t.findings) > 0 {
		e.Problem, e.Hint = t.findings[0].Message, t.findings[0].Hint
	}
	return e
}

// selfTestFile is a file in memory, which a worker can open as it does a model.
func selfTestFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("selftest.pt", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make a file in memory: %w", err)
	}
	f := os.NewFile(uintptr(fd), "selftest.pt")
	if _, err := f.Write(selfTest); err != nil {
		return nil, errors.Join(fmt.Errorf("write a file in memory: %w", err), f.Close())
	}
	return f, nil
}

func selfTestInput(arguments []protocol.Argument) (*sample.Sample, error) {
	spec, err := sample.Parse(selfTestSample)
	if err != nil {
		return nil, err
	}
	return sample.Build([]sample.Spec{spec}, arguments, sample.Settings{}, 0)
}

func (t *test) describe() *protocol.Described {
	defer t.process.within(t.cfg.Timeout)()
	if !t.greet() {
		return nil
	}
	reply, ok := t.ask(protocol.Request{Describe: &protocol.Describe{}}, nil)
	if !ok || !t.passed(reply) {
		return nil
	}
	if reply.Described == nil {
		t.lost(protocol.ErrMalformed)
		return nil
	}
	d := reply.Described
	d.ABI, d.BLAS, d.Config = clean(d.ABI, 40), clean(d.BLAS, 1000), clip(d.Config, keptStderr)
	for i := range d.Devices {
		d.Devices[i] = clean(d.Devices[i], 200)
	}
	return d
}

// selfTest is a load test whose numbers are known.
func (t *test) selfTest() bool {
	arguments, ok := t.loadInTime()
	if !ok || !t.fit(arguments) || !t.forward() {
		return false
	}
	want := selfTestOutput
	for _, o := range t.result.Outputs {
		if o.Min != nil && o.Max != nil && o.Mean != nil && *o.Min == want.min && *o.Max == want.max && *o.Mean == want.mean {
			return true
		}
	}
	t.fail(rules.WorkerFailed, fmt.Sprintf("the worker %q computes wrong numbers: it says %s of a product whose minimum is 13, maximum 52 and mean 30.25",
		t.worker, describeOutputs(t.result.Outputs)), "install its libtorch and the BLAS library again, and build the worker again")
	return false
}

func (t *test) loadInTime() ([]protocol.Argument, bool) {
	defer t.process.within(t.cfg.Timeout)()
	return t.load()
}

func describeOutputs(outputs []protocol.Output) string {
	for _, o := range outputs {
		if o.Min != nil && o.Max != nil && o.Mean != nil {
			return fmt.Sprintf("minimum %g, maximum %g, mean %g", *o.Min, *o.Max, *o.Mean)
		}
	}
	return "nothing"
}

// LandlockABI is the version of the kernel's Landlock, which keeps a worker from
// writing files (from 1 on), opening TCP connections (4) and signalling other
// processes (6); 0 where the kernel has none or it is switched off.
func LandlockABI() int {
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(abi)
}
