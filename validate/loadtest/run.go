package loadtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// Config says what to load-test and how.
type Config struct {
	// Worker is the worker's path, or empty to look for it as FindWorker does.
	Worker string
	// Model is, or holds, the TorchScript file. The worker inherits the descriptor and
	// opens the file behind it again, so its offset is not moved.
	Model *os.File
	// ModelOffset and ModelSize say which bytes of Model are the TorchScript
	// file. A ModelSize of 0 reaches to the end.
	ModelOffset, ModelSize int64
	// ModelPath names the model in findings.
	ModelPath string
	// Sample makes the sample for forward's arguments. A *sample.NoneError is a
	// warning, and forward is not run; any other error is a
	// sample that does not fit.
	Sample func([]protocol.Argument) (*sample.Sample, error)
	// Timeout bounds each stage: starting the worker and loading the model;
	// forward with all its iterations; each further forward. 0 means no bound.
	Timeout time.Duration
	// Threads is the number of threads inside an operator; 0 means
	// DefaultThreads.
	Threads int
	// Memory bounds the bytes of data that the worker may have; 0 means no
	// bound.
	Memory uint64
	// Device is where the model runs: "cpu", "cuda" or "cuda:1"; empty is cpu.
	Device string
	// Libraries are absolute paths of libraries that are loaded before the
	// model, for the custom operators they register.
	Libraries []string
	// Warmup and Iterations are how often forward runs unmeasured, and then
	// measured; Iterations of 0 is 1. At most protocol.MaxCalls each.
	Warmup, Iterations int
	// Expect is what forward should give, or nil.
	Expect *Expected
	// SaveOutputs is a .npz file that what forward gave is saved in, or empty.
	SaveOutputs string
	// Ignore are the rules whose errors do not keep SaveOutputs from replacing an
	// older file; "*" is all.
	Ignore []string
	// Probe asks for trying other shapes than the sample's, or is nil.
	Probe *Probe
}

// DefaultThreads is one thread for each core that this process may use, and at
// most 4: for one call of forward, more gain little.
func DefaultThreads() int { return min(runtime.GOMAXPROCS(0), 4) }

func (cfg *Config) threads() int {
	if cfg.Threads > 0 {
		return cfg.Threads
	}
	return DefaultThreads()
}

// Run load-tests a model. What is wrong, with the model or with the worker, is
// in the findings; none means that all went well. When ctx is cancelled, one of
// them says so.
func Run(ctx context.Context, cfg Config) (*Result, []rules.Finding) {
	t := &test{cfg: cfg, result: NotRun()}
	worker, err := FindWorker(cfg.Worker)
	if err != nil {
		return t.result, []rules.Finding{noWorker(cfg.ModelPath, err)}
	}
	t.ctx, t.worker = ctx, worker
	t.result.Stage = protocol.StageOpen
	p, err := launch(ctx, worker, cfg.Model, limits{
		threads: cfg.threads(), memory: cfg.Memory, stage: cfg.Timeout, cuda: isCUDA(cfg.Device),
	})
	if err != nil {
		t.fail(rules.WorkerFailed, fmt.Sprintf("the worker %q cannot be started: %s", worker, err), rebuildHint)
		return t.result, t.findings
	}
	defer p.close()
	t.process = p
	t.run()
	return t.result, t.findings
}

// test is one load test under way. Its steps return false when they added a
// finding that ends it.
type test struct {
	cfg      Config
	ctx      context.Context
	worker   string
	process  *process
	sample   *sample.Sample // the user's
	running  *sample.Sample // what forward was last run on
	values   valuesOf       // of the user's sample; nil asks for none
	partly   bool           // not all of forward's result was read
	result   *Result
	findings []rules.Finding
}

func (t *test) fail(rule, message, hint string) {
	t.findings = append(t.findings, rules.New(rule, t.cfg.ModelPath, message, hint))
}

func (t *test) run() {
	taker := t.newTaker()
	defer taker.abort()
	arguments, ok := t.open()
	if !ok || !t.fit(arguments) || !t.forward() {
		taker.unused()
		return
	}
	t.judge()
	taker.finish()
	t.result.Stage = protocol.StageDone
	t.probe()
}

