package report_test

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/report"
	"go-model-archiver/validate/rules"
)

const sarifSchemaPath = "testdata/sarif-schema-2.1.0.json"

func TestSARIFKeepsItsSchema(t *testing.T) {
	schema := compiled(t, sarifSchemaPath)
	for name, r := range reports() {
		text := written(t, report.SARIF, r)
		if err := schema.Validate(decoded(t, text)); err != nil {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
		broken := strings.Replace(text, `"executionSuccessful"`, `"successful"`, 1)
		if schema.Validate(decoded(t, broken)) == nil {
			t.Errorf("%s: the schema lets anything pass", name)
		}
	}
	if err := schema.Validate(decoded(t, written(t, report.SARIF))); err != nil {
		t.Errorf("no report at all: %v", err)
	}
}

// sarifLog is what a consumer looks at.
type sarifLog struct {
	Runs []struct {
		Tool struct {
			Driver struct {
				Name, Version string
				Rules         []struct {
					ID                     string
					ShortDescription, Help struct{ Text string }
					DefaultConfiguration   struct{ Level string }
				}
			}
		}
		Invocations []struct {
			ExecutionSuccessful        bool
			ToolExecutionNotifications []struct{ Message struct{ Text string } }
		}
		Results    []sarifResult
		Properties map[string]string
	}
}

type sarifResult struct {
	RuleID    string
	RuleIndex int
	Level     string
	Message   struct{ Text string }
	Locations []struct {
		PhysicalLocation struct{ ArtifactLocation struct{ URI string } }
	}
	Suppressions []struct{ Kind, Justification string }
}

func sarif(t *testing.T, names ...string) sarifLog {
	t.Helper()
	all := reports()
	var log sarifLog
	for _, name := range names {
		var one sarifLog
		if err := json.Unmarshal([]byte(written(t, report.SARIF, all[name])), &one); err != nil {
			t.Fatal(err)
		}
		log.Runs = append(log.Runs, one.Runs...)
	}
	return log
}

func TestSARIFResults(t *testing.T) {
	run := sarif(t, "failed").Runs[0]
	if d := run.Tool.Driver; d.Name != tool.Name || d.Version != tool.Version || run.Properties["verdict"] != "failed" {
		t.Errorf("%+v", run)
	}
	var got []string
	for _, r := range run.Results {
		rule := run.Tool.Driver.Rules[r.RuleIndex]
		if rule.ID != r.RuleID || rule.DefaultConfiguration.Level != r.Level {
			t.Errorf("result %+v has the rule %+v", r, rule)
		}
		if known, _ := rules.Lookup(r.RuleID); rule.ShortDescription.Text != known.Summary || slices.ContainsFunc(known.Preempts, func(message string) bool { return !strings.Contains(rule.Help.Text, message) }) {
			t.Errorf("%+v", rule)
		}
		if r.Suppressions == nil || len(r.Suppressions) > 0 {
			t.Errorf("suppressions: %v", r.Suppressions)
		}
		got = append(got, r.Level+" "+r.Locations[0].PhysicalLocation.ArtifactLocation.URI+" "+r.Message.Text)
	}
	want := []string{
		"error dir/m.pt forward fails\nhint: give another sample",
		"error m.pt entry 1 is damaged",
		"error m.pt entry 2 is damaged",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if n := len(run.Tool.Driver.Rules); n != 2 {
		t.Errorf("%d rules for 2 that occur", n)
	}
}

func TestSARIFOfOtherOutcomes(t *testing.T) {
	log := sarif(t, "ignored", "strict", "error", "passed")
	ignored, strict, failed, passed := log.Runs[0], log.Runs[1], log.Runs[2], log.Runs[3]
	if s := ignored.Results[0].Suppressions; len(s) != 1 || s[0].Kind != "external" || s[0].Justification != "--ignore" {
		t.Errorf("an ignored finding is suppressed by %v", s)
	}
	if r := strict.Results[0]; r.Locations != nil || r.Level != "warning" {
		t.Errorf("a finding about no file: %+v", r)
	}
	i := failed.Invocations[0]
	if i.ExecutionSuccessful || !strings.HasPrefix(i.ToolExecutionNotifications[0].Message.Text, `open "x"`) {
		t.Errorf("a run that was stopped: %+v", i)
	}
	if !passed.Invocations[0].ExecutionSuccessful || passed.Results[1].Level != "note" {
		t.Errorf("a run that passed: %+v", passed)
	}
}

func TestSARIFLocationsAreURIs(t *testing.T) {
	for path, want := range map[string]string{
		"models/bert.pt":    "models/bert.pt",
		"a b/ü%41?#.pt":     "a%20b/%C3%BC%2541%3F%23.pt",
		"C:model.pt":        "./C:model.pt",
		"../x[1].pt":        "../x%5B1%5D.pt",
		"/store/a b.pt":     "file:///store/a%20b.pt",
		"//store/x":         "file:////store/x",
		"\x1b\n\xff{0}.pt":  "%1B%0A%FF%7B0%7D.pt",
		"entry\\with\\back": "entry%5Cwith%5Cback",
	} {
		r := concluded(nil, false, loaded(), rules.New(rules.ModelKind, path, "m", ""))
		var log sarifLog
		if err := json.Unmarshal([]byte(written(t, report.SARIF, r)), &log); err != nil {
			t.Fatal(err)
		}
		got := log.Runs[0].Results[0].Locations[0].PhysicalLocation.ArtifactLocation.URI
		if got != want {
			t.Errorf("%q becomes %q, want %q", path, got, want)
		}
		if u, err := url.Parse(got); err != nil || strings.TrimPrefix(u.Path, "./") != path {
			t.Errorf("%q is read back as %v, %v", path, u, err)
		}
	}
}

// Braces would be placeholders, and control characters reach no viewer.
func TestSARIFMessagesAreLiteral(t *testing.T) {
	got := sarif(t, "hostile").Runs[0].Results[0].Message.Text
	want := `\x1b[31m\x00\n\r\t\u202e\ufffe\uffff\xff]]>&<"'{{0}}`
	if got != want+"\nhint: "+want {
		t.Errorf("%q", got)
	}
}

func TestSARIFOfSeveralReports(t *testing.T) {
	all := reports()
	text := written(t, report.SARIF, all["failed"], all["passed"])
	if err := compiled(t, sarifSchemaPath).Validate(decoded(t, text)); err != nil {
		t.Error(err)
	}
	var log sarifLog
	if err := json.Unmarshal([]byte(text), &log); err != nil || len(log.Runs) != 2 {
		t.Errorf("%d runs, %v", len(log.Runs), err)
	}
}
