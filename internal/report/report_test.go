package report_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go-model-archiver/internal/cli"
	"go-model-archiver/internal/report"
	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

var tool = validate.Tool{Name: "go-model-archiver", Version: "1.2.3"}

// hostile holds what neither XML nor a terminal takes as it is.
const hostile = "\x1b[31m\x00\n\r\t\u202e\ufffe\uffff\xff]]>&<\"'{0}"

// concluded makes a report of findings.
func concluded(ignore []string, strict bool, l *loadtest.Result, findings ...rules.Finding) *validate.Report {
	r := validate.NewReport(tool, "m.mar", ignore, strict)
	r.LoadTest = l
	r.Add(findings...)
	r.Conclude()
	return r
}

func loaded() *loadtest.Result {
	return &loadtest.Result{
		Stage: protocol.StageDone, Libtorch: "1.13.1", LoadSeconds: 0.25, ForwardSeconds: 0.5,
		Inputs: []loadtest.Input{
			{Name: "x", DType: "float32", Shape: []int64{2, 3}, Sample: "x:float32[2,3]=ones", Source: "--sample"},
			{Name: "n", DType: "int", Shape: []int64{}, Sample: "n:int=3", Source: "--sample"},
		},
		Outputs: []protocol.Output{
			{Path: "output[0]", DType: "float32", Shape: []int64{2, 3}, Min: new(-0.4013123), Max: new(2.0), Mean: new(0.5), NaN: 1, Inf: 2},
			{Path: `output["name"]`, DType: "str", Shape: []int64{}},
		},
	}
}

func stopped(stage protocol.Stage, words string) *loadtest.Result {
	l := loaded()
	l.Stage, l.ForwardSeconds, l.Outputs, l.Error = stage, 0, []protocol.Output{}, words
	return l
}

// reports holds a report of every kind.
func reports() map[string]*validate.Report {
	passed := concluded(nil, false, loaded(),
		rules.New(rules.OutputInf, "m.pt", "output holds 2 infinite values", ""),
		rules.New(rules.LinksFollowed, "snapshots", "links are followed", ""))
	passed.Archive = &validate.Archive{
		Path: "store/m.mar", Size: 2048, SHA256: strings.Repeat("0a", 32), Format: "default",
	}
	folder := concluded(nil, false, loadtest.NotRun(), rules.New(rules.ModelKind, "m.onnx", "an ONNX model", ""))
	folder.Archive = &validate.Archive{Path: "m", Format: "no-archive"}
	planned := validate.NewReport(tool, "m.mar", nil, false)
	planned.Plan = &validate.Plan{Destination: "m.mar", Entries: []validate.PlannedEntry{
		{Name: "m.pt", Source: "a/m.pt", Size: 1536}, {Name: "MAR-INF/MANIFEST.json", Size: 200},
	}}
	broken := validate.NewReport(tool, "m.mar", nil, false)
	broken.Error = "open \"x\": no such file\nopen \"y\": no such file"
	failed := rules.New(rules.ForwardFailed, "dir/m.pt", "forward fails", "give another sample")
	return map[string]*validate.Report{
		"passed": passed,
		"folder": folder,
		"plan":   planned,
		"error":  broken,
		"failed": concluded(nil, false, stopped(protocol.StageForward, "frame 1\nframe 2"), failed,
			rules.New(rules.ModelChecksum, "m.pt", "entry 1 is damaged", ""),
			rules.New(rules.ModelChecksum, "m.pt", "entry 2 is damaged", "")),
		"inconclusive": concluded(nil, false, stopped(protocol.StageLoad, "Unknown builtin op"),
			rules.New(rules.OperatorMissing, "m.pt", "it needs torchvision::nms", "")),
		"ignored": concluded([]string{"*"}, false, stopped(protocol.StageForward, "frame"), failed),
		"strict": concluded(nil, true, stopped(protocol.StageLoad, ""),
			rules.New(rules.NoSample, "", "there is no sample", "")),
		"hostile": concluded(nil, false, stopped(protocol.StageForward, hostile),
			rules.New(rules.LoadFailed, hostile, hostile, hostile)),
	}
}

