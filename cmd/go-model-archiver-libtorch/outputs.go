//go:build libtorch

package main

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/sugarme/gotch/libtch"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/validate/loadtest/protocol"
)

// Bounds on what is read of what a model gives back. What is beyond them is
// left out and named: it says nothing against the model.
const (
	maxDepth      = 64      // of lists in tuples in dicts …; a List[Any] may hold itself
	maxVisits     = 100_000 // of values, also of lists without elements
	maxDimensions = 64
	maxKey        = 100     // bytes of a dict's key in a path
	maxCopy       = 1 << 30 // bytes, of one tensor that has to be copied to be read
)

// dtypes are PyTorch's names by c10::ScalarType, whose numbers are stable:
// they stand in saved files.
var dtypes = []string{
	"uint8", "int8", "int16", "int32", "int64", "float16", "float32", "float64",
	"complex32", "complex64", "complex128", "bool", "qint8", "quint8", "qint32", "bfloat16",
	"quint4x2", "quint2x4", "bits1x8", "bits2x4", "bits4x2", "bits8", "bits16",
	"float8_e5m2", "float8_e4m3fn", "float8_e5m2fnuz", "float8_e4m3fnuz",
	"uint16", "uint32", "uint64",
}

func dtypeName(scalarType int32) string {
	if scalarType >= 0 && int(scalarType) < len(dtypes) {
		return dtypes[scalarType]
	}
	return fmt.Sprintf("dtype%d", scalarType)
}

// The kinds that libtch's AtiTag tells apart.
const (
	tagNone = iota
	tagTensor
	tagDouble
	tagInt
	tagBool
	tagTuple
	tagIntList
	tagDoubleList
	tagBoolList
	tagString
	tagTensorList
	_
	tagList
	tagDict
)

// value reads v, which stands at path, and frees it.
func (r *reader) value(path string, v libtch.Civalue, depth int) {
	defer libtch.AtiFree(v)
	if r.visits++; r.visits > maxVisits {
		r.stop(fmt.Sprintf("forward gives more than %d lists and values", maxVisits))
	}
	if r.stopped {
		return
	}
	if depth > maxDepth {
		r.opaque(path, fmt.Errorf("is nested more than %d deep", maxDepth))
		return
	}
	tag := libtch.AtiTag(v)
	if shim.Error() != nil {
		r.opaque(path, nil)
		return
	}
	switch tag {
	case tagNone:
		r.add(protocol.Output{Path: path, DType: "none"}, "", nil)
	case tagString:
		r.text(path, v)
	case tagDouble:
		f := libtch.AtiToDouble(v)
		r.add(protocol.Output{Path: path, DType: "float"}, "float64", bytesOf(&f, 1))
	case tagInt:
		n := libtch.AtiToInt(v)
		r.add(protocol.Output{Path: path, DType: "int"}, "int64", bytesOf(&n, 1))
	case tagBool:
		b := libtch.AtiToBool(v)
		r.add(protocol.Output{Path: path, DType: "bool"}, "bool", bytesOf(&b, 1))
	case tagTensor:
		t := libtch.AtiToTensor(v)
		if err := shim.Error(); err != nil {
			r.opaque(path, fmt.Errorf("cannot be read: %w", err))
			return
		}
		defer libtch.AtFree(t)
		r.tensor(path, t)
	default:
		if err := r.container(path, v, tag, depth); err != nil {
			r.opaque(path, err)
		}
	}
}

// opaque adds a value that is not looked into; err says why where that is not
// the value's own nature.
func (r *reader) opaque(path string, err error) {
	r.add(protocol.Output{Path: path, DType: "object"}, "", nil)
	if err != nil {
		r.leaveOut(path, err)
	}
}

// container reads the elements of a container, or adds nothing and says why.
func (r *reader) container(path string, v libtch.Civalue, tag int32, depth int) error {
	n := int(libtch.AtiLength(v))
	if err := shim.Error(); err != nil {
		return err
	}
	switch tag {
	case tagIntList, tagDoubleList, tagBoolList:
		return r.numbers(path, v, tag, n)
	}
	if n < 0 || n > protocol.MaxOutputs {
		return fmt.Errorf("has %d elements, and at most %d are read", n, protocol.MaxOutputs)
	}
	// libtch fills the elements in, two for each entry of a dict; the address of
	// the first is taken, so there is always one.
	items := make([]libtch.Civalue, 2*n+1)
	switch tag {
	case tagTuple:
		libtch.AtiToTuple(v, &items[0], n)
	case tagDict:
		libtch.AtiToGenericDict(v, &items[0], n)
		n *= 2
	default:
		libtch.AtiToGenericList(v, &items[0], n)
	}
	if err := shim.Error(); err != nil {
		return err
	}
	r.items(path, items[:n], tag == tagDict, depth)
	return nil
}

// items reads the elements of a container and frees them all.
func (r *reader) items(path string, items []libtch.Civalue, dict bool, depth int) {
	for i := 0; i < len(items); i++ {
		if r.stopped {
			freeAll(items[i:])
			return
		}
		index := strconv.Itoa(i)
		if dict {
			index = key(items[i])
			libtch.AtiFree(items[i])
			i++
		}
		r.value(path+"["+index+"]", items[i], depth+1)
	}
}

