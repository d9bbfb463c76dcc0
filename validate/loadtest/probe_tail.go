package loadtest

import (
	"fmt"
	"strings"

	"go-model-archiver/validate/rules"
)

// idsAt are the places of token ids along the axis.
func (p *prober) idsAt(a *axis) []place {
	var found []place
	for _, at := range a.places {
		if p.isIDs(at) {
			found = append(found, at)
		}
	}
	return found
}

// isIDs says by its name that an input holds token ids.
func (p *prober) isIDs(at place) bool {
	return strings.Contains(p.sample.Inputs[at.input].Name, "input_ids")
}

// compareTail looks for a trace that cuts an input off behind the sample's
// length: the tokens behind it change nothing, while those before its end do.
func (p *prober) compareTail(a *axis, size int64, _ change, long *capture) {
	length := a.places[0].size
	before := length - (size - length)
	if before < 1 {
		return
	}
	var one, two capture
	if p.forward(p.filled(a, size, length, 1), &one) != ran || outputsChanged(long, &one) != no ||
		p.forward(p.filled(a, size, length, 2), &two) != ran || outputsChanged(&one, &two) != no ||
		p.differ(p.filled(a, size, before, 1), p.filled(a, size, before, 2)) != yes {
		return
	}
	p.fail(rules.TokensIgnored, fmt.Sprintf("%s of %q is the same whatever the tokens behind the first %d of %d are: the trace took a length as a constant, and cuts an input off there",
		long.outputs[0].Path, p.cfg.ModelPath, length, size),
		"that is right for a model that cuts its input on purpose; else take lengths from tensors in forward (x.size(1), not len or int), and trace or script it again")
}

// filled is an input of a size whose ids are a token's from a place on.
func (p *prober) filled(a *axis, size, from, token int64) change {
	c := p.resized(p.short, a.sized(size))
	for _, at := range p.idsAt(a) {
		c[at.input].pad = &padding{dim: at.dim, last: from, element: c[at.input].token(token)}
	}
	return c
}

// answer is one that may be lacking.
type answer int

const (
	unsure answer = iota
	no
	yes
)

// differ says whether two inputs give different outputs.
func (p *prober) differ(a, b change) answer {
	var one, two capture
	if p.forward(a, &one) != ran || p.forward(b, &two) != ran {
		return unsure
	}
	return outputsChanged(&one, &two)
}

// outputsChanged says whether some output changed, or surely none did.
func outputsChanged(before, after *capture) answer {
	if len(before.outputs) != len(after.outputs) || len(before.outputs) == 0 {
		return unsure
	}
	said := no
	for i, o := range before.outputs {
		switch d, comparable := distance(o, after.outputs[i], 0, 0); {
		case comparable && d.size > d.rounding:
			return yes
		case !comparable || d.noticed():
			said = unsure
		}
	}
	return said
}
