package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"

	"go-model-archiver/manifest"
	"go-model-archiver/validate"
)

// maxTensors bounds how many tensors the text lists; JSON has them all.
const maxTensors = 15

// Inspection writes what an archive or a model holds, for people.
func Inspection(w io.Writer, in *validate.Inspection) error {
	t := newTable()
	if in.Format != "" {
		t.row("archive", in.Path+", "+size(in.Size)+", "+in.Format)
	}
	if in.Manifest != nil {
		t.manifest(in.Manifest)
	}
	for i, e := range in.Entries {
		columns := []string{e.Name, size(e.Size)}
		if e.Compressed > 0 && e.Size > 0 {
			columns = append(columns, fmt.Sprintf("%.0f %%", 100*float64(e.Compressed)/float64(e.Size)))
		}
		t.row(label("entries", i), columns...)
	}
	if in.Model != nil {
		t.model(in.Model)
	}
	if in.Inflated > 0 {
		t.row("inflated", size(in.Inflated)+" to look into the model: an archive of ours, or a stored one, needs none of it")
	}
	_, err := io.WriteString(w, t.text())
	return err
}

func (t *table) manifest(m *manifest.Manifest) {
	t.row("model", strings.TrimSpace(m.Model.ModelName+" "+m.Model.ModelVersion))
	t.row("handler", m.Model.Handler+", runtime "+string(m.Runtime))
	if m.CreatedOn != "" {
		t.row("created", m.CreatedOn+" by an archiver of format "+m.ArchiverVersion)
	}
}

func (t *table) model(m *validate.InspectedModel) {
	kind := m.Words
	if m.Detail != "" {
		kind += ": " + m.Detail
	}
	if m.FormatVersion > 0 {
		kind += fmt.Sprintf(", file format %d", m.FormatVersion)
	}
	if m.MinPyTorch != "" {
		kind += fmt.Sprintf(", read by PyTorch %s and later", m.MinPyTorch)
	}
	t.row("file", m.File+", "+size(m.Size))
	t.row("kind", kind)
	if m.Forward != nil {
		t.row("forward", signature(*m.Forward))
	}
	for i, f := range m.Methods {
		t.row(label("methods", i), f.Name+signature(f.Signature))
	}
	if m.ByteOrder == "big" {
		t.row("order", "the bytes of its tensors are big-endian")
	}
	if m.Training {
		t.row("mode", "saved in training mode")
	}
	t.tensors(m)
	for _, list := range []struct {
		label string
		words []string
	}{
		{"devices", m.Devices}, {"in code", m.CodeDevices}, {"classes", m.CustomClasses}, {"operators", m.Operators},
	} {
		if len(list.words) > 0 {
			t.row(list.label, strings.Join(list.words, " "))
		}
	}
	if m.DebugSize > 0 {
		t.row("debug", fmt.Sprintf("%s, %.1f %% of the file, are debug records", size(m.DebugSize), 100*float64(m.DebugSize)/float64(m.Size)))
	}
}

func (t *table) tensors(m *validate.InspectedModel) {
	all := m.Largest()
	if len(all) == 0 {
		return
	}
	var total int64
	for i, v := range all {
		if v.Shared == "" {
			total += v.Bytes
		}
		if i < maxTensors {
			columns := []string{v.Name, v.DType + dims(v.Shape), size(v.Bytes), v.Device}
			if v.Shared != "" {
				columns = append(columns, "in the storage of "+v.Shared)
			}
			t.row(label("tensors", i), columns...)
		}
	}
	if more := len(all) - maxTensors; more > 0 {
		t.row("", fmt.Sprintf("… and %s more (--json lists them all)", humanize.Comma(int64(more))))
	}
	t.row("total", fmt.Sprintf("%d parameters, %d buffers, %d others: %s", len(m.Parameters), len(m.Buffers), len(m.Others), size(total)))
}

func signature(s validate.Signature) string {
	parts := make([]string, len(s.Arguments))
	for i, a := range s.Arguments {
		parts[i] = a.Name + ": " + a.Type
		if a.Default != nil {
			parts[i] += " = " + *a.Default
		}
	}
	return "(" + strings.Join(parts, ", ") + ") -> " + s.Returns
}
