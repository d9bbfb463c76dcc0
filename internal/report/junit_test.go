package report_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/report"
	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate"
	"go-model-archiver/validate/rules"
)

// What read_junit.py prints of each report.
type (
	junitReport struct {
		Suites []junitSuite
		// Tests, failures, errors, skipped: as the file says of itself, and as
		// counted in each suite.
		Total   [4]int
		Counted [][4]int
	}
	junitSuite struct {
		Name                             string
		Tests, Failures, Errors, Skipped int
		Properties                       map[string]string
		Cases                            []junitCase
	}
	junitCase struct {
		Name, Classname string
		Time            float64
		File            string
		Results         []junitResult
		Out, Err        string
	}
	junitResult struct{ Kind, Message, Type, Text string }
)

// readJUnit reads files as CI systems do: with a reader that is not ours.
func readJUnit(t *testing.T, paths ...string) [][]junitSuite {
	t.Helper()
	script := testtools.Root() + "/internal/report/testdata/read_junit.py"
	cmd := exec.Command(testtools.Python(t), append([]string{script}, paths...)...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	var got []junitReport
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	all := make([][]junitSuite, len(got))
	for i, r := range got {
		var total [4]int
		for j, s := range r.Suites {
			for k, n := range r.Counted[j] {
				total[k] += n
			}
			if claimed := [4]int{s.Tests, s.Failures, s.Errors, s.Skipped}; claimed != r.Counted[j] {
				t.Errorf("the suite %q claims %v, and holds %v", s.Name, claimed, r.Counted[j])
			}
		}
		if total != r.Total {
			t.Errorf("%s claims %v, and holds %v", paths[i], r.Total, total)
		}
		all[i] = r.Suites
	}
	return all
}

func junit(t *testing.T, all ...*validate.Report) []junitSuite {
	t.Helper()
	path := filepath.Join(t.TempDir(), "r.xml")
	if err := os.WriteFile(path, []byte(written(t, report.JUnit, all...)), 0o600); err != nil {
		t.Fatal(err)
	}
	return readJUnit(t, path)[0]
}

func TestJUnitCases(t *testing.T) {
	all := reports()
	names := []string{"passed", "failed", "inconclusive", "ignored", "strict", "error", "plan"}
	var in []*validate.Report
	for _, name := range names {
		in = append(in, all[name])
	}
	suites := junit(t, in...)
	if len(suites) != len(names) {
		t.Fatalf("%d suites", len(suites))
	}
	for i, want := range [][]string{
		{"load test: passed", "output-inf: passed", "links-followed: passed"},
		{"load test: Skipped stopped while running forward", "forward-failed: Failure forward fails", "model-checksum: Failure entry 1 is damaged (and 1 more)"},
		{"load test: Skipped the model was loaded and not run", "operator-missing: Error it needs torchvision::nms"},
		{"load test: Skipped stopped while running forward", "forward-failed: Skipped forward fails"},
		{"load test: Skipped the model was loaded and not run", "no-sample: Failure there is no sample"},
		{"load test: Skipped the model was not run", `run: Error open "x": no such file`},
		{"load test: Skipped the model was not run"},
	} {
		var got []string
		for _, c := range suites[i].Cases {
			outcome := "passed"
			for _, r := range c.Results {
				outcome = r.Kind + " " + r.Message
			}
			got = append(got, c.Name+": "+outcome)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", names[i], diff)
		}
	}
}

func TestJUnitDetails(t *testing.T) {
	all := reports()
	suites := junit(t, all["passed"], all["failed"])
	passed, failed := suites[0], suites[1]
	if passed.Name != "m.mar" || failed.Name != "m.mar" {
		t.Errorf("the suites are %q and %q", passed.Name, failed.Name)
	}
	if diff := cmp.Diff(map[string]string{
		"tool": "go-model-archiver 1.2.3", "verdict": "passed", "libtorch": "1.13.1",
		"archive": "store/m.mar", "sha256": strings.Repeat("0a", 32),
	}, passed.Properties); diff != "" {
		t.Error(diff)
	}
	test := passed.Cases[0]
	if test.Time != 0.75 || test.Classname != passed.Name || !strings.Contains(test.Out, "output    output[0]") {
		t.Errorf("the load test: %+v", test)
	}
	if c := passed.Cases[1]; c.File != "m.pt" || c.Out != "warning: output holds 2 infinite values [output-inf]" {
		t.Errorf("a warning: %+v", c)
	}
	if c := failed.Cases[0]; c.Err != "frame 1\nframe 2" {
		t.Errorf("libtorch's own message: %q", c.Err)
	}
	c := failed.Cases[1]
	want := []junitResult{{
		"Failure", "forward fails", "forward-failed",
		"error: forward fails [forward-failed]\nhint: give another sample",
	}}
	if diff := cmp.Diff(want, c.Results); diff != "" || c.File != "dir/m.pt" {
		t.Errorf("a failure in %q:\n%s", c.File, diff)
	}
	if text := failed.Cases[2].Results[0].Text; strings.Count(text, "is damaged") != 2 {
		t.Errorf("two findings of one rule: %q", text)
	}
}

// Of several findings of a rule, the one that stops the archive decides.
func TestJUnitShowsWhatStopsTheArchive(t *testing.T) {
	warning := rules.New(rules.ForwardFailed, "a", "looks odd", "")
	warning.Severity = rules.Warning
	s := junit(t, concluded(nil, false, loaded(), warning, rules.New(rules.ForwardFailed, "b", "fails", "")))[0]
	c := s.Cases[1]
	if s.Failures != 1 || c.File != "b" || c.Results[0].Message != "fails (and 1 more)" || !strings.Contains(c.Results[0].Text, "looks odd") {
		t.Errorf("%+v", c)
	}
}

// What XML cannot hold is written in words, and everything else survives.
func TestJUnitOfHostileText(t *testing.T) {
	s := junit(t, reports()["hostile"])[0]
	want := `\x1b[31m\x00\n\r\t\u202e\ufffe\uffff\xff]]>&<"'{0}`
	if got := s.Cases[1]; got.Results[0].Message != want || got.File != want {
		t.Errorf("%q in %q", got.Results[0].Message, got.File)
	}
	if got, lines := s.Cases[0].Err, "\\x1b[31m\\x00\n\\r\t"; !strings.HasPrefix(got, lines) {
		t.Errorf("%q", got)
	}
}
