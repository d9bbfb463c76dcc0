// Package loadtest loads a TorchScript file in libtorch and runs its forward
// on a sample. libtorch lives in a child process, the worker: whatever the
// model does to it, the main program only sees a finding.
package loadtest

import (
	"go-model-archiver/validate/loadtest/protocol"
)

// Result is what a load test saw, also when it failed.
type Result struct {
	// Stage is StageDone after a complete load test, else the stage in which
	// it ended: StageLoad when there was no sample to run forward on.
	Stage protocol.Stage `json:"stage"`
	// Libtorch is the version of the worker's libtorch, such as "1.13.1", or
	// empty when no worker answered.
	Libtorch    string  `json:"libtorch"`
	LoadSeconds float64 `json:"loadSeconds"`
	// ForwardSeconds is how long the first call of forward took.
	ForwardSeconds float64 `json:"forwardSeconds"`
	// Latency is nil where forward was to run only once.
	Latency *Latency `json:"latency,omitempty"`
	// PeakMemory is the most bytes that the worker had resident, libtorch
	// included, up to the end of forward; 0 when forward did not end.
	PeakMemory int64   `json:"peakMemory,omitempty"`
	Inputs     []Input `json:"inputs"`
	// Outputs holds the tensors and scalars of forward's result.
	Outputs []protocol.Output `json:"outputs"`
	// Comparison is nil where no outputs were expected or none came.
	Comparison *Comparison `json:"comparison,omitempty"`
	// Saved is nil where the outputs were not saved.
	Saved *Saved `json:"saved,omitempty"`
	// Shapes is nil where no other shapes were to be tried.
	Shapes *Shapes `json:"shapes,omitempty"`
	// Error is the raw text behind a finding: libtorch's message with its
	// frames, or the end of the worker's stderr; at most 64 KiB.
	Error string `json:"error,omitempty"`
}

// Input is one argument that forward was given.
type Input struct {
	Name string `json:"name"`
	// DType is a tensor's dtype without "torch.", else the kind of value.
	DType string `json:"dtype"`
	// Shape is a tensor's shape, else empty.
	Shape []int64 `json:"shape"`
	// Sample is the input as --sample takes it.
	Sample string `json:"sample"`
	// Source says where the input came from.
	Source string `json:"source"`
}

// NotRun returns the Result of a load test that was never started.
func NotRun() *Result {
	return &Result{Stage: protocol.StageNone, Inputs: []Input{}, Outputs: []protocol.Output{}}
}
