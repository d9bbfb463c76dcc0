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
	request        *request
	files          []*os.File // of --report, in its order
}

// newOutput opens the report files, so that a path that can't be written is
// an error before any work. Their old content stays until finish.
func newOutput(stdout, stderr io.Writer, r *request) (*output, error) {
	o := &output{stdout: stdout, stderr: stderr, request: r}
	for _, path := range r.reports {
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
	report.Findings(o.stderr, name, r.Findings, o.shown)
	if o.request.verbose && r.LoadTest.Error != "" {
		fmt.Fprintf(o.stderr, "libtorch's own message:\n%s\n", r.LoadTest.Error)
	}
	var printed error
	if err == nil || isRefusal(err) || o.request.json {
		printed = o.print(r)
	}
	return errors.Join(err, printed, o.write(r), o.close())
}

// shown: people see every finding, but for --quiet and --json, where stderr
// has the errors alone.
func (o *output) shown(f rules.Finding) bool {
	return f.Severity == rules.Error && !f.Ignored || !o.request.quiet && !o.request.json
}

func (o *output) print(r *validate.Report) error {
	switch {
	case o.request.json:
		return report.JSON(o.stdout, r)
	case o.request.quiet && r.Plan == nil:
		return nil
	default:
		return report.Text(o.stdout, r)
	}
}

func (o *output) write(r *validate.Report) error {
	for i, f := range o.files {
		form, err := report.For(o.request.reports[i])
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
