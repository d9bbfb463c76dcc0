//go:build libtorch

package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
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

// Bounds on what a reply tells of a model in its own words, in bytes.
const (
	maxMessage     = 256 << 10
	maxDeclaration = 256 << 10 // the names and types of forward's arguments
	maxDefault     = 1000
)

// failure is a reply with the beginning and the end of what libtorch said.
func failure(stage protocol.Stage, err error) protocol.Reply {
	message := err.Error()
	if len(message) > maxMessage {
		message = clip(message, maxMessage/2) + "\n…\n" + message[len(message)-maxMessage/2:]
	}
	return protocol.Reply{Failure: &protocol.Failure{Stage: stage, Message: message}}
}

// clip cuts text to so many bytes.
func clip(text string, most int) string {
	return strings.ToValidUTF8(text[:min(len(text), most)], "…")
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
	seconds := time.Since(start).Seconds()
	loaded, err := declaration(module)
	if err != nil {
		return failure(protocol.StageLoad, err)
	}
	s.module, s.device = module, request.Device
	loaded.Seconds = seconds
	return protocol.Reply{Loaded: loaded}
}

// declaration is how forward is declared.
func declaration(module libtch.Cmodule) (*protocol.Loaded, error) {
	arguments, returns, ok, err := shim.Schema(module)
	if err != nil {
		return nil, err
	}
	if len(arguments) > protocol.MaxArguments {
		return nil, fmt.Errorf("forward takes %d arguments, and at most %d are handled", len(arguments), protocol.MaxArguments)
	}
	loaded := &protocol.Loaded{Arguments: []protocol.Argument{}, Returns: clip(returns, maxDefault), NoForward: !ok}
	size := 0
	for _, a := range arguments {
		if size += len(a.Name) + len(a.Type); size > maxDeclaration {
			return nil, fmt.Errorf("forward takes arguments whose names and types are longer than %d bytes, and no longer ones are handled", maxDeclaration)
		}
		if a.Default != nil {
			*a.Default = clip(*a.Default, maxDefault)
		}
		loaded.Arguments = append(loaded.Arguments, protocol.Argument(a))
	}
	return loaded, nil
}
