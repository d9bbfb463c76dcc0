package torchscript

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxSafeTensorsHeader is the bound that the safetensors library sets itself;
// headers up to readSafeTensorsHeader are read to compare sizes.
const (
	maxSafeTensorsHeader  = 100_000_000
	readSafeTensorsHeader = 2 << 20
)

// safetensors knows the format of github.com/huggingface/safetensors: the
// length of a JSON header in 8 bytes, the header, and the tensors' bytes.
func (f file) safetensors() (Identity, bool, error) {
	if len(f.head) < 10 || f.head[8] != '{' {
		return Identity{}, false, nil
	}
	n := binary.LittleEndian.Uint64(f.head)
	if n < 2 || n > maxSafeTensorsHeader {
		return Identity{}, false, nil
	}
	start := f.head[8:min(uint64(len(f.head)), 8+n)]
	sure := bytes.Contains(start, []byte(`"dtype":`)) || bytes.Contains(start, []byte(`"__metadata__":`)) || n == 2
	if !sure && f.ext != ".safetensors" {
		return Identity{}, false, nil
	}
	id := identity(SafeTensors)
	if int64(n) > f.size-8 {
		return id.damaged(DamageTruncated, fmt.Sprintf("its header says %d bytes, and %d follow", n, f.size-8)), true, nil
	}
	if n > readSafeTensorsHeader {
		return id, true, nil
	}
	end, err := safetensorsEnd(io.NewSectionReader(f.r, 8, int64(n)))
	if err != nil {
		return Identity{}, false, err
	}
	if have := f.size - 8 - int64(n); end > have {
		return id.damaged(DamageTruncated, fmt.Sprintf("its tensors need %d bytes, and %d are there", end, have)), true, nil
	}
	return id, true, nil
}

// safetensorsEnd returns the highest end of a tensor that a header tells, 0
// where it is no such JSON.
func safetensorsEnd(r io.Reader) (int64, error) {
	d := json.NewDecoder(r)
	end := int64(0)
	depth, offsets := 0, false
	for {
		token, err := d.Token()
		var syntax *json.SyntaxError
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax):
			return end, nil
		case err != nil:
			return 0, err
		}
		switch token := token.(type) {
		case json.Delim:
			if token == '{' || token == '[' {
				depth++
			} else {
				depth--
				offsets = false
			}
		case string:
			offsets = depth == 2 && token == "data_offsets"
		case float64:
			if offsets && depth == 3 && token < 1<<53 {
				end = max(end, int64(token))
			}
		}
	}
}

// onnxFields is more than stand before the graph in any ONNX model.
const onnxFields = 16

// onnx knows the protocol buffer ModelProto of github.com/onnx/onnx: its
// fields come in order, ir_version first, then who made it, then the graph.
func (f file) onnx() (Identity, bool, error) {
	const irVersion, producer, graph, opset = 1, 2, 7, 8
	sure := f.ext == ".onnx"
	at, last := int64(0), 0
	for range onnxFields {
		p, err := f.protoField(at)
		switch {
		case err != nil:
			return Identity{}, false, err
		case p.number < last || last == 0 && (p.number != irVersion || p.wire != 0 || p.value > 1000):
			return Identity{}, false, nil
		case p.number == producer && p.wire == 2 && p.value < 256:
			sure = true
		case p.number == graph || p.number == opset:
			if p.wire != 2 || !sure {
				return Identity{}, false, nil
			}
			id := identity(ONNX)
			if p.next > f.size {
				have := f.size - (p.next - int64(p.value))
				id = id.damaged(DamageTruncated, fmt.Sprintf("its graph needs %d bytes, and %d are there", p.value, have))
			}
			return id, true, nil
		}
		if p.number == 0 || p.number > opset || p.next > f.size {
			return Identity{}, false, nil
		}
		at, last = p.next, p.number
	}
	return Identity{}, false, nil
}

// protoField is a field of a protocol buffer: its number, 0 where there is
// none, its wire type, its value or length, and where the next one is.
type protoField struct {
	number, wire int
	value        uint64
	next         int64
}

// protoField reads the key of the field at a byte.
func (f file) protoField(at int64) (protoField, error) {
	buf := make([]byte, min(20, f.size-at))
	if err := readFull(f.r, buf, at); err != nil {
		return protoField{}, err
	}
	key, n := binary.Uvarint(buf)
	value, m := binary.Uvarint(buf[max(n, 0):])
	if n <= 0 || m <= 0 || key > 1<<16 || value > 1<<62-1 {
		return protoField{}, nil
	}
	p := protoField{number: int(key >> 3), wire: int(key & 7), value: value, next: at + int64(n+m)}
	switch p.wire {
	case 0:
	case 2:
		p.next += int64(value)
	default:
		return protoField{}, nil
	}
	return p, nil
}

// elfScan is how much of a shared library's start is searched for the name
// that AOTInductor's libraries export: the table of names comes first.
const elfScan = 8 << 20

// elf tells a library compiled by AOTInductor from other ELF files.
func (f file) elf() (Identity, bool, error) {
	if !f.hasPrefix("\x7fELF") || len(f.head) < 64 {
		return Identity{}, false, nil
	}
	id := identity(SharedLibrary)
	if f.head[4] == 2 && f.head[5] == 1 {
		le := binary.LittleEndian
		if le.Uint16(f.head[16:]) != 3 {
			id.Words = "an ELF file"
		}
		sections := le.Uint64(f.head[40:])
		size := uint64(le.Uint16(f.head[58:])) * uint64(le.Uint16(f.head[60:]))
		if sections > uint64(f.size) || size > uint64(f.size)-sections {
			return id.damaged(DamageTruncated, fmt.Sprintf("its section headers at byte %d lie after its end", sections)), true, nil
		}
	}
	found, err := f.contains("AOTInductorModelContainer", elfScan)
	if found {
		id = identity(Compiled)
	}
	return id, err == nil, err
}

// contains searches the file's first bytes for a text.
func (f file) contains(text string, limit int64) (bool, error) {
	const chunk = 64 << 10
	buf := make([]byte, chunk+len(text))
	for at := int64(0); at < min(f.size, limit); at += chunk {
		part := buf[:min(int64(len(buf)), f.size-at)]
		if err := readFull(f.r, part, at); err != nil {
			return false, err
		}
		if bytes.Contains(part, []byte(text)) {
			return true, nil
		}
	}
	return false, nil
}
