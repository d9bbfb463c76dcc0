package loadtest

import (
	"fmt"
	"slices"
	"syscall"
	"time"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// Probe says what is known about the shapes that are worth trying.
type Probe struct {
	// Batch is the size of a batch that the settings ask for, 0 or 1 for none,
	// and BatchSource says where it stands: `batchSize in "model-config.yaml"`.
	Batch       int64
	BatchSource string
	// Positions is how many tokens the model has positions for, and Vocabulary
	// how many it knows; 0 is unknown.
	Positions, Vocabulary int64
	// Quantized says that the model rounds to steps that depend on all of an
	// input: then its padding changes the outputs a little.
	Quantized bool
}

// Shapes says which dimensions of the inputs may have other sizes than in the
// sample, as far as a few sizes tell that were tried.
type Shapes struct {
	// LeftOut says why nothing was tried, or not all, or is empty.
	LeftOut string       `json:"leftOut,omitempty"`
	Inputs  []InputShape `json:"inputs"`
}

// InputShape is one tensor of the sample.
type InputShape struct {
	Name       string      `json:"name"`
	Dimensions []Dimension `json:"dimensions"`
}

// Dimension is one dimension of an input.
type Dimension struct {
	// Name is batch, length, channels, height or width, or "dimension 2".
	Name  string         `json:"name"`
	Size  int64          `json:"size"` // in the sample
	State DimensionState `json:"state"`
	// AtMost is the largest size that the model has positions for; 0 is unknown.
	AtMost int64 `json:"atMost,omitempty"`
	// Ran and Failed are the other sizes that were tried.
	Ran    []int64 `json:"ran"`
	Failed []int64 `json:"failed"`
}

// DimensionState says what is known of a dimension.
type DimensionState string

// Every other size that was tried ran, some did, none did, and none was tried
// or none told.
const (
	Free    DimensionState = "free"
	Partly  DimensionState = "partly"
	Fixed   DimensionState = "fixed"
	Unknown DimensionState = "unknown"
)

const (
	// probeShare is the part of the deadline that forward may take so that other
	// shapes are tried, and probeBudget the part that all of these may take.
	probeShare  = 20
	probeBudget = 4
	// unboundedBudget is for a load test without a deadline.
	unboundedBudget = time.Minute
)

// prober tries other shapes, after the load test has all that it needs:
// whatever happens to the worker then is no finding.
type prober struct {
	*test
	until time.Time
	base  []baseInput
	short *sizing // a short text that ran: what else is tried is cheaper on it
	lost  string  // why the worker is gone
	// scarce says that memory was short for a try, which then tells nothing.
	scarce bool
}

// probe tries other shapes than the sample's.
func (t *test) probe() {
	if t.cfg.Probe == nil {
		return
	}
	t.result.Shapes = &Shapes{Inputs: []InputShape{}}
	budget := t.cfg.Timeout / probeBudget
	if t.cfg.Timeout == 0 {
		budget = unboundedBudget
	}
	p := &prober{test: t, until: time.Now().Add(budget)}
	if took := time.Duration(t.result.ForwardSeconds * float64(time.Second)); t.cfg.Timeout > 0 && took > t.cfg.Timeout/probeShare {
		t.result.Shapes.LeftOut = fmt.Sprintf("forward took %s, more than a twentieth of --timeout", took.Round(time.Millisecond))
		return
	}
	var reason string
	if p.base, reason = baseInputs(t.sample); reason != "" {
		t.result.Shapes.LeftOut = reason
		return
	}
	axes, reason := p.axes()
	if reason != "" {
		t.result.Shapes.LeftOut = reason
		return
	}
	for _, a := range axes {
		p.try(a)
	}
	t.result.Shapes.LeftOut = p.lost
	if p.lost == "" && p.scarce {
		t.result.Shapes.LeftOut = "a shape needed more memory than the worker may have"
	}
	p.describe(axes)
}

// try runs forward at the sizes of an axis, one after the other.
func (p *prober) try(a *axis) {
	for i, sizes := range a.tries {
		if a.enough(i) {
			continue
		}
		change := p.resized(p.short, &sizing{a, sizes})
		compare := p.comparison(a, sizes[0])
		var kept *capture
		if compare != nil {
			kept = &capture{}
		}
		switch p.forward(change, kept) {
		case ran:
			a.ran = append(a.ran, i)
			if compare != nil {
				compare(a, sizes[0], change, kept)
			}
			if a.name == lengthName && sizes[0] < a.places[0].size && p.short == nil {
				p.short = &sizing{a, sizes}
			}
		case failed:
			a.failed = append(a.failed, i)
			if a.name == batchName {
				p.batchFails(a, sizes[0])
			}
		}
	}
}

// comparison is what the outputs at a size of an axis are for, or nil.
func (p *prober) comparison(a *axis, size int64) func(a *axis, size int64, c change, kept *capture) {
	switch {
	case a.name != lengthName || p.cfg.Probe.Quantized:
		return nil
	case size < a.places[0].size && p.maskAt(a) >= 0:
		return p.comparePadded
	case size > a.places[0].size && len(p.idsAt(a)) > 0:
		return p.compareTail
	}
	return nil
}

// batchFails warns where the settings ask for a batch of that size.
func (p *prober) batchFails(a *axis, size int64) {
	if size != p.cfg.Probe.Batch || size <= 1 {
		return
	}
	p.fail(rules.BatchFails, fmt.Sprintf("forward of %q runs on a batch of %d and fails on one of %d, %s",
		p.cfg.ModelPath, a.places[0].size, size, p.cfg.Probe.BatchSource),
		"trace the model so that the batch is no constant, on a sample of more than one row; or set the batch size to the one that runs")
}

// outcome is what a try told.
type outcome int

const (
	untold outcome = iota
	ran
	failed
)

// forward runs forward on the changed inputs. kept, which may be nil, gets the
// outputs' values.
func (p *prober) forward(change change, kept *capture) outcome {
	left := time.Until(p.until)
	if p.lost == "" && left <= 0 {
		p.lost = "the time for trying other shapes was up"
	}
	if p.lost != "" || change.size() > maxProbeData {
		return untold
	}
	defer p.process.within(left)()
	request := protocol.Forward{Inputs: change.values(p.sample), Values: kept != nil}
	if err := p.process.send(protocol.Request{Forward: &request}, change.writeTo); err != nil {
		return p.gone()
	}
	var reply protocol.Reply
	if err := p.process.receive(&reply); err != nil {
		return p.gone()
	}
	switch {
	case reply.Failure != nil && outOfMemory.MatchString(withoutFrames(reply.Failure.Message)):
		p.scarce = true
		return untold
	case reply.Failure != nil:
		return failed
	case reply.Outcome == nil:
		return p.gone()
	}
	if kept != nil {
		if err := p.takeOutcome(reply.Outcome, kept.take); err != nil {
			return p.gone()
		}
	}
	return ran
}

// gone tells a crash, which says that the shape does not run, from a worker
// that was ended for the time or the memory it took.
func (p *prober) gone() outcome {
	p.lost = "the worker ended while it tried another shape"
	select {
	case <-p.process.exited:
	case <-time.After(deathGrace):
		return untold
	}
	if p.process.expired.Load() || p.ctx.Err() != nil {
		p.lost = "the time for trying other shapes was up"
		return untold
	}
	// Short of memory, libraries crash too, and the kernel kills.
	status, _ := p.process.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if p.cfg.Memory > 0 || status.Signal() == syscall.SIGKILL || outOfMemory.MatchString(p.process.stderr.String()) {
		return untold
	}
	return failed
}

// describe writes down what the axes tell about each input.
func (p *prober) describe(axes []*axis) {
	for i, in := range p.base {
		if in.value.Kind != protocol.Tensor || len(in.value.Shape) == 0 {
			continue
		}
		shape := InputShape{Name: p.sample.Inputs[i].Name}
		for d := range in.value.Shape {
			shape.Dimensions = append(shape.Dimensions, p.dimension(axes, i, d))
		}
		p.result.Shapes.Inputs = append(p.result.Shapes.Inputs, shape)
	}
}

func (p *prober) dimension(axes []*axis, input, dim int) Dimension {
	d := Dimension{
		Name: fmt.Sprintf("dimension %d", dim), Size: p.base[input].value.Shape[dim],
		State: Unknown, Ran: []int64{}, Failed: []int64{},
	}
	for _, a := range axes {
		at := slices.IndexFunc(a.places, func(at place) bool { return at.input == input && at.dim == dim })
		if at < 0 {
			continue
		}
		d.Name, d.AtMost = a.places[at].name, a.atMost
		for _, i := range a.ran {
			d.Ran = append(d.Ran, a.tries[i][at])
		}
		for _, i := range a.failed {
			d.Failed = append(d.Failed, a.tries[i][at])
		}
	}
	switch {
	case len(d.Ran) > 0 && len(d.Failed) > 0:
		d.State = Partly
	case len(d.Ran) > 0:
		d.State = Free
	case len(d.Failed) > 0:
		d.State = Fixed
	}
	return d
}
