package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"go-model-archiver/validate"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// maxShown bounds how many inputs and outputs the text lists; JSON has them
// all.
const maxShown = 20

// Text writes what r says of the load test and the archive, for people.
// Findings are only counted in it: see Findings.
func Text(w io.Writer, r *validate.Report) error {
	t := newTable()
	t.loadTest(r.LoadTest)
	if r.Plan != nil {
		t.plan(r.Plan)
	}
	if a := r.Archive; a != nil {
		t.row("archive", a.Path+", "+size(a.Size))
		if a.SHA256 != "" {
			t.row("sha256", a.SHA256)
		}
	}
	t.row("verdict", string(r.Verdict)+counts(r.Findings))
	_, err := io.WriteString(w, t.text())
	return err
}

// table collects rows of a label and columns; columns are aligned within the
// rows between two labels.
type table struct {
	*tabwriter.Writer
	out *strings.Builder
}

func newTable() *table {
	var out strings.Builder
	return &table{tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0), &out}
}

// text is the rows without the spaces that fill empty columns at their ends.
func (t *table) text() string {
	t.Flush()
	var b strings.Builder
	for line := range strings.Lines(t.out.String()) {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

func (t *table) row(label string, columns ...string) {
	if label != "" {
		t.Flush()
	}
	for i, c := range columns {
		columns[i] = Printable(c)
	}
	fmt.Fprintf(t, "%-9s %s\n", label, strings.Join(columns, "\t"))
}

func (t *table) loadTest(l *loadtest.Result) {
	if l.Libtorch != "" {
		t.row("libtorch", l.Libtorch)
	}
	if l.LoadSeconds > 0 {
		t.row("load", seconds(l.LoadSeconds))
	}
	for i, in := range l.Inputs {
		if i == maxShown {
			t.more(len(l.Inputs) - i)
			break
		}
		t.row(label("sample", i), in.Sample, "from "+in.Source)
	}
	if l.Stage != protocol.StageDone {
		t.unfinished(l)
		return
	}
	t.row("forward", seconds(l.ForwardSeconds))
	if l.Latency != nil {
		t.latency(l)
	}
	for i, o := range l.Outputs {
		if i == maxShown {
			t.more(len(l.Outputs) - i)
			break
		}
		t.row(label("output", i), o.Path, typeOf(o), statistics(o))
	}
	if l.Comparison != nil {
		t.comparison(l.Comparison)
	}
	if l.Saved != nil {
		t.saved(l.Saved, len(l.Outputs))
	}
	if l.Shapes != nil {
		t.shapes(l.Shapes)
	}
}

// latency shows what many calls tell; the first call stands as forward.
func (t *table) latency(l *loadtest.Result) {
	calls := count(l.Latency.Iterations, "call", "calls")
	if l.Latency.Warmup > 0 {
		calls += fmt.Sprintf(" after %d for warming up", l.Latency.Warmup)
	}
	text := seconds
	if l.Latency.Median < 1 {
		text = milliseconds
	}
	t.row("latency", fmt.Sprintf("median %s  p90 %s  p99 %s  of %s",
		text(l.Latency.Median), text(l.Latency.P90), text(l.Latency.P99), calls))
	if l.PeakMemory > 0 {
		t.row("memory", size(l.PeakMemory)+" at most, libtorch included")
	}
}

func (t *table) unfinished(l *loadtest.Result) {
	switch doing := doing(l.Stage); {
	case l.Stage == protocol.StageLoad && l.LoadSeconds > 0:
		t.row("forward", "not run")
	case doing != "":
		t.row("stopped", "while "+doing)
	}
}

// doing says what a load test does in a stage, or nothing for one that it
// does not stop in.
func doing(s protocol.Stage) string {
	switch s {
	case protocol.StageOpen:
		return "starting the worker"
	case protocol.StageLoad:
		return "loading the model"
	case protocol.StageShape:
		return "fitting the sample to forward"
	case protocol.StageForward:
		return "running forward"
	case protocol.StageOutput:
		return "reading the output"
	}
	return ""
}

func (t *table) more(n int) { t.row("", fmt.Sprintf("… and %d more (--json lists them all)", n)) }

// label is word in a group's first row only.
func label(word string, i int) string {
	if i > 0 {
		return ""
	}
	return word
}

func (t *table) plan(p *validate.Plan) {
	t.row("would be", p.Destination)
	var total int64
	for i, e := range p.Entries {
		source := e.Source
		if source == "" {
			source = "(made by the archiver)"
		}
		t.row(label("entries", i), e.Name, size(e.Size), source)
		total += e.Size
	}
	t.row("total", fmt.Sprintf("%s, %s", count(len(p.Entries), "entry", "entries"), size(total)))
}

// typeOf is an output's dtype and shape; what is no tensor has no shape.
func typeOf(o protocol.Output) string {
	scalar := []string{"int", "float", "bool", "str", "none", "object"}
	if len(o.Shape) == 0 && slices.Contains(scalar, o.DType) {
		return o.DType
	}
	return o.DType + dims(o.Shape)
}

func statistics(o protocol.Output) string {
	var parts []string
	for _, s := range []struct {
		name  string
		value *float64
	}{{"min", o.Min}, {"max", o.Max}, {"mean", o.Mean}} {
		if s.value != nil {
			parts = append(parts, s.name+" "+number(*s.value))
		}
	}
	if o.NaN > 0 {
		parts = append(parts, fmt.Sprintf("%d NaN", o.NaN))
	}
	if n := o.Inf - o.NegInf; n > 0 {
		parts = append(parts, fmt.Sprintf("%d Inf", n))
	}
	if o.NegInf > 0 {
		parts = append(parts, fmt.Sprintf("%d -Inf", o.NegInf))
	}
	return strings.Join(parts, "  ")
}

func number(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return strconv.FormatFloat(v, 'g', 6, 64)
}

func dims(shape []int64) string {
	parts := make([]string, len(shape))
	for i, d := range shape {
		parts[i] = strconv.FormatInt(d, 10)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

func seconds(s float64) string { return fmt.Sprintf("%.3f s", s) }

func milliseconds(s float64) string { return fmt.Sprintf("%.3f ms", s*1000) }

func size(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// counts sums findings up, such as " (1 error, 2 ignored)".
func counts(findings []rules.Finding) string {
	per := map[string]int{}
	for _, f := range findings {
		per[standing(f)]++
	}
	var parts []string
	for _, s := range []struct{ standing, one, many string }{
		{string(rules.Error), "error", "errors"},
		{string(rules.Warning), "warning", "warnings"},
		{string(rules.Note), "note", "notes"},
		{ignored, "ignored", "ignored"},
	} {
		if n := per[s.standing]; n > 0 {
			parts = append(parts, count(n, s.one, s.many))
		}
	}
	if parts == nil {
		return ""
	}
	return " (" + strings.Join(parts, ", ") + ")"
}

const ignored = "ignored"

// standing is a finding's severity, or that it is ignored.
func standing(f rules.Finding) string {
	if f.Ignored {
		return ignored
	}
	return string(f.Severity)
}

// Findings writes the findings for which shown is true, each as
// "prefix: severity: message [rule]" with its hint on a line of its own.
func Findings(w io.Writer, prefix string, findings []rules.Finding, shown func(rules.Finding) bool) {
	for _, f := range findings {
		if shown(f) {
			fmt.Fprintf(w, "%s: %s\n", prefix, describe(f))
		}
	}
}

// describe is a finding in one line, and its hint in a second one.
func describe(f rules.Finding) string {
	severity := string(f.Severity)
	if f.Ignored {
		severity = "ignored " + severity
	}
	line := fmt.Sprintf("%s: %s [%s]", severity, Printable(f.Message), Printable(f.Rule))
	if f.Hint != "" && !f.Ignored {
		line += "\nhint: " + Printable(f.Hint)
	}
	return line
}
