//go:build libtorch

package main

import (
	"errors"
	"io"
	"time"

	"github.com/sugarme/gotch/libtch"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/validate/loadtest/protocol"
)

// session is the state between requests: the module, once loaded.
type session struct {
	module libtch.Cmodule
}

// answer carries a request out. What libtorch refuses is a Failure in the
// reply; an error means that the request itself cannot be understood.
func (s *session) answer(request protocol.Request, data io.Reader) (protocol.Reply, error) {
	switch {
	case request.Load != nil && s.module == nil:
		return s.load(*request.Load), nil
	case request.Forward != nil && s.module != nil:
		return s.forward(*request.Forward, data)
	}
	return protocol.Reply{}, errors.New("requests are one load, then any number of forwards")
}

func failure(stage protocol.Stage, err error) protocol.Reply {
	return protocol.Reply{Failure: &protocol.Failure{Stage: stage, Message: err.Error()}}
}

func (s *session) load(request protocol.Load) protocol.Reply {
	if request.Threads > 0 {
		shim.SetThreads(request.Threads)
	}
	libtch.AtGradSetEnabled(0)
	shim.SetProfiling(false)
	start := time.Now()
	module, err := shim.Load(request.Path)
	if err != nil {
		return failure(protocol.StageLoad, err)
	}
	libtch.AtmEval(module)
	if err := shim.Error(); err != nil {
		return failure(protocol.StageLoad, err)
	}
	loaded := protocol.Loaded{Seconds: time.Since(start).Seconds(), Arguments: []protocol.Argument{}}
	arguments, returns, ok, err := shim.Schema(module)
	if err != nil {
		return failure(protocol.StageLoad, err)
	}
	s.module = module
	loaded.Returns, loaded.NoForward = returns, !ok
	for _, a := range arguments {
		loaded.Arguments = append(loaded.Arguments, protocol.Argument(a))
	}
	return protocol.Reply{Loaded: &loaded}
}

func (s *session) forward(request protocol.Forward, data io.Reader) (protocol.Reply, error) {
	raw, err := readData(request.Inputs, data)
	if err != nil {
		return protocol.Reply{}, err
	}
	inputs, err := s.inputs(request.Inputs, raw)
	defer freeAll(inputs)
	if err != nil {
		return failure(protocol.StageShape, err), nil
	}
	start := time.Now()
	out, err := shim.Forward(s.module, inputs)
	seconds := time.Since(start).Seconds()
	if err != nil {
		return failure(protocol.StageForward, err), nil
	}
	r := reader{outputs: []protocol.Output{}}
	if err := r.value("output", out, 0); err != nil {
		return failure(protocol.StageOutput, err), nil
	}
	return protocol.Reply{Outcome: &protocol.Outcome{Seconds: seconds, Outputs: r.outputs}}, nil
}
