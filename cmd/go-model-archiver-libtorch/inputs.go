//go:build libtorch

package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"unsafe"

	"github.com/sugarme/gotch/libtch"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/validate/loadtest/protocol"
)

// maxData bounds the bytes of a request's tensors.
const maxData = 4 << 30

// readData reads what follows the request: the bytes of its tensors, one
// after the other.
func readData(inputs []protocol.Value, r io.Reader) ([]byte, error) {
	size, err := protocol.Value{Kind: protocol.Tuple, Items: inputs}.DataSize()
	if err != nil {
		return nil, err
	}
	if size > maxData {
		return nil, fmt.Errorf("the tensors of a request hold %d bytes, and at most %d are taken", size, int64(maxData))
	}
	raw := make([]byte, size)
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, fmt.Errorf("read the tensors of a request: %w", err)
	}
	return raw, nil
}

func freeAll(values []libtch.Civalue) {
	for _, v := range values {
		libtch.AtiFree(v)
	}
}

// inputs makes the arguments of forward, each typed as its declaration wants.
// The caller frees them, also after an error.
func (s *session) inputs(values []protocol.Value, raw []byte) ([]libtch.Civalue, error) {
	b := builder{raw: raw, device: s.device}
	inputs, err := b.values(values)
	if err != nil {
		return inputs, err
	}
	for i, v := range inputs {
		typed, err := shim.Typed(s.module, i, v)
		if err != nil {
			return inputs, err
		}
		libtch.AtiFree(v)
		inputs[i] = typed
	}
	return inputs, nil
}

// builder makes libtorch's values; raw holds the bytes of the tensors to come,
// which go to device.
type builder struct {
	raw    []byte
	device string
}

func (b *builder) values(values []protocol.Value) ([]libtch.Civalue, error) {
	// libtch takes the address of the first element, so there is always one.
	out := make([]libtch.Civalue, 0, len(values)+1)
	for _, v := range values {
		c, err := b.value(v)
		if err != nil {
			return out, err
		}
		out = append(out, c)
	}
	return out, nil
}

func (b *builder) value(v protocol.Value) (libtch.Civalue, error) {
	var c libtch.Civalue
	switch v.Kind {
	case protocol.Tensor:
		t, err := b.tensor(v)
		if err != nil {
			return nil, err
		}
		c = libtch.AtiTensor(t)
		libtch.AtFree(t)
	case protocol.Int:
		c = libtch.AtiInt(v.Int)
	case protocol.Float:
		f, err := strconv.ParseFloat(v.Text, 64)
		if err != nil {
			return nil, err
		}
		c = libtch.AtiDouble(f)
	case protocol.Bool:
		c = libtch.AtiBool(v.Int != 0)
	case protocol.Str:
		c = libtch.AtiString(v.Text)
	case protocol.None:
		c = libtch.AtiNone()
	case protocol.List, protocol.Tuple, protocol.Dict:
		return b.container(v)
	default:
		return nil, fmt.Errorf("unknown kind of input %q", v.Kind)
	}
	return c, shim.Error()
}

func (b *builder) container(v protocol.Value) (libtch.Civalue, error) {
	items, err := b.values(v.Items)
	defer freeAll(items)
	if err != nil {
		return nil, err
	}
	var c libtch.Civalue
	all := items[:max(len(items), 1)]
	switch v.Kind {
	case protocol.List:
		c = libtch.AtiGenericList(all, len(items))
	case protocol.Tuple:
		c = libtch.AtiTuple(all, len(items))
	default:
		if len(items)%2 != 0 {
			return nil, fmt.Errorf("a dict of %d items: keys and values come in pairs", len(items))
		}
		c = libtch.AtiGenericDict(all, len(items)/2)
	}
	return c, shim.Error()
}

func (b *builder) tensor(v protocol.Value) (libtch.Ctensor, error) {
	kind := slices.Index(dtypes, v.DType)
	element, known := protocol.ElementSize(v.DType)
	size, err := v.DataSize()
	if err != nil || kind < 0 || !known {
		return nil, fmt.Errorf("no tensor of %s%v: %w", v.DType, v.Shape, err)
	}
	data := b.raw[:size]
	b.raw = b.raw[size:]
	if size == 0 {
		data = make([]byte, 1) // an address is taken
	}
	shape := append(slices.Clone(v.Shape), 0)
	t := libtch.AtTensorOfData(unsafe.Pointer(&data[0]), shape, uint(len(v.Shape)), uint(element), kind)
	if err := shim.Error(); err != nil || b.device == "" {
		return t, err
	}
	defer libtch.AtFree(t)
	return shim.OnDevice(t, b.device)
}
