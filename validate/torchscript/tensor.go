package torchscript

import (
	"math"

	"go-model-archiver/validate/pickle"
)

// maxDims is libtorch's own practical bound on dimensions and then some.
const maxDims = 64

// isRebuilt reports whether an object is a call of one of the functions of
// torch._utils that make a tensor from a storage.
func isRebuilt(o *pickle.Object) bool {
	class, ok := o.Class()
	return ok && isTensorMaker(class)
}

// rebuilt reads a tensor from such a call; false means that the call is not
// understood.
func rebuilt(o *pickle.Object) (Tensor, bool) {
	class, _ := o.Class()
	args, _ := o.Args.(pickle.Tuple)
	switch class.Name {
	case "_rebuild_parameter", "_rebuild_parameter_with_state":
		if len(args) == 0 {
			return Tensor{}, false
		}
		inner, ok := args[0].(*pickle.Object)
		if !ok || !isRebuilt(inner) {
			return Tensor{}, false
		}
		if c, _ := inner.Class(); c.Name == class.Name {
			return Tensor{}, false
		}
		return rebuilt(inner)
	case "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_qtensor":
		return rebuiltDense(class.Name, args)
	case "_rebuild_meta_tensor_no_storage":
		return rebuiltMeta(args)
	}
	return Tensor{}, false
}

// rebuiltDense reads (storage, offset, size, stride, …).
func rebuiltDense(name string, args pickle.Tuple) (Tensor, bool) {
	if len(args) < 4 {
		return Tensor{}, false
	}
	t, kind, ok := stored(args[0])
	if !ok {
		return Tensor{}, false
	}
	if name == "_rebuild_tensor_v3" && len(args) > 6 {
		if named, ok := dtypeOf(args[6]); ok {
			kind = named
		}
	}
	t.DType = kind.name
	return t, t.measure(args[2], kind.size)
}

// rebuiltMeta reads (dtype, size, stride, requires_grad).
func rebuiltMeta(args pickle.Tuple) (Tensor, bool) {
	if len(args) < 2 {
		return Tensor{}, false
	}
	kind, ok := dtypeOf(args[0])
	t := Tensor{DType: kind.name, Device: "meta"}
	ok = ok && t.measure(args[1], kind.size)
	t.Bytes = 0
	return t, ok
}

// stored reads the persistent id of a storage: ("storage", class, key, device,
// elements).
func stored(v pickle.Value) (Tensor, dtype, bool) {
	ref, _ := v.(pickle.Persistent)
	id, _ := ref.ID.(pickle.Tuple)
	if len(id) < 5 || id[0] != "storage" {
		return Tensor{}, dtype{}, false
	}
	class, _ := id[1].(pickle.Global)
	kind, known := storageTypes[class.Name]
	key, ok1 := id[2].(string)
	device, ok2 := id[3].(string)
	return Tensor{Storage: key, Device: device}, kind, known && ok1 && ok2
}

// dtypeOf reads a torch.dtype, which Python pickles by name and C++ by its
// number in c10::ScalarType.
func dtypeOf(v pickle.Value) (dtype, bool) {
	switch v := v.(type) {
	case pickle.Global:
		for _, t := range elementTypes {
			if v.Module == "torch" && v.Name == t.name {
				return t.dtype, true
			}
		}
	case int64:
		if v >= 0 && v < int64(len(elementTypes)) {
			return elementTypes[v].dtype, true
		}
	}
	return dtype{}, false
}

// measure sets the shape from a tuple of sizes, and what follows from it.
func (t *Tensor) measure(v pickle.Value, size int64) bool {
	dims, ok := v.(pickle.Tuple)
	if !ok || len(dims) > maxDims {
		return false
	}
	t.Elements, t.Shape = 1, make([]int64, 0, len(dims))
	for _, d := range dims {
		n, ok := d.(int64)
		if !ok || n < 0 || n > 0 && t.Elements > math.MaxInt64/16/n {
			return false
		}
		t.Shape = append(t.Shape, n)
		t.Elements *= n
	}
	t.Bytes = t.Elements * size
	return true
}
