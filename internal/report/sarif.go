package report

import (
	"encoding/json"
	"io"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"go-model-archiver/validate"
	"go-model-archiver/validate/rules"
)

const sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"

// The part of SARIF 2.1.0 that a report needs, named as the standard does.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"`
		Properties  sarifProperties   `json:"properties"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string       `json:"id"`
		ShortDescription sarifMessage `json:"shortDescription"`
		Help             sarifMessage `json:"help"`
		Default          sarifDefault `json:"defaultConfiguration"`
	}
	sarifDefault struct {
		Level rules.Severity `json:"level"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   rules.Severity `json:"level"`
		Message sarifMessage   `json:"message"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		RuleIndex int             `json:"ruleIndex"`
		Level     rules.Severity  `json:"level"`
		Message   sarifMessage    `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
		// Suppressions stand in every result of a run or in none (3.27.23).
		Suppressions []sarifSuppression `json:"suppressions"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
	}
	sarifArtifact struct {
		URI string `json:"uri"`
	}
	sarifSuppression struct {
		Kind          string `json:"kind"`
		Justification string `json:"justification"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifProperties struct {
		Verdict validate.Verdict `json:"verdict"`
	}
)

// SARIF writes each report as a run of a SARIF 2.1.0 log, with the rules that
// found something. Ignored findings are suppressed results.
func SARIF(w io.Writer, reports ...*validate.Report) error {
	log := sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{}}
	for _, r := range reports {
		log.Runs = append(log.Runs, run(r))
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(log)
}

func run(r *validate.Report) sarifRun {
	out := sarifRun{
		Tool:        sarifTool{sarifDriver{Name: r.Tool.Name, Version: r.Tool.Version, Rules: []sarifRule{}}},
		Invocations: []sarifInvocation{invocation(r)},
		Results:     []sarifResult{},
		Properties:  sarifProperties{r.Verdict},
	}
	for _, f := range r.Findings {
		known := &out.Tool.Driver.Rules
		i := slices.IndexFunc(*known, func(x sarifRule) bool { return x.ID == f.Rule })
		if i < 0 {
			i = len(*known)
			*known = append(*known, descriptor(f))
		}
		out.Results = append(out.Results, result(f, i))
	}
	return out
}

func invocation(r *validate.Report) sarifInvocation {
	out := sarifInvocation{Successful: r.Error == ""}
	if r.Error != "" {
		out.Notifications = []sarifNotification{{Level: rules.Error, Message: message(r.Error)}}
	}
	return out
}

func descriptor(f rules.Finding) sarifRule {
	rule, _ := rules.Lookup(f.Rule)
	help := "such as: " + rule.Example
	if len(rule.Preempts) > 0 {
		help += "\nin production: " + strings.Join(rule.Preempts, "\nor: ")
	}
	return sarifRule{
		ID: f.Rule, ShortDescription: message(rule.Summary), Help: message(help), Default: sarifDefault{rule.Severity},
	}
}

func result(f rules.Finding, index int) sarifResult {
	text := Printable(f.Message)
	if f.Hint != "" {
		text += "\nhint: " + Printable(f.Hint)
	}
	out := sarifResult{
		RuleID: f.Rule, RuleIndex: index, Level: f.Severity, Message: message(text), Suppressions: []sarifSuppression{},
	}
	if f.File != "" {
		out.Locations = []sarifLocation{{sarifPhysical{sarifArtifact{location(f.File)}}}}
	}
	if f.Ignored {
		out.Suppressions = append(out.Suppressions, sarifSuppression{Kind: "external", Justification: "--ignore"})
	}
	return out
}

// Braces stand for placeholders in SARIF's messages (3.11.5).
var doubleBraces = strings.NewReplacer("{", "{{", "}", "}}")

func message(text string) sarifMessage {
	return sarifMessage{doubleBraces.Replace(PrintableLines(text))}
}

// location is the URI of a file: a relative reference unless path is absolute.
func location(path string) string {
	u := url.URL{Path: filepath.ToSlash(path)}
	if filepath.IsAbs(path) {
		u.Scheme = "file"
	}
	return u.String()
}
