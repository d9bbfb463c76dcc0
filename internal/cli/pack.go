package cli

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"go-model-archiver/archiver"
	"go-model-archiver/internal/report"
	"go-model-archiver/validate"
	"go-model-archiver/validate/rules"
)

// packing is one run of the root command: what was asked, and the report.
type packing struct {
	*request
	report *validate.Report
	output *output
}

func pack(c *cli.Context) error {
	r, err := parsePack(c)
	if err != nil {
		return err
	}
	out, err := newOutput(c.App.Writer, c.App.ErrWriter, &r.wishes)
	if err != nil {
		return err
	}
	p := &packing{
		request: r,
		report:  r.newReport(filepath.Join(r.spec.ExportPath, r.spec.ModelName+r.spec.Format.Extension())),
		output:  out,
	}
	err = out.show(p.report, p.run(c.Context), report.JSON)
	return errors.Join(err, out.write(p.report))
}

func (p *packing) run(ctx context.Context) error {
	plan, err := archiver.NewPlan(ctx, p.spec)
	if err != nil {
		return err
	}
	defer plan.Close()
	p.add(planFindings(plan))
	if p.dryRun {
		p.report.Plan = planned(plan)
		return nil
	}
	check, err := validate.NewCheck(subject(plan))
	if err != nil {
		return err
	}
	p.add(check.Findings)
	p.add(p.targetFindings(check))
	if p.refusal() == nil {
		err = p.testAndWrite(ctx, plan, check)
	} else {
		// Nothing will be written; the list of what is wrong is completed.
		scan := scanPickles(ctx, check)
		p.test(ctx, check)
		err = scan.join(p.report)
	}
	if refusal := p.refusal(); refusal != nil && ctx.Err() == nil {
		p.add(check.VerifyChecksums(ctx))
		return errors.Join(refusal, withoutCause(err, refusal))
	}
	return err
}

// testAndWrite runs the load test and the search for pickles while the archive
// is written to its temporary file; when one of them fails, the writer is
// stopped, and when that fails, they are.
func (p *packing) testAndWrite(ctx context.Context, plan *archiver.Plan, check *validate.Check) error {
	checkCtx, stopChecks := context.WithCancel(ctx)
	defer stopChecks()
	writeCtx, stopWrite := context.WithCancelCause(ctx)
	defer stopWrite(nil)

	shown := newProgress(p.output.stderr, p.progress)
	defer shown.stop()
	shown.archiving(plan)
	if !p.loadTest.Off && plan.Serialized() != nil {
		shown.testing(p.loadTest.Timeout)
	}
	scan := scanPickles(checkCtx, check)
	tested := make(chan struct{})
	go func() {
		defer close(tested)
		p.test(checkCtx, check)
		shown.tested()
		if refusal := p.refusal(); refusal != nil {
			stopWrite(refusal)
		}
	}()

	if sums := check.Checksums(); sums != nil {
		plan.Serialized().Tee = sums
	}
	o := archiver.Options{SHA256: p.json || len(p.reports) > 0, Progress: shown.read, Background: tested}
	result, err := archiver.Write(writeCtx, plan, o, func(ctx context.Context) error {
		<-tested
		p.add(check.ChecksumFindings(ctx))
		if err := scan.join(p.report); err != nil {
			return err
		}
		return p.refusal()
	})
	if err != nil {
		if context.Cause(writeCtx) == nil {
			stopChecks()
		}
		<-tested
		_ = scan.join(p.report) // err says what came first
		return err
	}
	p.report.Archive = &validate.Archive{
		Path: result.Path, Size: result.Size, SHA256: result.SHA256, Format: string(result.Format),
	}
	return nil
}

// test load-tests the model, or says that it is not to be.
func (p *packing) test(ctx context.Context, check *validate.Check) {
	result, findings := check.LoadTest(ctx, p.loadTest)
	p.report.LoadTest = result
	if ctx.Err() == nil {
		p.add(findings)
		p.add(check.OutputFindings(result))
	}
}

func (p *packing) add(findings []rules.Finding) { p.report.Add(findings...) }

// refusal says why the archive must not be written, or nil.
func (p *packing) refusal() error { return refusal(p.report) }

// withoutCause is err, or nil where err only says that the refusal ended it.
func withoutCause(err, refusal error) error {
	if errors.Is(err, refusal) || errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
