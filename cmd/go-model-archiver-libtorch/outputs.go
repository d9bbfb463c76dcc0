//go:build libtorch

package main

import (
	"fmt"
	"strconv"
	"strings"
	"unsafe"

	"github.com/sugarme/gotch/libtch"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/stats"
	"go-model-archiver/validate/loadtest/protocol"
)

// Bounds on what a model may give back.
const (
	maxOutputs    = 10_000
	maxDepth      = 64 // of lists in tuples in dicts …; a List[Any] may hold itself
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

// reader collects the outputs of one forward.
type reader struct{ outputs []protocol.Output }

func (r *reader) add(o protocol.Output) error {
	if len(r.outputs) == maxOutputs {
		return fmt.Errorf("forward returned more than %d values", maxOutputs)
	}
	if o.Shape == nil {
		o.Shape = []int64{}
	}
	r.outputs = append(r.outputs, o)
	return nil
}

func (r *reader) number(path, dtype string, value any) error {
	var f [1]float64
	switch v := value.(type) {
	case int64:
		f[0] = float64(v)
	case float64:
		f[0] = v
	case bool:
		if v {
			f[0] = 1
		}
	}
	s, _ := stats.Of("float64", unsafe.Pointer(&f), 1)
	return r.add(output(path, dtype, nil, s))
}

func output(path, dtype string, shape []int64, s stats.Summary) protocol.Output {
	return protocol.Output{Path: path, DType: dtype, Shape: shape, Min: s.Min, Max: s.Max, Mean: s.Mean, NaN: s.NaN, Inf: s.Inf}
}

// value reads v, which stands at path, and frees it.
func (r *reader) value(path string, v libtch.Civalue, depth int) error {
	defer libtch.AtiFree(v)
	if depth > maxDepth {
		return fmt.Errorf("forward returned values nested more than %d deep", maxDepth)
	}
	tag := libtch.AtiTag(v)
	if shim.Error() != nil {
		return r.add(protocol.Output{Path: path, DType: "object"})
	}
	switch tag {
	case tagNone:
		return r.add(protocol.Output{Path: path, DType: "none"})
	case tagString:
		return r.add(protocol.Output{Path: path, DType: "str"})
	case tagDouble:
		return r.number(path, "float", libtch.AtiToDouble(v))
	case tagInt:
		return r.number(path, "int", libtch.AtiToInt(v))
	case tagBool:
		return r.number(path, "bool", libtch.AtiToBool(v))
	case tagTensor:
		t := libtch.AtiToTensor(v)
		if err := shim.Error(); err != nil {
			return err
		}
		defer libtch.AtFree(t)
		return r.tensor(path, t)
	}
	return r.container(path, v, tag, depth)
}

func (r *reader) container(path string, v libtch.Civalue, tag int32, depth int) error {
	n := int(libtch.AtiLength(v))
	if err := shim.Error(); err != nil {
		return err
	}
	switch tag {
	case tagIntList, tagDoubleList, tagBoolList:
		return r.numbers(path, v, tag, n)
	}
	if n < 0 || n > maxOutputs {
		return fmt.Errorf("%s has more than %d elements", path, maxOutputs)
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
	return r.items(path, items[:n], tag == tagDict, depth)
}

// items reads the elements of a container and frees them all.
func (r *reader) items(path string, items []libtch.Civalue, dict bool, depth int) error {
	for i := 0; i < len(items); i++ {
		index := strconv.Itoa(i)
		if dict {
			index = key(items[i])
			libtch.AtiFree(items[i])
			i++
		}
		if err := r.value(path+"["+index+"]", items[i], depth+1); err != nil {
			freeAll(items[i+1:])
			return err
		}
	}
	return nil
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
		return fmt.Errorf("%s has more than %d elements", path, maxCopy/8)
	}
	var s stats.Summary
	var dtype string
	switch tag {
	case tagIntList:
		dtype = "int"
		list := make([]int64, n+1)
		libtch.AtiToIntList(v, unsafe.Pointer(&list[0]), n)
		s, _ = stats.Of("int64", unsafe.Pointer(&list[0]), int64(n))
	case tagDoubleList:
		dtype = "float"
		list := make([]float64, n+1)
		libtch.AtiToDoubleList(v, unsafe.Pointer(&list[0]), n)
		s, _ = stats.Of("float64", unsafe.Pointer(&list[0]), int64(n))
	default:
		dtype = "bool"
		list := make([]uint8, n+1)
		libtch.AtiToBoolList(v, unsafe.Pointer(&list[0]), n)
		s, _ = stats.Of("bool", unsafe.Pointer(&list[0]), int64(n))
	}
	if err := shim.Error(); err != nil {
		return err
	}
	return r.add(output(path, dtype, []int64{int64(n)}, s))
}

func (r *reader) tensor(path string, t libtch.Ctensor) error {
	if !libtch.AtDefined(t) {
		return r.add(protocol.Output{Path: path, DType: "none"})
	}
	dtype := dtypeName(libtch.AtScalarType(t))
	n := libtch.AtDim(t)
	if err := shim.Error(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if n > maxDimensions {
		return fmt.Errorf("%s has %d dimensions, and at most %d are read", path, n, maxDimensions)
	}
	shape := make([]int64, n+1)
	libtch.AtShape(t, unsafe.Pointer(&shape[0]))
	if err := shim.Error(); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s, err := summary(t, strings.HasPrefix(dtype, "complex"))
	if err != nil {
		return fmt.Errorf("%s, a %s tensor of the shape %v: %w", path, dtype, shape[:n], err)
	}
	return r.add(output(path, dtype, shape[:n], s))
}

func summary(t libtch.Ctensor, complex bool) (stats.Summary, error) {
	plain, err := shim.Plain(t, maxCopy)
	if err != nil || plain == nil {
		return stats.Summary{}, err
	}
	defer libtch.AtFree(plain)
	elements, err := shim.Elements(plain)
	if err != nil {
		return stats.Summary{}, err
	}
	dtype, data := dtypeName(libtch.AtScalarType(plain)), libtch.AtDataPtr(plain)
	if err := shim.Error(); err != nil {
		return stats.Summary{}, err
	}
	read := stats.Of
	if complex {
		read, elements = stats.Pairs, elements/2
	}
	s, ok := read(dtype, data, elements)
	if !ok {
		return stats.Summary{}, fmt.Errorf("the values of a %s tensor cannot be read", dtype)
	}
	return s, nil
}
