// Package report prints a validate.Report: as text for people, as JSON for
// machines.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"go-model-archiver/validate"
)

// JSON writes r as indented JSON with a final newline.
func JSON(w io.Writer, r *validate.Report) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(r)
}

// For returns what writes a report in the form that the ending of path names.
func For(path string) (func(io.Writer, *validate.Report) error, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		return JSON, nil
	default:
		return nil, fmt.Errorf("a report's file name ends in .json, not as %q does", path)
	}
}
