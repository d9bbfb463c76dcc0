package validate

import (
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
)

// loops says which for loops surely go through something.
type loops bool

const (
	overRequests loops = false // those over what the function is given
	everyLoop    loops = true
)

// maxAsked bounds how often it is asked of one handler whether code is reached.
const maxAsked = 2_000

// reached says that a line is surely reached where the function around it is.
// told knows more than the settings; it may be nil.
func (c *Check) reached(at pysource.Scope, line int, through loops, told func(pysource.Expr) pysource.Answer) bool {
	h := c.handler
	if h.asked++; h.asked > maxAsked {
		return false
	}
	known := func(e pysource.Expr) pysource.Answer {
		if told != nil {
			if answer := told(e); answer != pysource.CannotTell {
				return answer
			}
		}
		return c.known(e, at, line)
	}
	return !slices.ContainsFunc(h.Guards(at, line), func(g pysource.Guard) bool {
		if g.Kind == pysource.Loop {
			return !bool(through) && !h.isRequests(g.Test, at)
		}
		return g.Holds(known) != pysource.Yes
	})
}

// isRequests says that an expression is what a function is given to serve.
func (s *source) isRequests(e pysource.Expr, at pysource.Scope) bool {
	if e.Op == pysource.Apply && e.Name == "enumerate" && len(e.Args) > 0 {
		e = e.Args[0]
	}
	return e.Op == pysource.Name && len(e.Keys) == 0 && e.Name == s.given(at)
}

// given is the first parameter of a function, after self.
func (s *source) given(at pysource.Scope) string {
	functions, skip := s.Functions, 0
	if class := s.class(); at.Class != "" && class != nil && class.Name == at.Class {
		functions, skip = class.Methods, 1
	}
	i := slices.IndexFunc(functions, func(f pysource.Function) bool { return f.Name == at.Function })
	if i < 0 || len(functions[i].Params) <= skip {
		return ""
	}
	return functions[i].Params[skip].Name
}

// known tells the truth of a condition from the settings, and of what is asked
// of the requests themselves.
func (c *Check) known(e pysource.Expr, at pysource.Scope, line int) pysource.Answer {
	if given := c.handler.given(at); given != "" && e.Op == pysource.Name && e.Name == given && len(e.Keys) == 0 {
		return answer(true)
	}
	switch e.Op {
	case pysource.Name:
		if value, ok := c.settingValue(e, at, line); ok && scalarValue(value) {
			return answer(truth(value))
		}
	case pysource.Equal, pysource.Other:
		a, known := c.settingValue(e.Args[0], at, line)
		b, alsoKnown := c.settingValue(e.Args[1], at, line)
		if known && alsoKnown && isText(a) && isText(b) {
			return answer((a == b) == (e.Op == pysource.Equal))
		}
	case pysource.In, pysource.NotIn:
		a, known := c.settingValue(e.Args[0], at, line)
		if list := e.Args[1]; known && isText(a) && list.Op == pysource.List &&
			!slices.ContainsFunc(list.Args, func(x pysource.Expr) bool { return x.Op != pysource.Text }) {
			in := slices.ContainsFunc(list.Args, func(x pysource.Expr) bool { return a == x.Text })
			return answer(in == (e.Op == pysource.In))
		}
	case pysource.Is, pysource.IsNot:
		if e.Args[0].Op == pysource.Name && e.Args[0].Name == c.handler.given(at) && e.Args[1].Op == pysource.None {
			return answer(e.Op == pysource.IsNot)
		}
	}
	return pysource.CannotTell
}

func answer(yes bool) pysource.Answer {
	if yes {
		return pysource.Yes
	}
	return pysource.No
}

// isText says that Go's == says of a value what Python's does.
func isText(v any) bool {
	_, text := v.(string)
	return text
}

// settingValue is the value of an expression: a string, or a key of the settings.
func (c *Check) settingValue(e pysource.Expr, at pysource.Scope, line int) (any, bool) {
	e, _, _ = c.handler.Resolve(e, at, line)
	if e.Op == pysource.Text && !strings.Contains(e.Text, "{}") {
		return e.Text, true
	}
	f := c.effective()
	if f == nil || !c.handler.isSetting(e) {
		return nil, false
	}
	value, given := f.values[e.Keys[len(e.Keys)-1].Name]
	return value, given
}

// isSetting says that an expression is a key of what save_mode is read from.
func (s *source) isSetting(e pysource.Expr) bool {
	return e.Op == pysource.Name && len(e.Keys) > 0 && s.settingsOf(e.Name, len(e.Keys))
}

// settingsOf says that a name, with so many keys after it, is where the
// settings stand.
func (s *source) settingsOf(base string, keys int) bool {
	return slices.ContainsFunc(s.Reads, func(r pysource.Read) bool {
		return r.Base == base && len(r.Keys) == keys && !r.Store && r.Keys[keys-1].Name == "save_mode"
	})
}

// serves says that a place is in a function that each request surely reaches.
func (c *Check) serves(at pysource.Scope) bool {
	h := c.handler
	if h.serving == nil {
		h.serving = h.follow(c.requestEntries(), func(call pysource.Call) bool {
			return c.reached(call.Scope, call.Line, overRequests, nil)
		})
	}
	return h.serving[pysource.Scope{Class: at.Class, Function: at.Function}]
}

// requestEntries are the functions that TorchServe, or the parent's handle,
// surely calls for each request.
func (c *Check) requestEntries() []pysource.Scope {
	h, function := c.handler, c.function()
	class := h.class()
	switch defined := h.Defines(function); {
	case defined == pysource.Yes:
		if _, known := h.callable(nil)[function]; known {
			return []pysource.Scope{{Function: function}}
		}
		return nil
	case defined != pysource.No || class == nil:
		return nil
	case bindings(class.Names, "handle") > 0:
		return plainMethods(class, "handle")
	case h.parent != "":
		return plainMethods(class, "preprocess", "inference", "postprocess")
	}
	return nil
}

// plainMethods are those of a class that run as they are written.
func plainMethods(class *pysource.Class, names ...string) []pysource.Scope {
	var found []pysource.Scope
	for _, name := range names {
		if m := method(class, name); m != nil && !m.Async {
			found = append(found, pysource.Scope{Class: class.Name, Function: name})
		}
	}
	return found
}

// each says that a line is surely reached by each request.
func (c *Check) each(at pysource.Scope, line int, through loops, told func(pysource.Expr) pysource.Answer) bool {
	return c.serves(at) && c.reached(at, line, through, told)
}

// loading says that a line is surely reached when the model is loaded.
func (c *Check) loading(at pysource.Scope, line int) bool {
	return c.handler.runs(at, c.function()) && c.reached(at, line, overRequests, nil)
}
