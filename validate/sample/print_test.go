package sample

import (
	"math"
	"math/rand/v2"
	"reflect"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/validate/loadtest/protocol"
)

// generator makes samples of every kind that the grammar has, also such as
// nobody writes by hand.
type generator struct{ *rand.Rand }

func (g generator) spec() Spec {
	s := Spec{value: g.node(0)}
	if g.IntN(2) == 0 {
		s.Name = []string{"x", "input_ids.1", "none", "int64", "_", "float"}[g.IntN(6)]
	}
	return s
}

func (g generator) node(depth int) node {
	kinds := []protocol.Kind{protocol.Tensor, protocol.Int, protocol.Float, protocol.Bool, protocol.Str, protocol.None,
		protocol.List, protocol.Tuple, protocol.Dict}
	if depth == maxDepth {
		kinds = kinds[:6]
	}
	n := node{kind: kinds[g.IntN(len(kinds))]}
	switch n.kind {
	case protocol.Tensor:
		return g.tensor()
	case protocol.Int:
		n.number = g.whole()
	case protocol.Bool:
		n.number = int64(g.IntN(2))
	case protocol.Float:
		n.text = g.float()
	case protocol.Str:
		n.text = g.text()
	case protocol.List, protocol.Tuple:
		for range g.IntN(4) {
			n.items = append(n.items, g.node(depth+1))
		}
	case protocol.Dict:
		seen := map[string]bool{}
		for range g.IntN(4) {
			key := g.key()
			if seen[keyText(key)] {
				continue
			}
			seen[keyText(key)] = true
			n.items = append(n.items, key, g.node(depth+1))
		}
	}
	return n
}

func (g generator) key() node {
	switch g.IntN(4) {
	case 0:
		return node{kind: protocol.Int, number: g.whole()}
	case 1:
		return node{kind: protocol.Float, text: g.float()}
	case 2:
		return node{kind: protocol.Bool, number: int64(g.IntN(2))}
	}
	return node{kind: protocol.Str, text: g.text()}
}

func (g generator) whole() int64 {
	return []int64{0, 1, -1, math.MaxInt64, math.MinInt64, int64(g.Uint64())}[g.IntN(6)]
}

func (g generator) float() string {
	bits := math.Float64frombits(g.Uint64())
	v := []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), math.NaN(), 1e-300, -2.5e300, bits}[g.IntN(8)]
	return strconv.FormatFloat(v, 'g', -1, 64)
}

func (g generator) text() string {
	pool := []rune("aZ09_.-/ \t\n\r\"'`\\,:;=@[](){}<>|&$*?!#%~é\u200b\u2028\x00\x7f\ufffd😀")
	text := make([]rune, g.IntN(8))
	for i := range text {
		text[i] = pool[g.IntN(len(pool))]
	}
	if g.IntN(20) == 0 {
		return string(text) + "\xff"
	}
	return string(text)
}

func (g generator) tensor() node {
	n := node{kind: protocol.Tensor, dtype: dtypes[g.IntN(len(dtypes))], dims: []int64{}}
	for range g.IntN(4) {
		n.dims = append(n.dims, int64(g.IntN(5)))
	}
	held := wholeRange[n.dtype]
	switch kind := sourceKind(g.IntN(int(fromFile) + 1)); kind {
	case fromFile:
		n.source = g.file()
		if g.IntN(2) == 0 {
			n.dims = nil
			if g.IntN(2) == 0 {
				n.dtype = ""
			}
		}
	case randint:
		n.source = source{kind: kind, low: held.low, high: held.low + 1}
	case arange:
		n.source = source{kind: kind, high: []int64{0, 1, 2, max(held.high, 2)}[g.IntN(4)]}
	case random:
		n.dtype = floats[g.IntN(len(floats))]
		n.source = source{kind: kind}
	default:
		n.source = source{kind: kind}
	}
	return n
}

func (g generator) file() source {
	s := source{kind: fromFile, path: "x" + g.text(), member: g.text()}
	path := []rune{}
	for _, r := range s.path {
		if r != 0 {
			path = append(path, r)
		}
	}
	s.path = string(path)
	return s
}

// What is printed and pasted back is the same sample.
func FuzzPrint(f *testing.F) {
	for seed := range uint64(2000) {
		f.Add(seed, seed)
	}
	f.Fuzz(func(t *testing.T, one, two uint64) {
		spec := generator{rand.New(rand.NewPCG(one, two))}.spec()
		text := spec.String()
		if len(text) > maxText {
			return
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if !reflect.DeepEqual(spec, again) { // cmp takes seconds where samples are nested
			t.Fatalf("%s became another sample:\n%s", text, cmp.Diff(spec, again, diffUnexported))
		}
	})
}
