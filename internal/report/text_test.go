package report_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/report"
	"go-model-archiver/validate"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

func text(t *testing.T, r *validate.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := report.Text(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestText(t *testing.T) {
	all := reports()
	for name, want := range map[string]string{
		"passed": `
libtorch  1.13.1
load      0.250 s
sample    x:float32[2,3]=ones  from --sample
          n:int=3              from --sample
forward   0.500 s
output    output[0]       float32[2,3]  min -0.401312  max 2  mean 0.5  1 NaN  2 Inf
          output["name"]  str
archive   store/m.mar, 2.0 KiB
sha256    ` + strings.Repeat("0a", 32) + `
verdict   passed (1 warning, 1 note)
`,
		"folder": `
archive   m, 0 B
verdict   not-checked (1 note)
`,
		"plan": `
would be  m.mar
entries   m.pt                   1.5 KiB  a/m.pt
          MAR-INF/MANIFEST.json  200 B    (made by the archiver)
total     2 entries, 1.7 KiB
verdict   not-checked
`,
		"failed": `
libtorch  1.13.1
load      0.250 s
sample    x:float32[2,3]=ones  from --sample
          n:int=3              from --sample
stopped   while running forward
verdict   failed (3 errors)
`,
		"ignored": `
libtorch  1.13.1
load      0.250 s
sample    x:float32[2,3]=ones  from --sample
          n:int=3              from --sample
stopped   while running forward
verdict   not-checked (1 ignored)
`,
	} {
		if diff := cmp.Diff(want, "\n"+text(t, all[name])); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
}

func TestTextSaysWhereALoadTestStopped(t *testing.T) {
	for stage, want := range map[protocol.Stage]string{
		protocol.StageOpen:    "stopped   while starting the worker\n",
		protocol.StageShape:   "stopped   while fitting the sample to forward\n",
		protocol.StageForward: "stopped   while running forward\n",
		protocol.StageOutput:  "stopped   while reading the output\n",
		protocol.StageLoad:    "forward   not run\n",
	} {
		if got := text(t, concluded(nil, false, stopped(stage, ""))); !strings.Contains(got, want) {
			t.Errorf("%s: no %q in\n%s", stage, want, got)
		}
	}
	loading := stopped(protocol.StageLoad, "")
	loading.LoadSeconds = 0
	if got := text(t, concluded(nil, false, loading)); !strings.Contains(got, "stopped   while loading the model\n") {
		t.Error(got)
	}
}

func TestTextIsBounded(t *testing.T) {
	l := loaded()
	for range 5000 {
		l.Inputs = append(l.Inputs, l.Inputs[0])
		l.Outputs = append(l.Outputs, l.Outputs[0])
	}
	got := text(t, concluded(nil, false, l))
	if n := strings.Count(got, "\n"); n > 60 {
		t.Errorf("%d lines", n)
	}
	if n := strings.Count(got, "… and 4982 more (--json lists them all)"); n != 2 {
		t.Errorf("%d lines say what is left out, want 2", n)
	}
}

// Whatever a file or a model is called, it neither moves the cursor nor starts
// a line of its own.
func TestHostileNamesReachNoTerminal(t *testing.T) {
	r := reports()["hostile"]
	r.LoadTest.Stage = protocol.StageDone
	r.LoadTest.Libtorch = hostile
	r.LoadTest.Inputs[0].Sample, r.LoadTest.Inputs[0].Source = hostile, hostile
	r.LoadTest.Outputs = append(r.LoadTest.Outputs, protocol.Output{Path: hostile, DType: hostile})
	r.Archive = &validate.Archive{Path: hostile, SHA256: hostile}
	r.Plan = &validate.Plan{Destination: hostile, Entries: []validate.PlannedEntry{{Name: hostile, Source: hostile}}}
	var findings bytes.Buffer
	report.Findings(&findings, "prog", r.Findings, func(rules.Finding) bool { return true })
	for name, test := range map[string]struct {
		text  string
		lines int
	}{
		"text":     {text(t, r), 12},
		"findings": {findings.String(), 2},
	} {
		if n := strings.Count(test.text, "\n"); n != test.lines {
			t.Errorf("%s has %d lines, want %d:\n%q", name, n, test.lines, test.text)
		}
		for _, c := range test.text {
			if !unicode.IsPrint(c) && c != '\n' {
				t.Errorf("%s prints %q", name, c)
			}
		}
		if !strings.Contains(test.text, `\x1b[31m\x00\n\r\t\u202e\ufffe\uffff\xff]]>&<"'{0}`) {
			t.Errorf("%s lost a name: %q", name, test.text)
		}
	}
}

func TestFindings(t *testing.T) {
	r := concluded([]string{rules.OutputNaN}, false, loaded(),
		rules.New(rules.ForwardFailed, "m.pt", "forward fails", "give a --sample"),
		rules.New(rules.OutputNaN, "m.pt", "NaN", "look at it"),
		rules.New(rules.OutputInf, "m.pt", "Inf", ""),
		rules.New(rules.ModelKind, "m.pt", "not shown", ""))
	var out bytes.Buffer
	report.Findings(&out, "prog", r.Findings, func(f rules.Finding) bool { return f.Severity != rules.Note })
	want := `prog: error: forward fails [forward-failed]
hint: give a --sample
prog: ignored error: NaN [output-nan]
prog: warning: Inf [output-inf]
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
