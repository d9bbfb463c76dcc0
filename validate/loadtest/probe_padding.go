package loadtest

import (
	"fmt"
	"io"
	"math/cmplx"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// maxCapture bounds the bytes of outputs that are kept for a comparison.
const maxCapture = 8 << 20

// capture keeps the values of outputs.
type capture struct {
	outputs []captured
	size    int64
}

type captured struct {
	protocol.Output
	data []byte // nil where there was no room
}

func (c *capture) take(outputs []protocol.Output, i int, data io.Reader) {
	o := captured{Output: outputs[i]}
	if size, err := o.DataSize(); err == nil && c.size+size <= maxCapture {
		c.size += size
		o.data = make([]byte, size)
		if _, err := io.ReadFull(data, o.data); err != nil {
			o.data = nil // the caller notices what is missing
		}
	}
	c.outputs = append(c.outputs, o)
}

// maskAt is the input that tells tokens, 1, from padding, 0, along the axis; or
// -1. A padding_mask means the opposite, as does what is not 1 for the sample's
// tokens, and a global one something else.
func (p *prober) maskAt(a *axis) int {
	for _, at := range a.places {
		name := p.sample.Inputs[at.input].Name
		if strings.Contains(name, "mask") && !strings.Contains(name, "pad") && !strings.Contains(name, "global") && p.base[at.input].isOnes() {
			return at.input
		}
	}
	return -1
}

// steady says that the same input gives the same outputs again. Where it does
// not, as with dropout, no comparison tells anything.
func (p *prober) steady(c change, before *capture) bool {
	var again capture
	if p.forward(c, &again) != ran || len(again.outputs) != len(before.outputs) {
		return false
	}
	for i, o := range before.outputs {
		if d, comparable := distance(o, again.outputs[i], 0, 0); comparable && d.noticed() {
			return false
		}
	}
	return true
}

// comparePadded runs the short input, which gave the outputs in short, again
// with padding that the mask leaves out. A trace that took a length as a
// constant gives other numbers without an error. Some models want the padding
// before the text, and some, such as GPT-2, look for their padding token: the
// second one of RoBERTa, or the last one.
func (p *prober) comparePadded(a *axis, length int64, c change, short *capture) {
	behind, told := p.shift(a, length, filling{}, short)
	if !told || behind == nil || !p.steady(c, short) {
		return
	}
	others := []filling{{before: moreTokens}, {token: 1}}
	if last := p.cfg.Probe.Vocabulary - 1; last > 1 {
		others = append(others, filling{token: last})
	}
	for _, f := range others {
		if s, told := p.shift(a, length, f, short); told && s == nil {
			return
		}
	}
	if p.hides(a, length) {
		return
	}
	p.fail(rules.PaddingMatters, fmt.Sprintf("%s of %q changes by up to %.3g when an input of %d tokens is padded to %d with %s 0: %s",
		behind.path, p.cfg.ModelPath, behind.size, length, length+moreTokens, p.sample.Inputs[p.maskAt(a)].Name,
		"the trace took a length as a constant, or the model does not heed the mask"),
		"pad every input to one length, such as max_length, in the handler; or take lengths from tensors in forward (x.size(1), not len or int), and trace or script it again")
}

// shift is the largest change of an output.
type shift struct {
	path string
	size float64
}

// filling is how an input is padded: so many places of the padding stand before
// it, and the token's id fills those of the ids.
type filling struct{ before, token int64 }

// padded is the input of a length with padding.
func (p *prober) padded(a *axis, length int64, f filling) change {
	c := p.resized(p.short, a.sized(length+moreTokens))
	for _, at := range a.places {
		in := &c[at.input]
		in.pad = &padding{dim: at.dim, first: f.before, last: f.before + length, element: in.token(0)}
		if p.isIDs(at) {
			in.pad.element = in.token(f.token)
		}
	}
	return c
}

// hides says that the mask is of the opposite sense: with padding behind the
// text, the text changes nothing, but for its first token, which an output may
// be made of whatever the mask says; and the padding does.
func (p *prober) hides(a *axis, length int64) bool {
	ids := p.idsAt(a)
	text := func(id int64) change {
		c := p.padded(a, length, filling{})
		for _, at := range ids {
			c[at.input].fill(at.dim, 1, length, id)
		}
		return c
	}
	return len(ids) > 0 && p.differ(text(1), text(2)) == no &&
		p.differ(p.padded(a, length, filling{token: 1}), p.padded(a, length, filling{token: 2})) == yes
}

// shift compares the outputs in short with those of the same input padded. nil
// is no change, and false that it can't be told.
func (p *prober) shift(a *axis, length int64, f filling, short *capture) (*shift, bool) {
	var long capture
	if p.forward(p.padded(a, length, f), &long) != ran || len(long.outputs) != len(short.outputs) {
		return nil, false
	}
	var worst *shift
	told := false
	for i, o := range short.outputs {
		d, comparable := distance(o, long.outputs[i], length, f.before)
		told = told || comparable
		if comparable && d.size > d.rounding && (worst == nil || d.size > worst.size) {
			worst = &shift{o.Path, d.size}
		}
	}
	return worst, told
}

// difference is the largest one between two outputs, beside what rounding
// explains.
type difference struct{ size, rounding float64 }

// noticed says that the outputs are not the same but for the order of sums.
func (d difference) noticed() bool { return d.size > d.rounding/100 }

// distance compares the output for a short input with that for the padded one,
// where they have the same place.
func distance(short, long captured, length, before int64) (difference, bool) {
	if short.data == nil || long.data == nil || short.Path != long.Path || short.Data != long.Data || class(short.Data) != "float" {
		return difference{}, false
	}
	offset, ok := offsets(short.Shape, long.Shape, length, before)
	if !ok {
		return difference{}, false
	}
	e := elementOf(short.Data)
	index := make([]int64, len(short.Shape))
	var worst, scale float64
	for at := 0; at < len(short.data); at += e.width {
		there := int64(0)
		for d, i := range index {
			there = there*long.Shape[d] + i + offset[d]
		}
		a, b := e.number(short.data[at:]), e.number(long.data[there*int64(e.width):])
		if !isFinite(real(a)) || !isFinite(real(b)) {
			return difference{}, false
		}
		worst, scale = max(worst, cmplx.Abs(a-b)), max(scale, cmplx.Abs(a))
		advance(index, short.Shape)
	}
	return difference{worst, roundingOf(short.DType)*scale + 1e-5}, len(short.data) > 0
}

// offsets says at which place of each dimension the short output begins in the
// long one; false where they have nothing to do with each other.
func offsets(short, long []int64, length, before int64) ([]int64, bool) {
	if len(short) != len(long) {
		return nil, false
	}
	offset := make([]int64, len(short))
	for d := range short {
		switch {
		case short[d] == long[d]:
		case short[d] == length && long[d] == length+moreTokens:
			offset[d] = before
		default:
			return nil, false
		}
	}
	return offset, true
}

// roundingOf is what sums in another order make of a dtype's values, relative
// to the largest.
func roundingOf(dtype string) float64 {
	if slices.Contains([]string{"float16", "bfloat16"}, dtype) {
		return 5e-2
	}
	return 1e-3
}

// advance counts an index on in C order.
func advance(index, shape []int64) {
	for d := len(index) - 1; d >= 0; d-- {
		if index[d]++; index[d] < shape[d] {
			return
		}
		index[d] = 0
	}
}
