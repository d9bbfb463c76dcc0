// Package report prints a validate.Report: as text for people, and as JSON,
// JUnit and SARIF for machines.
package report

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"go-model-archiver/validate"
)

// Form writes reports as one file.
type Form func(w io.Writer, reports ...*validate.Report) error

// For returns the form that the ending of path names: JSON for .json, JUnit
// for .xml, SARIF for .sarif.
func For(path string) (Form, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".json":
		return JSON, nil
	case ".xml":
		return JUnit, nil
	case ".sarif":
		return SARIF, nil
	default:
		return nil, fmt.Errorf("a report's file name ends in .json, .xml (JUnit) or .sarif, not as %q does", path)
	}
}
