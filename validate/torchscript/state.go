package torchscript

import (
	"slices"
	"strconv"
	"strings"

	"go-model-archiver/validate/pickle"
)

// State tells, of what torch.save was given, what load_state_dict would make of
// it.
type State struct {
	// Alien says why no module of PyTorch takes it for its state, such as
	// `"epoch" in it is a number`, or is empty.
	Alien string
	// Inner is a key of it that holds a state_dict, or empty.
	Inner string
	// Children are the names of the root module's submodules, which are the
	// parts of keys before their first dot: the first ones.
	Children []string
}

// The bounds of what is looked at and remembered of keys.
const (
	maxChildren = 64
	maxKey      = 100
)

func stateOf(v pickle.Value) State {
	pairs, isDict := mapping(v)
	if !isDict {
		if o, ok := v.(*pickle.Object); ok && !isTensor(o) || v == nil {
			return State{} // what it is can't be told
		}
		return State{Alien: "it is " + valueKind(v)}
	}
	var s State
	dicts := 0
	for _, p := range pairs {
		key, ok := p.Key.(string)
		if !ok || len(key) > maxKey {
			continue
		}
		child, _, dotted := strings.Cut(key, ".")
		kind := valueKind(p.Value)
		switch {
		case dotted && child != "" && len(s.Children) < maxChildren && !slices.Contains(s.Children, child):
			s.Children = append(s.Children, child)
		case !dotted && s.Alien == "" && kind != "" && !isTensor(p.Value) && !strings.HasSuffix(key, "_extra_state"):
			s.Alien = strconv.Quote(key) + " in it is " + kind
		}
		if kind == "a dict" && s.Inner == "" && dicts < maxChildren {
			dicts++
			if savedKind(p.Value) == StateDict {
				s.Inner = key
			}
		}
	}
	return s
}

// mapping returns the entries of a dict, or of an OrderedDict as torch.save
// writes it.
func mapping(v pickle.Value) ([]pickle.Pair, bool) {
	switch v := v.(type) {
	case *pickle.Dict:
		return v.Pairs, true
	case *pickle.Object:
		if class, ok := classOf(v); ok && class == (pickle.Global{Module: "collections", Name: "OrderedDict"}) {
			return v.Pairs, true
		}
	}
	return nil, false
}

// valueKind names what surely is no module's parameter and no state that a
// module of PyTorch keeps in its own way, or a tensor.
func valueKind(v pickle.Value) string {
	switch v := v.(type) {
	case bool:
		return "True or False"
	case int64, float64:
		return "a number"
	case string:
		return "a text"
	case *pickle.List:
		return "a list"
	case *pickle.Dict:
		return "a dict"
	case *pickle.Object:
		if isTensor(v) {
			return "a tensor"
		}
		if _, ok := mapping(v); ok {
			return "a dict"
		}
	}
	return ""
}