// open is the stage in which the worker starts and loads the model.
func (t *test) open() ([]protocol.Argument, bool) {
	defer t.process.within(t.cfg.Timeout)()
	if !t.greet() {
		return nil, false
	}
	if Misnamed(t.worker, t.result.Libtorch) {
		t.fail(rules.WorkerMisnamed, fmt.Sprintf("the worker %q runs with libtorch %s, and its name says %s",
			t.worker, t.result.Libtorch, VersionOfName(t.worker)), rebuildHint)
	}
	return t.load()
}

func (t *test) greet() bool {
	var hello protocol.Hello
	if err := t.process.receive(&hello); err != nil {
		return t.lost(err)
	}
	if hello.Protocol != protocol.Version {
		t.fail(rules.WorkerMismatch, fmt.Sprintf("the worker %q speaks version %d of the protocol, and this program version %d",
			t.worker, hello.Protocol, protocol.Version), rebuildHint)
		return false
	}
	t.result.Libtorch = clean(hello.Libtorch, 40)
	return true
}

func (t *test) load() ([]protocol.Argument, bool) {
	t.result.Stage = protocol.StageLoad
	request := protocol.Load{
		Path: modelPath, Offset: t.cfg.ModelOffset, Size: t.cfg.ModelSize,
		Threads: t.cfg.threads(), Device: t.cfg.Device, Libraries: t.cfg.Libraries,
	}
	reply, ok := t.ask(protocol.Request{Load: &request}, nil)
	if !ok || !t.passed(reply) {
		return nil, false
	}
	if reply.Loaded == nil {
		return nil, t.lost(protocol.ErrMalformed)
	}
	t.result.LoadSeconds = reply.Loaded.Seconds
	if reply.Loaded.NoForward {
		t.fail(rules.NoForward, fmt.Sprintf("%q has no method forward; it was loaded and not run", t.cfg.ModelPath),
			"test the method that the handler calls in Python, or save a module with forward")
		return nil, false
	}
	return reply.Loaded.Arguments, true
}

// fit makes the sample for forward's arguments.
func (t *test) fit(arguments []protocol.Argument) bool {
	s, err := t.cfg.Sample(arguments)
	if none, ok := errors.AsType[*sample.NoneError](err); ok {
		t.fail(rules.NoSample, none.Message, none.Hint)
		return false
	}
	t.result.Stage = protocol.StageShape
	if err != nil {
		t.fail(rules.SampleMismatch, err.Error(), fallbackHints[rules.SampleMismatch])
		return false
	}
	t.sample = s
	for _, in := range s.Inputs {
		t.result.Inputs = append(t.result.Inputs, input(in))
	}
	return true
}

func input(in sample.Input) Input {
	out := Input{Name: in.Name, DType: string(in.Value.Kind), Shape: []int64{}, Sample: in.Spec, Source: in.Source}
	if in.Value.Kind == protocol.Tensor {
		out.DType = in.Value.DType
		out.Shape = append(out.Shape, in.Value.Shape...)
	}
	return out
}

// judge looks at the numbers that came out.
func (t *test) judge() {
	t.result.Stage = protocol.StageOutput
	for _, o := range t.result.Outputs {
		if o.NaN > 0 {
			t.fail(rules.OutputNaN, fmt.Sprintf("%s of %q holds %s", o.Path, t.cfg.ModelPath, count(o.NaN, "NaN", o.Shape)),
				"a model in training mode, damaged weights or a sample that the model was not made for can cause it; try another --sample")
		}
		switch {
		case o.Inf > o.NegInf:
			t.fail(rules.OutputInf, fmt.Sprintf("%s of %q holds %s", o.Path, t.cfg.ModelPath, count(o.Inf, "infinite", o.Shape)),
				"a division by zero, or numbers beyond what the dtype holds, can cause it; try another --sample")
		case o.NegInf > 0:
			t.fail(rules.OutputNegInf, fmt.Sprintf("%s of %q holds %s", o.Path, t.cfg.ModelPath, count(o.NegInf, "-Inf", o.Shape)),
				"that is right for masked scores and log-probabilities, and wrong elsewhere")
		}
	}
}

// count writes "3 infinite values of 10".
func count(n int64, what string, shape []int64) string {
	total := int64(1)
	for _, d := range shape {
		total *= d
	}
	noun := "values"
	if n == 1 {
		noun = "value"
	}
	return strconv.FormatInt(n, 10) + " " + what + " " + noun + " of " + strconv.FormatInt(total, 10)
}
