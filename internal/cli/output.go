package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"go-model-archiver/internal/report"
	"go-model-archiver/validate"
	"go-model-archiver/validate/rules"
)

// output is where a run's outcome goes.
type output struct {
	stdout, stderr io.Writer
	wishes         *wishes
}

// newOutput makes a report path that can't be written an error before any
// work. Nothing is created yet: the file may lie in a folder to be archived.
func newOutput(stdout, stderr io.Writer, w *wishes) (*output, error) {
	for _, path := range w.reports {
		if err := writable(path); err != nil {
			return nil, fmt.Errorf("the report %q can't be written: %w", path, err)
		}
	}
	return &output{stdout: stdout, stderr: stderr, wishes: w}, nil
}

func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Dir(path)); err != nil {
			return err
		}
		return unix.Access(filepath.Dir(path), unix.W_OK)
	}
	if err != nil {
		return err
	}
	return f.Close()
}

// show prints the report of a run that ended with err, as JSON in the given
// form, and returns what the exit code is made of.
func (o *output) show(r *validate.Report, err error, asJSON report.Form) error {
	r.Conclude()
	if err != nil && !isRefusal(err) {
		r.Error = err.Error()
	}
	// People see every finding, but for --quiet and --json, where stderr has
	// only those that stop the archive.
	report.Findings(o.stderr, name, r.Findings, func(f rules.Finding) bool {
		return r.Stands(f) || !o.wishes.quiet && !o.wishes.json
	})
	switch text := r.LoadTest.Error; {
	case text == "":
	case o.wishes.verbose:
		fmt.Fprintf(o.stderr, "the whole message of libtorch, or what the worker wrote last:\n%s\n", report.PrintableLines(text))
	case !o.wishes.json && !o.wishes.quiet:
		fmt.Fprintf(o.stderr, "hint: --verbose prints the whole message\n")
	}
	var printed error
	switch {
	case o.wishes.json:
		printed = asJSON(o.stdout, r)
	case err == nil && (!o.wishes.quiet || r.Plan != nil), isRefusal(err) && !o.wishes.quiet:
		printed = report.Text(o.stdout, r)
	}
	return errors.Join(err, printed)
}

// write writes the files of --report.
func (o *output) write(reports ...*validate.Report) error {
	for _, path := range o.wishes.reports {
		form, err := report.For(path)
		if err != nil {
			return err
		}
		if err := writeFile(path, func(w io.Writer) error { return form(w, reports...) }); err != nil {
			return fmt.Errorf("the report %q can't be written: %w", path, err)
		}
	}
	return nil
}

func writeFile(path string, write func(io.Writer) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return write(f)
}

func (w *wishes) newReport(subject string) *validate.Report {
	return validate.NewReport(validate.Tool{Name: name, Version: Version}, subject, w.ignore, w.strict)
}
