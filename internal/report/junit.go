package report

import (
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"go-model-archiver/validate"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// The elements and attributes that Jenkins and GitLab read; there is no
// official schema of JUnit's XML.
type (
	junitSuites struct {
		XMLName xml.Name `xml:"testsuites"`
		junitCounts
		Suites []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name string `xml:"name,attr"`
		junitCounts
		Properties []junitProperty `xml:"properties>property"`
		Cases      []junitCase     `xml:"testcase"`
	}
	junitCounts struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
		Errors   int `xml:"errors,attr"`
		Skipped  int `xml:"skipped,attr"`
	}
	junitProperty struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	junitCase struct {
		Name      string       `xml:"name,attr"`
		Classname string       `xml:"classname,attr"`
		File      string       `xml:"file,attr,omitempty"`
		Time      string       `xml:"time,attr"` // seconds
		Skipped   *junitResult `xml:"skipped"`
		Error     *junitResult `xml:"error"`
		Failure   *junitResult `xml:"failure"`
		SystemOut string       `xml:"system-out,omitempty"`
		SystemErr string       `xml:"system-err,omitempty"`
	}
	junitResult struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes each report as a test suite: the load test and every rule that
// found something are its test cases. What stops the archive is a failure, or
// an error if it could not be tested here; ignored findings are skipped tests,
// others the output of tests that passed.
func JUnit(w io.Writer, reports ...*validate.Report) error {
	var all junitSuites
	for _, r := range reports {
		s := suite(r)
		all.Suites = append(all.Suites, s)
		all.Tests += s.Tests
		all.Failures += s.Failures
		all.Errors += s.Errors
		all.Skipped += s.Skipped
	}
	text, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, text)
	return err
}

func suite(r *validate.Report) junitSuite {
	s := junitSuite{Name: Printable(r.Subject), Properties: properties(r)}
	s.add(loadTestCase(r.LoadTest))
	for _, findings := range byRule(r.Findings) {
		s.add(ruleCase(r, findings))
	}
	if r.Error != "" {
		first, _, _ := strings.Cut(r.Error, "\n")
		s.add(junitCase{Name: "run", Error: &junitResult{
			Message: Printable(first), Type: "error", Text: PrintableLines(r.Error),
		}})
	}
	return s
}

func properties(r *validate.Report) []junitProperty {
	var out []junitProperty
	add := func(name, value string) {
		if value != "" {
			out = append(out, junitProperty{name, Printable(value)})
		}
	}
	add("tool", r.Tool.Name+" "+r.Tool.Version)
	add("verdict", string(r.Verdict))
	add("libtorch", r.LoadTest.Libtorch)
	if r.Archive != nil {
		add("archive", r.Archive.Path)
		add("sha256", r.Archive.SHA256)
	}
	return out
}

func (s *junitSuite) add(c junitCase) {
	c.Classname = s.Name
	if c.Time == "" {
		c.Time = junitTime(0)
	}
	s.Cases = append(s.Cases, c)
	s.Tests++
	switch {
	case c.Skipped != nil:
		s.Skipped++
	case c.Error != nil:
		s.Errors++
	case c.Failure != nil:
		s.Failures++
	}
}

// loadTestCase passes only after a complete load test. Why one stopped is for
// the cases of the rules to say, so that it counts once.
func loadTestCase(l *loadtest.Result) junitCase {
	t := newTable()
	t.loadTest(l)
	c := junitCase{
		Name: "load test", Time: junitTime(l.LoadSeconds + l.ForwardSeconds),
		SystemOut: t.text(), SystemErr: PrintableLines(l.Error),
	}
	switch doing := doing(l.Stage); {
	case l.Stage == protocol.StageDone:
	case l.Stage == protocol.StageNone:
		c.Skipped = &junitResult{Message: "the model was not run"}
	case l.Stage == protocol.StageLoad && l.LoadSeconds > 0:
		c.Skipped = &junitResult{Message: "the model was loaded and not run"}
	default:
		c.Skipped = &junitResult{Message: "stopped while " + doing}
	}
	return c
}

// byRule groups findings by their rules, in the order of their first ones.
func byRule(findings []rules.Finding) [][]rules.Finding {
	var out [][]rules.Finding
	for _, f := range findings {
		i := slices.IndexFunc(out, func(g []rules.Finding) bool { return g[0].Rule == f.Rule })
		if i < 0 {
			out = append(out, []rules.Finding{f})
		} else {
			out[i] = append(out[i], f)
		}
	}
	return out
}

// ruleCase makes one case of all findings of a rule: of several failures in a
// case, Jenkins and GitLab show the first alone.
func ruleCase(r *validate.Report, findings []rules.Finding) junitCase {
	var lines []string
	for _, f := range findings {
		lines = append(lines, describe(f))
	}
	// The finding that decides is the one to show.
	shown := findings[0]
	if i := slices.IndexFunc(findings, r.Stands); i >= 0 {
		shown = findings[i]
	}
	rule, _ := rules.Lookup(shown.Rule)
	c := junitCase{Name: Printable(shown.Rule), File: Printable(shown.File)}
	result := &junitResult{Message: Printable(shown.Message), Type: c.Name, Text: strings.Join(lines, "\n")}
	if n := len(findings) - 1; n > 0 {
		result.Message += fmt.Sprintf(" (and %d more)", n)
	}
	switch {
	case r.Stands(shown) && rule.Inconclusive:
		c.Error = result
	case r.Stands(shown):
		c.Failure = result
	case shown.Ignored:
		c.Skipped = result
	default:
		c.SystemOut = result.Text
	}
	return c
}

func junitTime(seconds float64) string { return fmt.Sprintf("%.3f", seconds) }