func TestForKnowsThreeEndings(t *testing.T) {
	for path, start := range map[string]string{
		"r.json": "{\n", "a.xml/R.JSON": "{\n", "r.xml": "<?xml", "r.sarif": "{\n  \"$schema\"",
	} {
		form, err := report.For(path)
		if err != nil {
			t.Fatal(err)
		}
		if got := written(t, form, reports()["passed"]); !strings.HasPrefix(got, start) {
			t.Errorf("%s: %.40q", path, got)
		}
	}
	for _, path := range []string{"", "r", "r.txt", "r.json.gz", "dir.xml/r", ".JSONL"} {
		if _, err := report.For(path); err == nil || !strings.Contains(err.Error(), ".json, .xml (JUnit) or .sarif") {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// failing accepts only so many bytes.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

func TestWritersTellOfWriteErrors(t *testing.T) {
	r := reports()["passed"]
	for name, form := range forms {
		if err := form(&failing{10}, r); err == nil {
			t.Errorf("%s: a full disk went unnoticed", name)
		}
	}
	if err := report.Text(&failing{10}, r); err == nil {
		t.Error("text: a full disk went unnoticed")
	}
}

var forms = map[string]report.Form{"json": report.JSON, "junit": report.JUnit, "sarif": report.SARIF}

func written(t *testing.T, form report.Form, all ...*validate.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := form(&out, all...); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// realRuns are arguments of the command line, and the verdict that follows.
var realRuns = map[string]struct {
	args    []string
	verdict validate.Verdict
}{
	"every kind of input": {[]string{"--serialized-file", "$T/models/scalars.pt", "--sample", "x:float32[2,3]=arange",
		"--sample", "int=3", "--sample", "float=0.5", "--sample", "bool=true", "--sample", "str=sum", "--ignore", "handler-call"}, validate.Passed},
	"strict":       {[]string{"--serialized-file", "$T/models/scripted.pt", "--strict"}, validate.Failed},
	"no-archive":   {[]string{"--load-test=off", "--serialized-file", "$T/models/scripted.pt", "--archive-format", "no-archive"}, validate.NotChecked},
	"NaN":          {[]string{"--serialized-file", "$T/models/nan-output.pt", "--sample", "float32[2,3]=arange"}, validate.Failed},
	"ignored":      {[]string{"--serialized-file", "$T/failing/crash.pt", "--sample", "float32[2]", "--ignore", "*"}, validate.NotChecked},
	"inconclusive": {[]string{"--serialized-file", "$T/failing/missing-operator.pt", "--sample", "float32[2]", "--ignore", "handler-call"}, validate.NotChecked},
	"truncated":    {[]string{"--serialized-file", "$T/notmodels/truncated.pt"}, validate.Failed},
	"missing file": {[]string{"--serialized-file", "missing.pt"}, validate.NotChecked},
	"dry run":      {[]string{"--serialized-file", "$T/models/scripted.pt", "--dry-run"}, validate.NotChecked},
	"no weights":   {nil, validate.NotChecked},
}

// TestReportsOfRealRuns runs the command line on real models, and reads what
// it writes with a JSON Schema library, SARIF's schema and a JUnit reader.
func TestReportsOfRealRuns(t *testing.T) {
	jsonSchema, sarifSchema := compiled(t, reportSchemaPath()), compiled(t, sarifSchemaPath)
	t.Setenv("GO_MODEL_ARCHIVER_WORKER", testtools.Worker(t))
	folder := t.TempDir()
	t.Chdir(folder)
	var names, junits []string
	for name, run := range realRuns {
		args := []string{"go-model-archiver", "--model-name", name[:2], "-v", "1", "--handler", "base_handler"}
		for _, ending := range []string{".json", ".xml", ".sarif"} {
			args = append(args, "--report", name+ending)
		}
		for _, a := range run.args {
			args = append(args, strings.Replace(a, "$T", testtools.Testdata(), 1))
		}
		var out bytes.Buffer
		cli.Main(args, &out, &out)
		if err := jsonSchema.Validate(decoded(t, readFile(t, name+".json"))); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
		if err := sarifSchema.Validate(decoded(t, readFile(t, name+".sarif"))); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
		names, junits = append(names, name), append(junits, filepath.Join(folder, name+".xml"))
	}
	for i, suites := range readJUnit(t, junits...) {
		if len(suites) != 1 || len(suites[0].Cases) == 0 {
			t.Fatalf("%s: %+v", names[i], suites)
		}
		s := suites[0]
		if got, want := s.Properties["verdict"], realRuns[names[i]].verdict; got != string(want) {
			t.Errorf("%s: the verdict is %q, want %q: %+v", names[i], got, want, s)
		}
		stops := names[i] == "inconclusive" || names[i] == "missing file"
		if failed := s.Failures > 0; failed != (s.Properties["verdict"] == "failed") || stops != (s.Errors > 0) {
			t.Errorf("%s: %d failures, %d errors", names[i], s.Failures, s.Errors)
		}
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}