// key is a dict's key as Python writes it.
func key(v libtch.Civalue) string {
	switch libtch.AtiTag(v) {
	case tagString:
		s := libtch.AtiToString(v)
		if len(s) > maxKey {
			s = s[:maxKey] + "…"
		}
		return strconv.Quote(s)
	case tagInt:
		return strconv.FormatInt(libtch.AtiToInt(v), 10)
	case tagDouble:
		return strconv.FormatFloat(libtch.AtiToDouble(v), 'g', -1, 64)
	case tagBool:
		if libtch.AtiToBool(v) {
			return "True"
		}
		return "False"
	}
	_ = shim.Error()
	return "…"
}

// numbers reads a list of ints, floats or bools as one output.
func (r *reader) numbers(path string, v libtch.Civalue, tag int32, n int) error {
	if n < 0 || n > maxCopy/8 {
		return fmt.Errorf("has %d elements, and at most %d are read", n, maxCopy/8)
	}
	var o protocol.Output
	var element string
	var data []byte
	// The address of the first is taken, so there is always one.
	switch tag {
	case tagIntList:
		list := make([]int64, n+1)
		libtch.AtiToIntList(v, unsafe.Pointer(&list[0]), n)
		o.DType, element, data = "int", "int64", bytesOf(&list[0], n)
	case tagDoubleList:
		list := make([]float64, n+1)
		libtch.AtiToDoubleList(v, unsafe.Pointer(&list[0]), n)
		o.DType, element, data = "float", "float64", bytesOf(&list[0], n)
	default:
		list := make([]uint8, n+1)
		libtch.AtiToBoolList(v, unsafe.Pointer(&list[0]), n)
		o.DType, element, data = "bool", "bool", bytesOf(&list[0], n)
	}
	if err := shim.Error(); err != nil {
		return err
	}
	o.Path, o.Shape = path, []int64{int64(n)}
	r.add(o, element, data)
	return nil
}

// text adds a string, of which only a change is told.
func (r *reader) text(path string, v libtch.Civalue) {
	var data []byte
	if r.digested {
		data = []byte(libtch.AtiToString(v))
	}
	r.add(protocol.Output{Path: path, DType: "str"}, "", data)
}

func bytesOf[T any](first *T, n int) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(first)), uintptr(n)*unsafe.Sizeof(*first))
}

func (r *reader) tensor(path string, t libtch.Ctensor) {
	if !libtch.AtDefined(t) {
		r.add(protocol.Output{Path: path, DType: "none"}, "", nil)
		return
	}
	o := protocol.Output{Path: path, DType: dtypeName(libtch.AtScalarType(t))}
	n := libtch.AtDim(t)
	if err := shim.Error(); err != nil {
		r.opaque(path, fmt.Errorf("has a shape that cannot be read: %w", err))
		return
	}
	if n > maxDimensions {
		r.opaque(path, fmt.Errorf("has %d dimensions, and at most %d are read", n, maxDimensions))
		return
	}
	shape := make([]int64, n+1)
	libtch.AtShape(t, unsafe.Pointer(&shape[0]))
	o.Shape = shape[:n]
	err := shim.Error()
	var dtype string
	var data []byte
	if err == nil {
		dtype, data, err = r.plain(t, o.DType)
	}
	r.add(o, dtype, data)
	if err != nil {
		r.leaveOut(path, fmt.Errorf("is a %s tensor of the shape %v, whose values were not read: %w", o.DType, o.Shape, err))
	}
	if !r.last || !r.values {
		r.free()
	}
}

// plain returns a tensor's values without gaps and the dtype that they have
// then, empty for a tensor without values. They are there until r is freed.
func (r *reader) plain(t libtch.Ctensor, dtype string) (string, []byte, error) {
	plain, err := shim.Plain(t, maxCopy)
	if err != nil {
		return "", nil, err
	}
	if plain == nil {
		return emptyOf(t, dtype), nil, nil
	}
	r.held = append(r.held, plain)
	elements, err := shim.Elements(plain)
	if err != nil {
		return "", nil, err
	}
	read, data := dtypeName(libtch.AtScalarType(plain)), libtch.AtDataPtr(plain)
	if err := shim.Error(); err != nil {
		return "", nil, err
	}
	size, ok := protocol.OutputElementSize(read)
	if !ok {
		return "", nil, fmt.Errorf("its values, as %s, cannot be read", read)
	}
	raw := unsafe.Slice((*byte)(data), size*elements)
	if strings.HasPrefix(dtype, "complex") {
		// The pairs of its parts are what a complex number is in memory.
		read = map[string]string{"float32": "complex64", "float64": "complex128"}[read]
	}
	return read, raw, nil
}

// emptyOf is dtype for a tensor without elements, and nothing for one that has
// no values for another reason.
func emptyOf(t libtch.Ctensor, dtype string) string {
	n, err := shim.Elements(t)
	if _, ok := protocol.OutputElementSize(dtype); ok && err == nil && n == 0 {
		return dtype
	}
	return ""
}
