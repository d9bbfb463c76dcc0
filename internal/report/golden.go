package report

import (
	"fmt"
	"strconv"
	"strings"

	"go-model-archiver/validate/loadtest"
)

// comparison writes how each output compares with what was expected.
func (t *table) comparison(c *loadtest.Comparison) {
	for i, o := range c.Outputs {
		if i == maxShown {
			t.more(len(c.Outputs) - i)
			break
		}
		t.row(label("expected", i), o.Path, verdictOn(o), differences(o))
	}
	if n := len(c.NotCompared); n > 0 {
		text := "not compared: " + strings.Join(c.NotCompared[:min(n, maxShown)], ", ")
		if n > maxShown {
			text += fmt.Sprintf(" and %d more", n-maxShown)
		}
		t.row(label("expected", len(c.Outputs)), text)
	}
}

func verdictOn(o loadtest.Compared) string {
	switch {
	case o.Equal && o.Absolute == nil:
		return "the same"
	case o.Equal:
		return "equal"
	case o.Beyond > 0:
		return "differs"
	}
	return "has another type or shape"
}

// differences writes the largest ones with the tolerances, or nothing.
func differences(o loadtest.Compared) string {
	var parts []string
	for _, d := range []struct {
		name string
		*loadtest.Difference
	}{{"absolute", o.Absolute}, {"relative", o.Relative}} {
		if d.Difference == nil {
			continue
		}
		size := "not finite"
		if d.Size != nil {
			size = strconv.FormatFloat(*d.Size, 'g', 3, 64)
		}
		parts = append(parts, fmt.Sprintf("%s %s at %s", d.name, size, dims(d.Index)))
	}
	if parts == nil {
		return ""
	}
	return strings.Join(parts, "  ") + fmt.Sprintf("  (rtol %g  atol %g)", o.RTol, o.ATol)
}

// saved writes where the outputs are, and which became another dtype.
func (t *table) saved(s *loadtest.Saved, outputs int) {
	text := fmt.Sprintf("%s, %s", s.File, count(len(s.Arrays), "array", "arrays"))
	if n := outputs - len(s.Arrays); n > 0 {
		text += fmt.Sprintf(", %d without numbers left out", n)
	}
	for _, a := range s.Arrays {
		if a.Converted {
			text += fmt.Sprintf(", %s as %s", a.Path, a.DType)
		}
	}
	t.row("saved", text)
}

// shapes writes which dimensions of the inputs are free.
func (t *table) shapes(s *loadtest.Shapes) {
	for i, in := range s.Inputs {
		if i == maxShown {
			t.more(len(s.Inputs) - i)
			break
		}
		var parts []string
		for _, d := range in.Dimensions {
			parts = append(parts, dimension(d))
		}
		t.row(label("shapes", i), in.Name, strings.Join(parts, ", "))
	}
	if s.LeftOut != "" {
		t.row(label("shapes", len(s.Inputs)), "not all tried: "+s.LeftOut)
	}
}

func dimension(d loadtest.Dimension) string {
	switch d.State {
	case loadtest.Free:
		if d.AtMost > 0 {
			return fmt.Sprintf("%s free up to %d", d.Name, d.AtMost)
		}
		return d.Name + " free"
	case loadtest.Fixed:
		return fmt.Sprintf("%s fixed at %d", d.Name, d.Size)
	case loadtest.Partly:
		return fmt.Sprintf("%s of %d, also %s, not %s", d.Name, d.Size, numbers(d.Ran), numbers(d.Failed))
	}
	return d.Name + " not tried"
}

func numbers(sizes []int64) string {
	texts := make([]string, len(sizes))
	for i, s := range sizes {
		texts[i] = strconv.FormatInt(s, 10)
	}
	return strings.Join(texts, " and ")
}
