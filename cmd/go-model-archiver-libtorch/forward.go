//go:build libtorch

package main

import (
	"fmt"
	"io"
	"math"
	"os"
	"regexp"
	"strconv"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/validate/loadtest/protocol"
)

// forward answers a request to run forward.
func (s *session) forward(request protocol.Forward, data io.Reader, replies io.Writer) error {
	raw, err := readData(request.Inputs, data)
	if err != nil {
		return err
	}
	warmup, iterations := request.Warmup, max(request.Iterations, 1)
	if warmup < 0 || warmup > protocol.MaxCalls || iterations > protocol.MaxCalls {
		return fmt.Errorf("%d and %d calls are asked for, and at most %d are made", warmup, iterations, protocol.MaxCalls)
	}
	outcome, last, stage, err := s.calls(request, raw, warmup, iterations)
	if err != nil {
		return protocol.Write(replies, failure(stage, err))
	}
	defer last.free()
	if err := protocol.Write(replies, protocol.Reply{Outcome: outcome}); err != nil {
		return err
	}
	return last.writeData(replies)
}

// calls runs forward for warming up and for measuring, and returns the reader
// of the last call, which the caller frees.
func (s *session) calls(request protocol.Forward, raw []byte, warmup, iterations int) (*protocol.Outcome, *reader, protocol.Stage, error) {
	count := warmup + iterations
	// One call is faster where nothing is recorded for optimising later ones;
	// a server has it on.
	shim.SetProfiling(count > 1)
	outcome := &protocol.Outcome{Latencies: make([]float64, 0, iterations)}
	var changes changes
	for i := 0; ; i++ {
		r := &reader{last: i == count-1, digested: count > 1, values: request.Values, outputs: []protocol.Output{}}
		seconds, stage, err := s.call(request.Inputs, raw, r)
		if err != nil {
			r.free()
			return nil, nil, stage, err
		}
		if i == 0 {
			outcome.Seconds = seconds
		}
		if i >= warmup {
			outcome.Latencies = append(outcome.Latencies, math.Round(seconds*1e9)/1e9) // no digits that mean nothing
		}
		changes.compare(r.outputs, r.digests)
		if r.last {
			outcome.Outputs, outcome.Data = r.outputs, r.dtypes
			outcome.Unread, outcome.MoreUnread = r.unread, r.moreUnread
			outcome.Changing, outcome.MoreChanging = changes.paths, changes.more
			outcome.PeakMemory = peakMemory()
			return outcome, r, protocol.StageDone, nil
		}
	}
}

// call runs forward once. The inputs are made anew, because a model may write
// into them.
func (s *session) call(values []protocol.Value, raw []byte, r *reader) (seconds float64, stage protocol.Stage, err error) {
	inputs, err := s.inputs(values, raw)
	defer freeAll(inputs)
	if err != nil {
		return 0, protocol.StageShape, err
	}
	out, seconds, err := shim.Forward(s.module, inputs)
	if err != nil {
		return 0, protocol.StageForward, err
	}
	r.value("output", out, 0)
	return seconds, protocol.StageOutput, nil
}

// changes finds out which outputs are not the same in every call.
type changes struct {
	first map[string]uint64 // of the first call, digests by path
	known map[string]bool   // the paths that are found out
	paths []string          // the first of them
	more  int
}

func (c *changes) compare(outputs []protocol.Output, digests []uint64) {
	if digests == nil {
		return
	}
	now := map[string]uint64{}
	for i, o := range outputs {
		now[o.Path] = now[o.Path]*31 + digests[i] // long keys of a dict share a path
	}
	if c.first == nil {
		c.first, c.known = now, map[string]bool{}
		return
	}
	for _, o := range outputs {
		if before, there := c.first[o.Path]; !there || before != now[o.Path] {
			c.add(o.Path)
		}
	}
	for path := range c.first {
		if _, there := now[path]; !there {
			c.add(path)
		}
	}
}

func (c *changes) add(path string) {
	switch {
	case c.known[path]:
		return
	case len(c.paths) < protocol.MaxNamed:
		c.paths = append(c.paths, path)
	default:
		c.more++
	}
	c.known[path] = true
}

var highWater = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// peakMemory is the most that this process had resident, in bytes; 0 where the
// kernel does not tell.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	m := highWater.FindSubmatch(status)
	if m == nil {
		return 0
	}
	kib, _ := strconv.ParseInt(string(m[1]), 10, 64)
	return kib << 10
}
