package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"go-model-archiver/validate"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// maxShown bounds how many outputs the text lists; JSON has them all.
const maxShown = 20

// Text writes what r says of the load test and the archive, for people.
// Findings are not in it: see Findings.
func Text(w io.Writer, r *validate.Report) error {
	t := &table{tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)}
	if r.LoadTest.Stage != protocol.StageNone {
		t.loadTest(r.LoadTest)
	}
	if r.Plan != nil {
		t.plan(r.Plan)
	}
	if a := r.Archive; a != nil {
		t.row("archive", a.Path+", "+bytes(a.Size))
		if a.SHA256 != "" {
			t.row("sha256", a.SHA256)
		}
	}
	t.row("verdict", string(r.Verdict))
	return t.Flush()
}

// table prints rows of a label and columns; columns are aligned within the
// rows between two labels.
type table struct{ *tabwriter.Writer }

func (t *table) row(label string, columns ...string) {
	if label != "" {
		t.Flush()
	}
	fmt.Fprintf(t, "%-9s %s\n", label, strings.Join(columns, "\t"))
}

func (t *table) loadTest(l *loadtest.Result) {
	t.row("libtorch", l.Libtorch)
	if l.LoadSeconds > 0 {
		t.row("load", seconds(l.LoadSeconds))
	}
	for i, in := range l.Inputs {
		t.row(label("sample", i), in.Sample, "from "+in.Source)
	}
	if l.Stage != protocol.StageDone {
		t.row("stopped", fmt.Sprintf("in stage %q", l.Stage))
		return
	}
	t.row("forward", seconds(l.ForwardSeconds))
	for i, o := range l.Outputs {
		if i == maxShown {
			t.row("", fmt.Sprintf("… and %d more (--json lists them all)", len(l.Outputs)-i))
			break
		}
		t.row(label("output", i), o.Path, o.DType+dims(o.Shape), statistics(o))
	}
}

func label(word string, i int) string {
	if i > 0 {
		return ""
	}
	return word
}

func (t *table) plan(p *validate.Plan) {
	t.row("would be", p.Destination)
	for i, e := range p.Entries {
		source := e.Source
		if source == "" {
			source = "(made by the archiver)"
		}
		t.row(label("entries", i), e.Name, bytes(e.Size), source)
	}
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
	if o.Inf > 0 {
		parts = append(parts, fmt.Sprintf("%d Inf", o.Inf))
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

func bytes(n int64) string { return humanize.IBytes(uint64(max(n, 0))) }

// Findings writes the findings of at least the given severities, each with
// its hint on a line of its own, as "prefix: severity: message [rule]".
func Findings(w io.Writer, prefix string, findings []rules.Finding, shown func(rules.Finding) bool) {
	for _, f := range findings {
		if !shown(f) {
			continue
		}
		severity := string(f.Severity)
		if f.Ignored {
			severity = "ignored " + severity
		}
		fmt.Fprintf(w, "%s: %s: %s [%s]\n", prefix, severity, f.Message, f.Rule)
		if f.Hint != "" && !f.Ignored {
			fmt.Fprintf(w, "hint: %s\n", f.Hint)
		}
	}
}
