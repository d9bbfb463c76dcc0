package loadtest

import (
	"bufio"
	"bytes"
	"io"
	"slices"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/sample"
)

const (
	maxProbeBase = 8 << 20   // bytes of a sample that is kept for making others of it
	maxProbeData = 256 << 20 // bytes that are sent for one try
)

// baseInput is one input of the sample, with its numbers where it is a tensor.
type baseInput struct {
	value protocol.Value
	data  []byte
}

// baseInputs keeps the numbers of the sample, or says why it can't.
func baseInputs(s *sample.Sample) ([]baseInput, string) {
	if s.DataSize() > maxProbeBase {
		return nil, "the sample is large"
	}
	for _, in := range s.Inputs {
		if in.Value.Kind == protocol.Tensor {
			continue
		}
		if size, err := in.Value.DataSize(); err != nil || size > 0 {
			return nil, "the dimensions of tensors in lists, tuples and dicts can't be told apart"
		}
	}
	var data bytes.Buffer
	if err := s.WriteData(&data); err != nil {
		return nil, "the sample can't be read again"
	}
	var base []baseInput
	for _, in := range s.Inputs {
		size, _ := in.Value.DataSize() // Build has bounded it
		base = append(base, baseInput{in.Value, data.Next(int(size))})
	}
	return base, ""
}

// isOnes says that every number of a tensor is 1.
func (in baseInput) isOnes() bool {
	e := elementOf(in.value.DType)
	for at := 0; at < len(in.data); at += e.width {
		if e.number(in.data[at:]) != 1 {
			return false
		}
	}
	return len(in.data) > 0
}

// change is the sample with other shapes: the numbers are repeated where a
// dimension is longer, and those behind its end left out where it is shorter.
type change []changed

type changed struct {
	baseInput
	shape []int64
	// pad, where it is there, says which places of the length hold numbers of
	// the sample, and what the others hold.
	pad *padding
}

type padding struct {
	dim         int
	first, last int64  // places of the sample's numbers: from first to last-1
	element     []byte // that stands elsewhere
}

// sizing is other sizes at the places of an axis.
type sizing struct {
	*axis
	sizes []int64
}

// resized is the sample with other sizes; of two for the same place the last
// one counts, and nil changes nothing.
func (p *prober) resized(all ...*sizing) change {
	c := make(change, len(p.base))
	for i, in := range p.base {
		c[i] = changed{baseInput: in, shape: slices.Clone(in.value.Shape)}
	}
	for _, s := range all {
		if s == nil {
			continue
		}
		for i, at := range s.places {
			c[at.input].shape[at.dim] = s.sizes[i]
		}
	}
	return c
}

// values are the inputs for a request.
func (c change) values(s *sample.Sample) []protocol.Value {
	values := []protocol.Value{}
	for _, in := range c {
		v := in.value
		if v.Kind == protocol.Tensor {
			v.Shape = in.shape
		}
		values = append(values, v)
	}
	return values
}

func (c change) size() int64 {
	var total int64
	for _, v := range c.values(nil) {
		n, err := v.DataSize()
		if err != nil || n > maxProbeData {
			return maxProbeData + 1
		}
		total += n
	}
	return total
}

func (c change) writeTo(w io.Writer) error {
	b := bufio.NewWriterSize(w, 64<<10)
	for _, in := range c {
		if in.value.Kind == protocol.Tensor {
			if err := in.writeTo(b); err != nil {
				return err
			}
		}
	}
	return b.Flush()
}

// token is a token's id as an element.
func (in changed) token(id int64) []byte {
	return le.AppendUint64(nil, uint64(id))[:in.width()]
}

// fill puts a token's id at the places of a dimension from first to last-1.
func (in *changed) fill(dim int, first, last, id int64) {
	in.data = slices.Clone(in.data)
	index := make([]int64, len(in.value.Shape))
	for at := int64(0); at < int64(len(in.data)); at += in.width() {
		if index[dim] >= first && index[dim] < last {
			copy(in.data[at:], in.token(id))
		}
		advance(index, in.value.Shape)
	}
}

// width is the bytes of an element.
func (in changed) width() int64 {
	width, _ := protocol.ElementSize(in.value.DType)
	return width
}

// writeTo writes the elements in C order.
func (in changed) writeTo(w io.Writer) error {
	width := in.width()
	index := make([]int64, len(in.shape))
	total, _ := protocol.Value{Kind: protocol.Tensor, DType: in.value.DType, Shape: in.shape}.DataSize()
	for ; total > 0; total -= width {
		var element []byte
		if at, ok := in.source(index); ok {
			element = in.data[at*width : (at+1)*width]
		} else {
			element = in.pad.element
		}
		if _, err := w.Write(element); err != nil {
			return err
		}
		advance(index, in.shape)
	}
	return nil
}

// source is the place in the sample's numbers of the element at an index;
// false is for padding.
func (in changed) source(index []int64) (int64, bool) {
	at := int64(0)
	for d, i := range index {
		if in.pad != nil && d == in.pad.dim {
			if i < in.pad.first || i >= in.pad.last {
				return 0, false
			}
			i -= in.pad.first
		}
		at = at*in.value.Shape[d] + i%in.value.Shape[d]
	}
	return at, true
}
