package sample

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/numpy"
)

// statArray finds the array that a source names, for the argument or the
// dict's key name. Of several arrays in a .npz it is the one with that name.
func statArray(s source, name string) (*numpy.Array, error) {
	f, err := numpy.Stat(s.path)
	switch {
	case err != nil:
		return nil, err
	case !f.Named && s.member != "":
		return nil, fmt.Errorf("%q is a .npy file, whose one array has no name", s.path)
	}
	array := &f.Arrays[0]
	switch found := f.Find(name); {
	case s.member != "":
		array = f.Find(s.member)
	case found != nil:
		array = found
	case len(f.Arrays) > 1:
		array = nil
	}
	if array == nil {
		return nil, fmt.Errorf("%q holds the arrays %s; name one, %s", s.path, listed(f.Names()),
			source{kind: fromFile, path: s.path, member: f.Arrays[0].Name})
	}
	if !slices.Contains(dtypes, array.DType) {
		return nil, fmt.Errorf("%q holds %s, which no sample can have; convert it with numpy's astype", s.path, array.DType)
	}
	return array, nil
}

func listed(names []string) string {
	const most = 20
	var b strings.Builder
	for i, name := range names {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(names)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.Quote(clip(name, 100)))
	}
	return b.String()
}

// fromArchive says that s is a file alone, which may be a .npz with arrays for
// several arguments.
func (s Spec) fromArchive() bool {
	n := s.value
	return s.Name == "" && n.kind == protocol.Tensor && n.source.kind == fromFile && n.source.member == "" && n.dtype == "" && n.dims == nil
}

// expand puts in the place of a .npz one spec for each of its arrays: by name
// where the arguments have the names of the arrays, else in order.
func (b *builder) expand(specs []Spec) ([]Spec, error) {
	var out []Spec
	for _, s := range specs {
		if !s.fromArchive() {
			out = append(out, s)
			continue
		}
		f, err := numpy.Stat(s.value.source.path)
		if err != nil {
			return nil, fmt.Errorf("the sample %q: %w", s, err)
		}
		if !f.Named {
			out = append(out, s)
			continue
		}
		arrays, err := b.arrays(f)
		if err != nil {
			return nil, err
		}
		out = append(out, arrays...)
	}
	return out, nil
}

func (b *builder) arrays(f *numpy.File) ([]Spec, error) {
	var specs []Spec
	var strange []string
	for _, a := range f.Arrays {
		s := Spec{Name: a.Name, value: node{kind: protocol.Tensor, source: source{kind: fromFile, path: f.Path, member: a.Name}}}
		if !slices.ContainsFunc(b.args, func(arg protocol.Argument) bool { return arg.Name == a.Name || baseName(arg.Name) == a.Name }) {
			strange = append(strange, a.Name)
			s.Name = ""
		}
		specs = append(specs, s)
	}
	if len(strange) > 0 && len(strange) < len(specs) {
		return nil, b.mismatch("%q holds %s, and forward has no argument of that name", f.Path, listed(strange))
	}
	return specs, nil
}

// asScalar makes a number of an array without dimensions, where forward takes
// an int, a float or a bool; anything else it returns as it is.
func asScalar(n node, name string, t annotation) (node, error) {
	if t.is("Optional", 1) {
		t = t.args[0]
	}
	if n.kind != protocol.Tensor || n.source.kind != fromFile || !slices.Contains([]string{"int", "float", "bool", "number"}, t.name) {
		return n, nil
	}
	array, err := statArray(n.source, name)
	if err != nil || len(array.Shape) > 0 {
		return n, err
	}
	r, err := array.Open()
	if err != nil {
		return n, err
	}
	raw, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return n, fmt.Errorf("%q: %w", n.source.path, err)
	}
	switch number := wholeOf(array.DType, raw); {
	case array.DType == "bool":
		return node{kind: protocol.Bool, number: number}, nil
	case slices.Contains(floats, array.DType):
		v := floatOf(array.DType)(raw)
		return node{kind: protocol.Float, text: strconv.FormatFloat(v, 'g', -1, 64)}, nil
	default:
		return node{kind: protocol.Int, number: number}, nil
	}
}

// wholeOf reads a whole number of a file, and anything else as 0.
func wholeOf(dtype string, raw []byte) int64 {
	switch dtype {
	case "bool", "uint8":
		return int64(raw[0])
	case "int8":
		return int64(int8(raw[0]))
	case "int16":
		return int64(int16(binary.LittleEndian.Uint16(raw)))
	case "int32":
		return int64(int32(binary.LittleEndian.Uint32(raw)))
	case "int64":
		return int64(binary.LittleEndian.Uint64(raw))
	}
	return 0
}

// writeFile writes the file's numbers as the tensor's dtype.
func (t tensor) writeFile(w io.Writer) (err error) {
	r, err := t.file.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if t.dtype == t.file.DType {
		_, err = io.Copy(w, r)
	} else {
		err = convert(w, r, t.file.DType, t.dtype)
	}
	if err != nil {
		return fmt.Errorf("%q: %w", t.source.path, err)
	}
	return nil
}

// convert rounds floats of one dtype to another one.
func convert(w io.Writer, r io.Reader, from, to string) error {
	width, _ := protocol.ElementSize(from)
	out, _ := protocol.ElementSize(to)
	get, put := floatOf(from), putFloat(to)
	raw, encoded := make([]byte, bufferSize), make([]byte, bufferSize/width*out)
	for {
		n, err := io.ReadFull(r, raw)
		count := int64(n) / width
		for i := range count {
			put(encoded[i*out:], get(raw[i*width:]))
		}
		if _, err := w.Write(encoded[:count*out]); err != nil {
			return err
		}
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			return nil // the array's own reader knows its length
		}
		if err != nil {
			return err
		}
	}
}

// floatOf returns the function that reads a float of a file.
func floatOf(dtype string) func(src []byte) float64 {
	switch dtype {
	case "float16":
		return func(src []byte) float64 { return numpy.Float16(binary.LittleEndian.Uint16(src)) }
	case "float32":
		return func(src []byte) float64 { return float64(math.Float32frombits(binary.LittleEndian.Uint32(src))) }
	}
	return func(src []byte) float64 { return math.Float64frombits(binary.LittleEndian.Uint64(src)) }
}
