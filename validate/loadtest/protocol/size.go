package protocol

import (
	"fmt"
	"math"
)

// DataSize returns how many raw bytes follow the request for v: those of a
// tensor, or of every tensor inside a list, tuple or dict. It fails for an
// unknown dtype, a negative dimension and a size beyond 2^63-1.
func (v Value) DataSize() (int64, error) {
	if v.Kind == Tensor {
		return tensorSize(v.DType, ElementSize, v.Shape)
	}
	var total int64
	for _, item := range v.Items {
		n, err := item.DataSize()
		if err != nil {
			return 0, err
		}
		if n > math.MaxInt64-total {
			return 0, fmt.Errorf("the tensors of a %s hold too many bytes", v.Kind)
		}
		total += n
	}
	return total, nil
}

func tensorSize(dtype string, elementSize func(string) (int64, bool), shape []int64) (int64, error) {
	size, ok := elementSize(dtype)
	if !ok {
		return 0, fmt.Errorf("no data can have the dtype %q", dtype)
	}
	empty := false
	for _, d := range shape {
		if d < 0 {
			return 0, fmt.Errorf("a tensor cannot have the shape %v", shape)
		}
		empty = empty || d == 0
	}
	if empty {
		return 0, nil
	}
	for _, d := range shape {
		if size > math.MaxInt64/d {
			return 0, fmt.Errorf("a %s tensor of the shape %v is too large", dtype, shape)
		}
		size *= d
	}
	return size, nil
}

// NameSize is about how many bytes of a reply tell which output o is.
func (o Output) NameSize() int { return len(o.Path) + 8*len(o.Shape) }

// DataSize returns how many raw bytes follow the reply for o. It fails for what
// only a worker that a model took over would say.
func (o Output) DataSize() (int64, error) {
	if o.Data == "" {
		return 0, nil
	}
	return tensorSize(o.Data, OutputElementSize, o.Shape)
}
