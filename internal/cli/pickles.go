package cli

import (
	"context"

	"go-model-archiver/validate"
	"go-model-archiver/validate/rules"
)

// pickleScan is a search for pickles that runs beside other work.
type pickleScan struct {
	done     chan struct{}
	findings []rules.Finding
	err      error
}

func scanPickles(ctx context.Context, check *validate.Check) *pickleScan {
	s := &pickleScan{done: make(chan struct{})}
	go func() {
		defer close(s.done)
		s.findings, s.err = check.PickleFindings(ctx)
	}()
	return s
}

// join waits for the end and adds what was found to r, once.
func (s *pickleScan) join(r *validate.Report) error {
	<-s.done
	r.Add(s.findings...)
	s.findings = nil
	return s.err
}
