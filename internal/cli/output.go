package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"go-model-archiver/internal/report"
	"go-model-archiver/validate"
	"go-model-archiver/validate/rules"
)

// output is where a run's outcome goes.
type output struct {
	stdout, stderr io.Writer
	wishes         *wishes
	files          []*os.File // of --report, in its order
}

// newOutput opens the report files, so that a path that can't be written is
// an error before any work. Their old content stays until finish.
func newOutput(stdout, stderr io.Writer, w *wishes) (*output, error) {
	o := &output{stdout: stdout, stderr: stderr, wishes: w}
	for _, path := range w.reports {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o666)
		if err != nil {
			o.close()
			return nil, fmt.Errorf("the report can't be written: %w", err)
		}
		o.files = append(o.files, f)
	}
	return o, nil
}

func (o *output) close() error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// finish prints the report of a run that ended with err, and returns what the
// exit code is made of.
func (o *output) finish(r *validate.Report, err error) error {
	r.Conclude()
	if err != nil && !isRefusal(err) {
		r.Error = err.Error()
	}
	// People see every finding, but for --quiet and --json, where stderr has
	// only those that stop the archive.
	report.Findings(o.stderr, name, r.Findings, func(f rules.Finding) bool {
		return r.Stands(f) || !o.wishes.quiet && !o.wishes.json
	})
	if o.wishes.verbose && r.LoadTest.Error != "" {
		fmt.Fprintf(o.stderr, "libtorch's own message:\n%s\n", r.LoadTest.Error)
	}
	var printed error
	if err == nil || isRefusal(err) || o.wishes.json {
		printed = o.print(r)
	}
	return errors.Join(err, printed, o.write(r), o.close())
}

func (o *output) print(r *validate.Report) error {
	switch {
	case o.wishes.json:
		return report.JSON(o.stdout, r)
	case o.wishes.quiet && r.Plan == nil:
		return nil
	default:
		return report.Text(o.stdout, r)
	}
}

func (o *output) write(r *validate.Report) error {
	for i, f := range o.files {
		form, err := report.For(o.wishes.reports[i])
		if err != nil {
			return err
		}
		if err := f.Truncate(0); err != nil && !isDevice(f) {
			return fmt.Errorf("the report can't be written: %w", err)
		}
		if err := form(f, r); err != nil {
			return fmt.Errorf("the report can't be written: %w", err)
		}
	}
	return nil
}

// isDevice is true of /dev/stdout and the like, which can't be truncated.
func isDevice(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && !info.Mode().IsRegular()
}

func (w *wishes) newReport() *validate.Report {
	return validate.NewReport(validate.Tool{Name: name, Version: Version}, w.ignore, w.strict)
}
