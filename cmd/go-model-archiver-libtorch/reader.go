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

// maxReason bounds what is told of a value that was left out; libtorch's messages
// are long.
const maxReason = 4 << 10

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

	visits     int // values so far, containers included
	named      int // bytes of paths and shapes
	stopped    bool
	unread     []string
	moreUnread int
}

// free frees the tensors that data point into.
func (r *reader) free() {
	for _, t := range r.held {
		libtch.AtFree(t)
	}
	r.held = nil
}

// add adds an output whose values are the elements of dtype in data.
func (r *reader) add(o protocol.Output, dtype string, data []byte) {
	r.named += o.NameSize()
	switch {
	case len(r.outputs) == protocol.MaxOutputs:
		r.stop(fmt.Sprintf("forward gives more than %d values", protocol.MaxOutputs))
	case r.named > protocol.MaxNames:
		r.stop(fmt.Sprintf("the names of what forward gives are longer than %d bytes", protocol.MaxNames))
	}
	if r.stopped {
		return
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
			r.leaveOut(o.Path, fmt.Errorf("holds values of %s, which cannot be read", dtype))
		}
		o.Min, o.Max, o.Mean, o.NaN, o.Inf, o.NegInf = s.Min, s.Max, s.Mean, s.NaN, s.Inf, s.NegInf
	}
	if r.last && r.values {
		r.send(o.Path, dtype, data)
	}
	r.outputs = append(r.outputs, o)
}

// send lets the data of an output follow the reply.
func (r *reader) send(path, dtype string, data []byte) {
	if dtype == "" {
		data = nil // a text is not sent
	}
	if int64(len(data)) > maxData-r.size {
		r.leaveOut(path, fmt.Errorf("was not sent: all outputs together hold more than %d bytes", int64(maxData)))
		dtype, data = "", nil
	}
	r.size += int64(len(data))
	r.dtypes, r.data = append(r.dtypes, dtype), append(r.data, data)
}

// leaveOut notes that the value at path was not looked at, or not as a whole.
func (r *reader) leaveOut(path string, why error) {
	if len(path) > maxKey {
		path = clip(path, maxKey) + "…"
	}
	r.note(path + " " + why.Error())
}

func (r *reader) note(text string) {
	if len(r.unread) == protocol.MaxNamed {
		r.moreUnread++
		return
	}
	r.unread = append(r.unread, clip(text, maxReason))
}

// stop ends the reading: what comes is left out.
func (r *reader) stop(why string) {
	if !r.stopped {
		r.stopped = true
		r.note(why + ", and the rest was not read")
	}
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
