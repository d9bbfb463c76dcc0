package loadtest

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// valuesOf takes the raw bytes of outputs[i], little-endian and in C order. What
// it does not read is passed over; bytes that are missing are a lost worker.
type valuesOf func(outputs []protocol.Output, i int, data io.Reader)

// forward is the stage in which forward runs as often as was asked for.
func (t *test) forward() bool {
	t.result.Stage = protocol.StageForward
	reply, ok := t.runForward(t.sample, protocol.Forward{Warmup: t.cfg.Warmup, Iterations: t.cfg.Iterations}, t.values)
	if !ok || !t.passed(reply) {
		return false
	}
	outcome := reply.Outcome
	t.result.ForwardSeconds, t.result.PeakMemory = outcome.Seconds, outcome.PeakMemory
	t.result.Latency = latency(t.cfg.Warmup, outcome.Latencies)
	t.result.Outputs = append(t.result.Outputs, outcome.Outputs...)
	t.noteChanges(outcome)
	t.noteUnread(outcome)
	return true
}

// runForward runs forward on s under a deadline of its own. The reply is a
// Failure or an Outcome, also for a sample other than the user's; false means
// that the worker is lost, and a finding says how. With values, the data of each
// output are asked for and given to it.
func (t *test) runForward(s *sample.Sample, request protocol.Forward, values valuesOf) (protocol.Reply, bool) {
	defer t.process.within(t.cfg.Timeout)()
	t.running = s
	request.Inputs, request.Values = []protocol.Value{}, values != nil
	for _, in := range s.Inputs {
		request.Inputs = append(request.Inputs, in.Value)
	}
	reply, ok := t.ask(protocol.Request{Forward: &request}, s.WriteData)
	if !ok || reply.Failure != nil {
		return reply, ok
	}
	if reply.Outcome == nil {
		return reply, t.lost(protocol.ErrMalformed)
	}
	t.partly = len(reply.Outcome.Unread) > 0
	if err := t.takeOutcome(reply.Outcome, values); err != nil {
		return reply, t.lost(err)
	}
	return reply, true
}

// takeOutcome reads what follows the reply. A model that took the worker over
// must not reach the terminal.
func (t *test) takeOutcome(outcome *protocol.Outcome, values valuesOf) error {
	if values != nil && len(outcome.Data) != len(outcome.Outputs) {
		return fmt.Errorf("%w: %d outputs and data for %d", protocol.ErrMalformed, len(outcome.Outputs), len(outcome.Data))
	}
	names := 0
	for i := range outcome.Outputs {
		o := &outcome.Outputs[i]
		if names += o.NameSize(); names > protocol.MaxNames {
			return fmt.Errorf("%w: names of more than %d bytes", protocol.ErrMalformed, protocol.MaxNames)
		}
		o.Path, o.DType = clean(o.Path, 1000), clean(o.DType, 40)
		if o.Shape == nil {
			o.Shape = []int64{}
		}
		if values != nil {
			o.Data = outcome.Data[i]
		}
	}
	if values == nil {
		return nil
	}
	return t.takeValues(outcome.Outputs, values)
}

// takeValues reads what follows the reply.
func (t *test) takeValues(outputs []protocol.Output, values valuesOf) error {
	for i, o := range outputs {
		if o.Data == "" {
			continue
		}
		size, err := o.DataSize()
		if err != nil {
			return fmt.Errorf("%w: %w", protocol.ErrMalformed, err)
		}
		data := &io.LimitedReader{R: t.process.reader, N: size}
		values(outputs, i, data)
		if _, err := io.CopyN(io.Discard, data, data.N); err != nil {
			return err
		}
	}
	return nil
}

// ask sends a request and receives its reply, which may be a Failure.
func (t *test) ask(request protocol.Request, data func(io.Writer) error) (protocol.Reply, bool) {
	var reply protocol.Reply
	err := t.process.send(request, data)
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		t.result.Stage = protocol.StageShape
		t.fail(rules.SampleMismatch, err.Error(), "make the file of --sample anew")
		return reply, false
	}
	// Also when the pipe broke: the worker may have said why.
	if err := t.process.receive(&reply); err != nil {
		return reply, t.lost(err)
	}
	return reply, true
}

// maxMessage is more than an honest worker sends; many patterns are looked for.
const maxMessage = 512 << 10

// passed turns a Failure into a finding, and says whether there was none.
func (t *test) passed(reply protocol.Reply) bool {
	f := reply.Failure
	if f == nil {
		return true
	}
	t.result.Stage = stageOf(*f, t.result.Stage)
	t.result.Error = clip(f.Message, keptStderr)
	f.Message = clip(f.Message, maxMessage)
	t.findings = append(t.findings, t.explain(*f))
	return false
}

// stageOf is the stage that a failure names, unless the worker made it up.
func stageOf(f protocol.Failure, now protocol.Stage) protocol.Stage {
	switch f.Stage {
	case protocol.StageLoad, protocol.StageShape, protocol.StageForward, protocol.StageOutput:
		return f.Stage
	}
	return now
}

// noteChanges tells which outputs were not the same in every call.
func (t *test) noteChanges(o *protocol.Outcome) {
	if len(o.Changing) == 0 {
		return
	}
	calls := t.cfg.Warmup + max(t.cfg.Iterations, 1)
	t.fail(rules.OutputChanges, fmt.Sprintf("%s of %q changed between %d calls on the same sample",
		strings.Join(firstOf(o.Changing, o.MoreChanging, 100), ", "), t.cfg.ModelPath, calls),
		"that is right for sampling, dropout and state that a model keeps, and wrong elsewhere")
}

// noteUnread tells what of forward's result was not looked at.
func (t *test) noteUnread(o *protocol.Outcome) {
	if len(o.Unread) == 0 {
		return
	}
	reasons := make([]string, len(o.Unread))
	for i, reason := range o.Unread {
		reasons[i] = firstLine(reason)
	}
	t.fail(rules.OutputUnread, fmt.Sprintf("not all that forward of %q gives was looked at: %s",
		t.cfg.ModelPath, strings.Join(firstOf(reasons, o.MoreUnread, maxQuote), "; ")), "")
}

// firstOf cleans the first of what the worker names, and counts the others.
func firstOf(texts []string, more, limit int) []string {
	var named []string
	for _, text := range texts[:min(len(texts), protocol.MaxNamed)] {
		named = append(named, clean(text, limit))
	}
	if more = max(more, 0) + len(texts) - len(named); more > 0 {
		named = append(named, fmt.Sprintf("and %d more", more))
	}
	return named
}
