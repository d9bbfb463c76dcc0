package report

import (
	"encoding/json"
	"io"

	"go-model-archiver/validate"
)

// JSON writes a report as docs/report.schema.json describes it, indented and
// with a final newline; several reports are written as JSONLines.
func JSON(w io.Writer, reports ...*validate.Report) error {
	if len(reports) != 1 {
		return JSONLines(w, reports...)
	}
	enc := newEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(reports[0])
}

// JSONLines writes one report per line.
func JSONLines(w io.Writer, reports ...*validate.Report) error {
	enc := newEncoder(w)
	for _, r := range reports {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}

func newEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}
