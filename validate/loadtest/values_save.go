package loadtest

import (
	"fmt"
	"io"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/numpy"
)

// maxSaved bounds the bytes of all outputs, as the worker does: a model that
// took it over must not fill the disk.
const maxSaved = 4 << 30

// saver writes the outputs to a .npz file. Its first error is told at the end,
// and after it nothing more is written.
type saver struct {
	outputs []protocol.Output
	names   []string
	file    *numpy.Writer
	saved   *Saved
	array   io.Writer
	widen   bool // the array at hand: bfloat16 becomes float32
	size    int64
	err     error
}

// newSaver returns a saver that does nothing where path is empty.
func newSaver(path string, outputs []protocol.Output) *saver {
	s := &saver{outputs: outputs}
	if path != "" {
		s.names, s.saved = arrayNames(outputs), &Saved{File: path, Arrays: []SavedArray{}}
		s.file, s.err = numpy.Create(path)
	}
	return s
}

// savedType is the dtype that an output has in a file.
func savedType(o protocol.Output) string {
	if o.Data == "bfloat16" {
		return "float32"
	}
	return o.Data
}

// isNumber says that an output is Python's own numbers and no tensor.
func isNumber(o protocol.Output) bool {
	return o.DType == "int" || o.DType == "float" || o.DType == "bool" && len(o.Shape) == 0
}

// begin begins the array of an output and returns what its elements are
// written to.
func (s *saver) begin(i int) io.Writer {
	if s.file == nil || s.err != nil {
		return io.Discard
	}
	o := s.outputs[i]
	size, _ := o.DataSize() // the caller has seen that it can be told
	if s.size += size; s.size > maxSaved || s.size < 0 {
		s.err = fmt.Errorf("they hold more than %d GiB", maxSaved>>30)
		return io.Discard
	}
	saved := SavedArray{Path: o.Path, Name: s.names[i], DType: savedType(o)}
	saved.Converted = saved.DType != o.DType && !isNumber(o)
	s.saved.Arrays = append(s.saved.Arrays, saved)
	s.array, s.err = s.file.Array(saved.Name, saved.DType, o.Shape)
	s.widen = o.Data == "bfloat16"
	return s
}

func (s *saver) Write(data []byte) (int, error) {
	if s.err != nil {
		return len(data), nil
	}
	elements := data
	if s.widen {
		elements = make([]byte, 0, 2*len(data))
		for i := 0; i < len(data); i += 2 {
			elements = le.AppendUint32(elements, widened(data[i:]))
		}
	}
	_, s.err = s.array.Write(elements)
	return len(data), nil
}

// commit gives the file its name; without a file it returns nil.
func (s *saver) commit() (*Saved, error) {
	if s.file == nil || s.err != nil {
		return nil, s.err
	}
	err := s.file.Commit()
	if s.file = nil; err != nil {
		return nil, err
	}
	return s.saved, nil
}

// abort removes what was written and not committed.
func (s *saver) abort() {
	if s.file != nil {
		s.file.Abort()
		s.file = nil
	}
}
