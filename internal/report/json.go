package report

import (
	"encoding/json"
	"io"

	"go-model-archiver/validate"
)

// JSON writes a report as docs/report.schema.json describes it, indented and
// with a final newline; several reports are written one per line.
func JSON(w io.Writer, reports ...*validate.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if len(reports) == 1 {
		enc.SetIndent("", "  ")
	}
	for _, r := range reports {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	return nil
}
