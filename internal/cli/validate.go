package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"go-model-archiver/internal/report"
	"go-model-archiver/validate"
	"go-model-archiver/validate/container"
	"go-model-archiver/validate/rules"
)

func validateCommand() *cli.Command {
	flags := append(loadTestFlags(), reportFlags()...)
	return &cli.Command{
		Name:               "validate",
		Usage:              "check archives, no-archive folders, models or a model store",
		CustomHelpTemplate: helpText(validateHead, flags, validateTail),
		Flags:              flags,
		Action:             validatePaths,
	}
}

// nothingFound says that there was nothing to validate: a check that did
// not run.
type nothingFound struct{ path, what string }

func (e *nothingFound) Error() string {
	message := fmt.Sprintf("%q holds no archive and no model to look at", e.path)
	if e.what != "" {
		message += ": it is " + e.what
	}
	return message
}

func validatePaths(c *cli.Context) error {
	w, err := parseWishes(c)
	if err != nil {
		return err
	}
	if !c.Args().Present() {
		return usagef("validate takes the paths to check: .mar, .tar.gz, a no-archive folder, a model file or a model store")
	}
	out, err := newOutput(c.App.Writer, c.App.ErrWriter, w)
	if err != nil {
		return err
	}
	var errs []error
	var reports []*validate.Report
	for _, given := range c.Args().Slice() {
		paths, err := containers(given)
		if err != nil {
			r := w.newReport(given)
			reports = append(reports, r)
			errs = append(errs, out.show(r, err, report.JSONLines))
			continue
		}
		if w.loadTest.SaveOutputs != "" && (len(paths) > 1 || c.NArg() > 1) {
			return usagef("argument --save-outputs: the outputs of one model are saved, and several are to be validated")
		}
		for _, path := range paths {
			r := w.newReport(path)
			if !w.json && !w.quiet {
				fmt.Fprintf(c.App.Writer, "%-9s %s\n", "path", report.Printable(path))
			}
			err := w.validate(c.Context, path, r, newProgress(out.stderr, w.progress))
			if c.Context.Err() != nil {
				return context.Cause(c.Context)
			}
			reports = append(reports, r)
			errs = append(errs, out.show(r, err, report.JSONLines))
		}
	}
	return errors.Join(append(errs, out.write(reports...))...)
}

// validate checks what stands at path and fills r.
func (w *wishes) validate(ctx context.Context, path string, r *validate.Report, shown *progress) error {
	defer shown.stop()
	box, err := container.OpenWithProgress(ctx, path, shown.inflated)
	if err != nil {
		return err
	}
	defer box.Close()
	if what, ok := box.Holds(); !ok {
		return &nothingFound{path, what}
	}
	if err := box.Verify(ctx); err != nil {
		return err
	}
	r.Add(box.Findings...)
	if box.Format != "" {
		r.Archive = &validate.Archive{Path: path, Size: box.Size, Format: string(box.Format)}
	}
	if !box.Readable() {
		return refusal(r)
	}
	s, err := box.Subject(ctx)
	if err != nil {
		return err
	}
	check, err := validate.NewCheck(s)
	if err != nil {
		return err
	}
	r.Add(check.Findings...)
	r.Add(w.targetFindings(check)...)
	if !w.loadTest.Off && s.Model != nil {
		shown.testing(w.loadTest.Timeout)
	}
	var findings, damage, pickles []rules.Finding
	beside(
		func() { r.LoadTest, findings = check.LoadTest(ctx, w.loadTest) },
		func() { pickles, err = check.PickleFindings(ctx) },
		func() { damage = check.VerifyChecksums(ctx) },
	)
	r.Add(findings...)
	r.Add(check.OutputFindings(r.LoadTest)...)
	r.Add(damage...)
	r.Add(pickles...)
	if err != nil {
		return err
	}
	return refusal(r)
}

// targetFindings are those of --target-torch.
func (w *wishes) targetFindings(check *validate.Check) []rules.Finding {
	if w.target == nil {
		return nil
	}
	return check.TargetFindings(*w.target)
}

// refusal says why a model does not pass, or nil.
func refusal(r *validate.Report) error {
	switch {
	case r.Failed():
		return errNotPassed
	case r.Inconclusive():
		return errInconclusive
	}
	return nil
}
