package validate

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/torchscript"
)

// Inspection is what an archive or a model file holds.
type Inspection struct {
	SchemaVersion int    `json:"schemaVersion"`
	Path          string `json:"path"`
	// Format is the archive's, or "" for a bare model file.
	Format   string             `json:"format"`
	Size     int64              `json:"size"` // bytes
	Manifest *manifest.Manifest `json:"manifest"`
	Entries  []InspectedEntry   `json:"entries"`
	// Inflated is how many bytes had to be inflated to look into the model; 0
	// where it could be read where it lies.
	Inflated int64 `json:"inflated"`
	// Model is nil where there is no serialized file.
	Model *InspectedModel `json:"model"`
	// Findings say what is wrong with the archive, as far as it was looked at.
	Findings []rules.Finding `json:"findings"`
}

// InspectedEntry is one file of an archive.
type InspectedEntry struct {
	Name string `json:"name"`
	Size int64  `json:"size"` // bytes
	// Compressed is what the entry takes in the archive, in bytes; that of a
	// tgz's entry is not known and 0.
	Compressed int64 `json:"compressed"`
}

// InspectedModel is what a serialized file holds; all but the first fields
// are of TorchScript alone.
type InspectedModel struct {
	File string `json:"file"`
	Kind string `json:"kind"`
	// Damage is what makes the file useless, such as "truncated", and Detail
	// says more; both are empty where nothing does.
	Damage string `json:"damage,omitempty"`
	Detail string `json:"detail,omitempty"`
	// Words say the kind to people.
	Words         string `json:"-"`
	Size          int64  `json:"size"` // bytes
	FormatVersion int    `json:"formatVersion,omitempty"`
	MinPyTorch    string `json:"minPyTorch,omitempty"`
	// ByteOrder is "little" or "big", or "" where the file does not say.
	ByteOrder string     `json:"byteOrder,omitempty"`
	Training  bool       `json:"training"`
	Forward   *Signature `json:"forward"`
	// Methods are the root module's others.
	Methods []InspectedMethod `json:"methods"`
	// Parameters, Buffers and Others stand in the model's own order.
	Parameters    []InspectedTensor `json:"parameters"`
	Buffers       []InspectedTensor `json:"buffers"`
	Others        []InspectedTensor `json:"others"`
	Operators     []string          `json:"operators"`
	CustomClasses []string          `json:"customClasses"`
	// Devices are those of tensors, CodeDevices those baked into the code.
	Devices     []string `json:"devices"`
	CodeDevices []string `json:"codeDevices"`
	DebugSize   int64    `json:"debugSize"` // bytes
}

// Signature is how forward is declared.
type Signature struct {
	Arguments []protocol.Argument `json:"arguments"`
	Returns   string              `json:"returns"`
}

// InspectedMethod is a method of the root module.
type InspectedMethod struct {
	Name string `json:"name"`
	Signature
}

// InspectedTensor is one tensor of a model.
type InspectedTensor struct {
	Name   string  `json:"name"`
	DType  string  `json:"dtype"`
	Shape  []int64 `json:"shape"`
	Device string  `json:"device"`
	Bytes  int64   `json:"bytes"`
	// Shared is the name of an earlier tensor in the same storage, or "".
	Shared string `json:"shared,omitempty"`
}

// InspectModel looks into a serialized file of a size; path names it. A file
// that is damaged or no TorchScript is told of by its kind.
func InspectModel(r io.ReaderAt, size int64, path string) (*InspectedModel, error) {
	id, err := torchscript.Identify(r, size, path)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", path, err)
	}
	out := &InspectedModel{
		File: path, Kind: string(id.Kind), Damage: string(id.Damage), Detail: id.Detail, Words: id.Words, Size: size,
		Methods: []InspectedMethod{}, Parameters: []InspectedTensor{}, Buffers: []InspectedTensor{}, Others: []InspectedTensor{},
		Operators: []string{}, CustomClasses: []string{}, Devices: []string{}, CodeDevices: []string{},
	}
	if !id.Loadable {
		return out, nil
	}
	m, err := torchscript.Open(r, size)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", path, err)
	}
	out.FormatVersion, out.MinPyTorch, out.Training, out.DebugSize = m.FormatVersion, m.MinPyTorch, m.Training, m.DebugSize
	out.Operators = append(out.Operators, m.Operators...)
	out.CustomClasses = append(out.CustomClasses, m.CustomClasses...)
	out.Devices = append(out.Devices, m.Devices()...)
	out.CodeDevices = append(out.CodeDevices, m.CodeDevices...)
	out.ByteOrder = m.ByteOrder
	for _, f := range m.Methods {
		s := Signature{Arguments: slices.Concat([]protocol.Argument{}, f.Arguments), Returns: f.Returns}
		if f.Name == "forward" {
			out.Forward = &s
		} else {
			out.Methods = append(out.Methods, InspectedMethod{f.Name, s})
		}
	}
	for _, t := range m.Tensors {
		view := InspectedTensor{Name: t.Name, DType: t.DType, Shape: t.Shape, Device: t.Device, Bytes: t.Bytes, Shared: t.Shared}
		switch t.Role {
		case torchscript.Parameter:
			out.Parameters = append(out.Parameters, view)
		case torchscript.Buffer:
			out.Buffers = append(out.Buffers, view)
		default:
			out.Others = append(out.Others, view)
		}
	}
	return out, nil
}

// Largest returns all tensors, the largest first.
func (m *InspectedModel) Largest() []InspectedTensor {
	all := slices.Concat(m.Parameters, m.Buffers, m.Others)
	slices.SortStableFunc(all, func(a, b InspectedTensor) int { return cmp.Compare(b.Bytes, a.Bytes) })
	return all
}
