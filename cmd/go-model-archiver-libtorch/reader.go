//go:build libtorch

package main

import (
	"encoding/binary"
	"fmt"
	"hash/maphash"
	"io"
	"unsafe"

	"github.com/sugarme/gotch/libtch"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/stats"
	"go-model-archiver/validate/loadtest/protocol"
)

// seed is the same for all digests of this process.
var seed = maphash.MakeSeed()

// reader collects the outputs of one forward.
type reader struct {
	last     bool // of its calls: the one that is summed up
	digested bool // for comparing calls
	values   bool // the data of the last call are sent

	outputs []protocol.Output
	digests []uint64 // of each output
	dtypes  []string // of data; empty for what is not sent
	data    [][]byte // to be sent, one for each output
	size    int64    // of data
	held    []libtch.Ctensor
}

// free frees the tensors that data point into.
func (r *reader) free() {
	for _, t := range r.held {
		libtch.AtFree(t)
	}
	r.held = nil
}

// add adds an output whose values are the elements of dtype in data.
func (r *reader) add(o protocol.Output, dtype string, data []byte) error {
	if len(r.outputs) == maxOutputs {
		return fmt.Errorf("forward returned more than %d values", maxOutputs)
	}
	if o.Shape == nil {
		o.Shape = []int64{}
	}
	if r.digested {
		r.digests = append(r.digests, digest(o, data))
	}
	if r.last {
		s, ok := summary(dtype, data)
		if !ok {
			return fmt.Errorf("the values of a %s tensor cannot be read", dtype)
		}
		o.Min, o.Max, o.Mean, o.NaN, o.Inf, o.NegInf = s.Min, s.Max, s.Mean, s.NaN, s.Inf, s.NegInf
	}
	if r.last && r.values {
		if dtype == "" {
			data = nil // a text is not sent
		}
		if r.size += int64(len(data)); r.size > maxData {
			return fmt.Errorf("the outputs hold more than %d bytes, and no more are sent", int64(maxData))
		}
		r.dtypes, r.data = append(r.dtypes, dtype), append(r.data, data)
	}
	r.outputs = append(r.outputs, o)
	return nil
}

func digest(o protocol.Output, data []byte) uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	h.WriteString(o.DType)
	for _, d := range o.Shape {
		h.Write(binary.LittleEndian.AppendUint64(nil, uint64(d)))
	}
	h.WriteByte(0)
	h.Write(data)
	return h.Sum64()
}

// summary sums data up, whose dtype is empty for what has no numbers.
func summary(dtype string, data []byte) (stats.Summary, bool) {
	if dtype == "" {
		return stats.Summary{}, true
	}
	element, ok := protocol.OutputElementSize(dtype)
	if !ok {
		return stats.Summary{}, false
	}
	at, n := unsafe.Pointer(unsafe.SliceData(data)), int64(len(data))/element
	switch dtype {
	case "complex64":
		return stats.Pairs("float32", at, n)
	case "complex128":
		return stats.Pairs("float64", at, n)
	}
	return stats.Of(dtype, at, n)
}

// writeData writes the bytes that follow the reply.
func (r *reader) writeData(w io.Writer) error {
	for _, data := range r.data {
		if _, err := w.Write(data); err != nil {
			return err
		}
	}
	return nil
}
