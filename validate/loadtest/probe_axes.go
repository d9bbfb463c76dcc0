package loadtest

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
)

// The names of dimensions that mean something to the prober.
const (
	batchName  = "batch"
	lengthName = "length"
)

const (
	maxProbedRank = 5
	maxAxes       = 6
	shortTokens   = 16 // a short text: cheap to run
	moreTokens    = 8
	maxStep       = 32 // by which pictures shrink and grow: many models halve them five times
)

// place is one dimension of one input.
type place struct {
	input, dim int
	name       string
	size       int64 // in the sample
}

// axis is dimensions that change together.
type axis struct {
	name   string
	places []place
	tries  [][]int64 // of each try, the sizes at the places
	atMost int64
	ran    []int // tries
	failed []int
	// retries are tries that are made only where the one before them failed.
	retries map[int]bool
}

// enough says that a try is not needed any more.
func (a *axis) enough(i int) bool {
	return a.retries[i] && !slices.Contains(a.failed, i-1)
}

func (a *axis) add(sizes ...int64) {
	for _, s := range sizes {
		if s < 1 {
			return
		}
	}
	a.tries = append(a.tries, sizes)
}

// addAll tries one size at all places, which have the same one.
func (a *axis) addAll(size int64) {
	a.add(a.sized(size).sizes...)
}

// sized is the axis with one size at all places.
func (a *axis) sized(size int64) *sizing {
	return &sizing{a, slices.Repeat([]int64{size}, len(a.places))}
}

// axes finds the dimensions that can be told apart, or says why there are none.
func (p *prober) axes() ([]*axis, string) {
	tensors := p.tensors()
	if len(tensors) == 0 {
		return nil, "the sample has no tensor with dimensions"
	}
	first := p.base[tensors[0]].value.Shape[0]
	single := len(tensors) == 1
	for _, i := range tensors {
		shape := p.base[i].value.Shape
		switch {
		case len(shape) > maxProbedRank:
			return nil, fmt.Sprintf("an input has %d dimensions", len(shape))
		case shape[0] != first:
			return nil, "the inputs have no first dimension in common"
		case slices.Contains(shape, 0):
			return nil, "an input is empty"
		}
	}
	if single && len(p.base[tensors[0]].value.Shape) == 1 {
		return []*axis{p.general([]place{{tensors[0], 0, "dimension 0", first}})}, ""
	}
	var axes []*axis
	if single && p.isPicture(tensors[0]) {
		axes = p.picture(tensors[0])
	} else {
		axes = p.others(tensors)
	}
	axes = append(axes[:min(len(axes), maxAxes)], p.batch(tensors, first))
	// A short text is cheap, and the rest is tried on it.
	slices.SortStableFunc(axes, func(a, b *axis) int { return rankOfAxis(a) - rankOfAxis(b) })
	return axes, ""
}

func rankOfAxis(a *axis) int {
	switch a.name {
	case lengthName:
		return 0
	case batchName:
		return 1
	}
	return 2
}

func (p *prober) tensors() []int {
	var tensors []int
	for i, in := range p.base {
		if in.value.Kind == protocol.Tensor && len(in.value.Shape) > 0 {
			tensors = append(tensors, i)
		}
	}
	return tensors
}

func (p *prober) batch(tensors []int, size int64) *axis {
	a := &axis{name: batchName}
	for _, i := range tensors {
		a.places = append(a.places, place{i, 0, batchName, size})
	}
	sizes := []int64{1, 2}
	if p.cfg.Probe.Batch > 1 {
		sizes[1] = p.cfg.Probe.Batch
	}
	for _, s := range sizes {
		if s != size {
			a.addAll(s)
		}
	}
	return a
}

// others groups the dimensions behind the first by their place and size.
func (p *prober) others(tensors []int) []*axis {
	groups := map[[2]int64][]place{}
	var order [][2]int64
	for _, i := range tensors {
		for d, size := range p.base[i].value.Shape[1:] {
			key := [2]int64{int64(d + 1), size}
			if groups[key] == nil {
				order = append(order, key)
			}
			groups[key] = append(groups[key], place{i, d + 1, fmt.Sprintf("dimension %d", d+1), size})
		}
	}
	var axes []*axis
	for _, key := range order {
		if places := groups[key]; slices.ContainsFunc(places, p.isTokens) {
			axes = append(axes, p.length(places))
		} else {
			axes = append(axes, p.general(places))
		}
	}
	return axes
}

// isTokens says that a dimension is the length of a text: the last one of ids.
func (p *prober) isTokens(at place) bool {
	v := p.base[at.input].value
	return at.dim == 1 && len(v.Shape) == 2 && (v.DType == "int64" || v.DType == "int32")
}

func (p *prober) length(places []place) *axis {
	for i := range places {
		places[i].name = lengthName
	}
	size := places[0].size
	a := &axis{name: lengthName, places: places, retries: map[int]bool{}}
	if positions := p.cfg.Probe.Positions; positions >= size {
		a.atMost = positions
	}
	short := min(shortTokens, size/2)
	a.addAll(short)
	if half := size / 2; half > short && len(a.tries) > 0 {
		a.addAll(half)
		a.retries[len(a.tries)-1] = true
	}
	longer := size + moreTokens
	if a.atMost > 0 {
		longer = min(longer, a.atMost)
	}
	if longer > size {
		a.addAll(longer)
	}
	return a
}

// general tries a smaller and a larger size.
func (p *prober) general(places []place) *axis {
	a := &axis{name: places[0].name, places: places}
	size := places[0].size
	a.addAll(size - stepOf(size))
	a.addAll(size + stepOf(size))
	return a
}

// isPicture says that an input is a batch of pictures: floats of four
// dimensions, of which the second has few.
func (p *prober) isPicture(input int) bool {
	v := p.base[input].value
	return len(v.Shape) == 4 && strings.Contains(v.DType, "float") && v.Shape[1] <= 4
}

// picture changes height and width together, as pictures do.
func (p *prober) picture(input int) []*axis {
	shape := p.base[input].value.Shape
	channels := &axis{name: "channels", places: []place{{input, 1, "channels", shape[1]}}}
	channels.addAll(shape[1] + 1)
	area := &axis{name: "area", places: []place{{input, 2, "height", shape[2]}, {input, 3, "width", shape[3]}}}
	high, wide := stepOf(shape[2]), stepOf(shape[3])
	area.add(shape[2]-high, shape[3]-wide)
	area.add(shape[2]+high, shape[3]+wide)
	return []*axis{channels, area}
}

// stepOf is the largest power of two that divides a size and is at most half
// of it.
func stepOf(size int64) int64 {
	step := int64(1)
	for step < maxStep && size%(2*step) == 0 && 2*step <= size/2 {
		step *= 2
	}
	return step
}
