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
		if strings.Contains(p.sample.Inputs[at.input].Name, "input_ids") {
			found = append(found, at)
		}
	}
	return found
}

// compareTail looks for a trace that cuts an input off behind the sample's
// length: the tokens behind it change nothing, while those before its end do.
func (p *prober) compareTail(a *axis, size int64, _ change, long *capture) {
	length := a.places[0].size
	before := length - (size - length)
	if before < 1 {
		return
	}
	one, told := p.filled(a, size, length, 1)
	if !told || p.changed(long, one) != no {
		return
	}
	two, told := p.filled(a, size, length, 2)
	if !told || p.changed(one, two) != no {
		return
	}
	one, told = p.filled(a, size, before, 1)
	if !told {
		return
	}
	if two, told = p.filled(a, size, before, 2); !told || p.changed(one, two) != yes {
		return
	}
	p.fail(rules.TokensIgnored, fmt.Sprintf("%s of %q is the same whatever the %d tokens behind the first %d are: the trace took a length as a constant, and cuts an input off there",
		one.outputs[0].Path, p.cfg.ModelPath, size-length, length),
		"that is right for a model that cuts its input on purpose; else take lengths from tensors in forward (x.size(1), not len or int), and trace or script it again")
}

// filled runs forward on an input of a size whose ids are a token's from a
// place on.
func (p *prober) filled(a *axis, size, from int64, token uint64) (*capture, bool) {
	c := p.resized(p.short, a.sized(size))
	for _, at := range p.idsAt(a) {
		element := make([]byte, c[at.input].width())
		copy(element, le.AppendUint64(nil, token))
		c[at.input].pad = &padding{dim: at.dim, last: from, element: element}
	}
	var kept capture
	return &kept, p.forward(c, &kept) == ran
}

// answer is one that may be lacking.
type answer int

const (
	unsure answer = iota
	no
	yes
)

// changed says whether some output changed, or surely none did.
func (p *prober) changed(before, after *capture) answer {
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
