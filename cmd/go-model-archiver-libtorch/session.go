//go:build libtorch

package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/sugarme/gotch/libtch"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/validate/loadtest/protocol"
)

// session is the state between requests: the module, once loaded.
type session struct {
	module libtch.Cmodule
	device string // where the module and its inputs are; empty is the CPU
}

// answer carries a request out and writes its reply. What libtorch refuses is
// a Failure in the reply; an error means that the request itself cannot be
// understood, or that nobody takes the reply.
func (s *session) answer(request protocol.Request, data io.Reader, replies io.Writer) error {
	switch {
	case request.Describe != nil:
		return protocol.Write(replies, describe())
	case request.Load != nil && s.module == nil:
		return protocol.Write(replies, s.load(*request.Load))
	case request.Forward != nil && s.module != nil:
		return s.forward(*request.Forward, data, replies)
	}
	return errors.New("requests are one load, then any number of forwards")
}

func failure(stage protocol.Stage, err error) protocol.Reply {
	return protocol.Reply{Failure: &protocol.Failure{Stage: stage, Message: err.Error()}}
}

func (s *session) load(request protocol.Load) protocol.Reply {
	if request.Threads > 0 {
		shim.SetThreads(request.Threads)
	}
	libtch.AtGradSetEnabled(0)
	start := time.Now()
	for _, library := range request.Libraries {
		if err := shim.Open(library); err != nil {
			return failure(protocol.StageLoad, fmt.Errorf("cannot open the library %q: %w", library, err))
		}
	}
	model, err := part(request)
	if err != nil {
		return failure(protocol.StageLoad, err)
	}
	module, err := shim.Load(model, records(model), request.Device)
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
	s.module, s.device = module, request.Device
	loaded.Returns, loaded.NoForward = returns, !ok
	for _, a := range arguments {
		loaded.Arguments = append(loaded.Arguments, protocol.Argument(a))
	}
	return protocol.Reply{Loaded: &loaded}
}
