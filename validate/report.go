// Package validate runs every check on a model and its archive and collects
// what they find in a Report.
package validate

import (
	"slices"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// SchemaVersion is the version of the Report's JSON form; fields may be added
// without changing it.
const SchemaVersion = 1

// Verdict sums a report up.
type Verdict string

// A model is Passed when its load test ran to the end and nothing stands
// against it, Failed when something does, and NotChecked when it was not run.
const (
	Passed     Verdict = "passed"
	Failed     Verdict = "failed"
	NotChecked Verdict = "not-checked"
)

// Archive describes a finished archive.
type Archive struct {
	Path   string `json:"path"`
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
	Format string `json:"format"`
}

// PlannedEntry is one entry of an archive that --dry-run would write.
type PlannedEntry struct {
	Name   string `json:"name"`
	Source string `json:"source"` // "" for what the archiver makes itself
	Size   int64  `json:"size"`   // bytes
}

// Plan is what --dry-run would write.
type Plan struct {
	Destination string         `json:"destination"`
	Entries     []PlannedEntry `json:"entries"`
}

// Tool names what made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Report is the outcome of one run.
type Report struct {
	SchemaVersion int  `json:"schemaVersion"`
	Tool          Tool `json:"tool"`
	// Subject is the archive to be written or the path that was validated.
	Subject string  `json:"subject"`
	Verdict Verdict `json:"verdict"`
	// Archive is nil when none was written.
	Archive  *Archive         `json:"archive"`
	Findings []rules.Finding  `json:"findings"`
	LoadTest *loadtest.Result `json:"loadTest"`
	// Plan is set by a dry run alone.
	Plan *Plan `json:"plan,omitempty"`
	// Error is what stopped the run where no rule did: a missing file, a name
	// clash, a full disk.
	Error string `json:"error,omitempty"`

	ignore []string
	strict bool
}

// NewReport returns a report on subject of nothing checked yet. Findings whose rule is in
// ignore, which may hold "*", will be marked as ignored; strict lets warnings
// fail as errors do.
func NewReport(tool Tool, subject string, ignore []string, strict bool) *Report {
	return &Report{
		SchemaVersion: SchemaVersion,
		Tool:          tool,
		Subject:       subject,
		Verdict:       NotChecked,
		Findings:      []rules.Finding{},
		LoadTest:      loadtest.NotRun(),
		ignore:        ignore,
		strict:        strict,
	}
}

// Add adds findings.
func (r *Report) Add(findings ...rules.Finding) {
	for _, f := range findings {
		f.Ignored = slices.Contains(r.ignore, "*") || slices.Contains(r.ignore, f.Rule)
		r.Findings = append(r.Findings, f)
	}
}

// Failed says that an error stands that is not ignored.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Findings, func(f rules.Finding) bool { return r.Stands(f) && !inconclusive(f) })
}

// Inconclusive says that a required check could not be run here and that this
// is not ignored.
func (r *Report) Inconclusive() bool {
	return slices.ContainsFunc(r.Findings, func(f rules.Finding) bool { return r.Stands(f) && inconclusive(f) })
}

// Stands says that a finding stops the archive: an error, or a warning where
// the report is strict, that is not ignored.
func (r *Report) Stands(f rules.Finding) bool {
	return !f.Ignored && (f.Severity == rules.Error || r.strict && f.Severity == rules.Warning)
}

func inconclusive(f rules.Finding) bool {
	rule, _ := rules.Lookup(f.Rule)
	return rule.Inconclusive
}

// Conclude sets the verdict from the findings and the load test.
func (r *Report) Conclude() {
	switch {
	case r.Failed():
		r.Verdict = Failed
	case r.LoadTest.Stage == protocol.StageDone && !r.Inconclusive():
		r.Verdict = Passed
	default:
		r.Verdict = NotChecked
	}
}
