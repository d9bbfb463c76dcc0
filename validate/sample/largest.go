package sample

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
)

// Largest returns the largest number of the input with a name, less what
// tracing added to that; false where it is no tensor of whole numbers with
// signs, is empty or can't be read.
func (s *Sample) Largest(name string) (int64, bool) {
	at := 0
	for _, in := range s.Inputs {
		if baseName(in.Name) == name && in.Value.Kind == protocol.Tensor {
			return s.tensors[at].largest()
		}
		at += tensorsIn(in.Value)
	}
	return 0, false
}

// LargestNumbers lists the inputs that Largest knows of: "input_ids 3, segment_ids 0".
func (s *Sample) LargestNumbers() string {
	const most = 8
	var all []string
	at := 0
	for _, in := range s.Inputs {
		if in.Value.Kind == protocol.Tensor {
			if n, ok := s.tensors[at].largest(); ok {
				all = append(all, fmt.Sprintf("%s %d", clip(in.Name, 100), n))
			}
		}
		at += tensorsIn(in.Value)
	}
	if len(all) > most {
		all = append(all[:most], "…")
	}
	return strings.Join(all, ", ")
}

func tensorsIn(v protocol.Value) int {
	if v.Kind == protocol.Tensor {
		return 1
	}
	n := 0
	for _, item := range v.Items {
		n += tensorsIn(item)
	}
	return n
}

func (t tensor) largest() (int64, bool) {
	read := map[string]func([]byte) int64{
		"int64": func(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) },
		"int32": func(b []byte) int64 { return int64(int32(binary.LittleEndian.Uint32(b))) },
	}[t.dtype]
	if read == nil || t.size == 0 {
		return 0, false
	}
	width, _ := protocol.ElementSize(t.dtype)
	m := &maximum{most: math.MinInt64, width: int(width), read: read}
	err := t.writeTo(m)
	return m.most, err == nil
}

// maximum keeps the largest of the numbers that are written to it.
type maximum struct {
	most  int64
	width int
	read  func([]byte) int64
	rest  []byte // of a number that is not whole yet
}

func (m *maximum) Write(p []byte) (int, error) {
	n := len(p)
	if len(m.rest) > 0 {
		p = append(m.rest, p...)
	}
	for ; len(p) >= m.width; p = p[m.width:] {
		m.most = max(m.most, m.read(p))
	}
	m.rest = append([]byte(nil), p...)
	return n, nil
}
