package validate

import (
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
)

const (
	// maxHelpers bounds how many functions are followed one after another from
	// initialize on.
	maxHelpers = 4
	// maxLookups bounds how many places of a file the lines around are read of.
	maxLookups = 64
)

// initializes says that code stands where it surely runs when TorchServe loads
// the model: in initialize of the handler's class, in the function that takes
// its place, or in one that those surely call.
func (s *source) initializes(at pysource.Scope, function string) bool {
	return !at.Conditional && s.runs(at, function)
}

// runs says that the function around a place surely runs when the model is
// loaded, where function is the one that TorchServe looks for.
func (s *source) runs(at pysource.Scope, function string) bool {
	if s.running == nil {
		s.running = s.reached(function)
	}
	return s.running[pysource.Scope{Class: at.Class, Function: at.Function}]
}

// reached lists the functions that surely run, without their conditions.
func (s *source) reached(function string) map[pysource.Scope]bool {
	var entry pysource.Scope
	class := s.class()
	switch defined := s.Defines(function); {
	case defined == pysource.Yes:
		entry = pysource.Scope{Function: function}
	case defined == pysource.No && class != nil:
		entry = pysource.Scope{Class: class.Name, Function: "initialize"}
	default:
		return map[pysource.Scope]bool{}
	}
	return s.follow([]pysource.Scope{entry}, func(c pysource.Call) bool { return !c.Conditional })
}

// follow lists the functions that surely run where others do. sure says that a
// call is reached in its function.
func (s *source) follow(entries []pysource.Scope, sure func(pysource.Call) bool) map[pysource.Scope]bool {
	reached := map[pysource.Scope]bool{}
	for _, e := range entries {
		reached[e] = true
	}
	callable := s.callable(s.class())
	for range maxHelpers {
		for _, c := range s.Calls {
			callee, known := callable[c.Callee]
			if known && !reached[callee] && reached[pysource.Scope{Class: c.Class, Function: c.Function}] && sure(c) {
				reached[callee] = true
			}
		}
	}
	return reached
}

// callable has the functions of the file and the methods of the handler's
// class that surely are what is called by their names.
func (s *source) callable(class *pysource.Class) map[string]pysource.Scope {
	callable := map[string]pysource.Scope{}
	count := func(names []pysource.Binding) map[string]int {
		times := map[string]int{}
		for _, n := range names {
			times[n.Name]++
		}
		return times
	}
	times := count(s.Names)
	for _, f := range s.Functions {
		if times[f.Name] == 1 && runsBody(f) {
			callable[f.Name] = pysource.Scope{Function: f.Name}
		}
	}
	if class == nil {
		return callable
	}
	times = count(class.Names)
	for _, f := range class.Methods {
		if times[f.Name] == 1 && runsBody(f) {
			callable["self."+f.Name] = pysource.Scope{Class: class.Name, Function: f.Name}
		}
	}
	for _, a := range s.Assignments {
		delete(callable, a.Target)
	}
	s.addService(callable, class)
	return callable
}

// addService adds the methods of "_service = Handler()" in the module's scope.
func (s *source) addService(callable map[string]pysource.Scope, class *pysource.Class) {
	for _, a := range s.Assignments {
		if a.Class != "" || a.Function != "" || a.Value != class.Name+"()" || bindings(s.Names, a.Target) != 1 {
			continue
		}
		for _, f := range class.Methods {
			if own, known := callable["self."+f.Name]; known {
				callable[a.Target+"."+f.Name] = own
			}
		}
		return
	}
}

// runsBody says that calling a function surely runs its body.
func runsBody(f pysource.Function) bool {
	return !f.Async && !f.Conditional && !slices.ContainsFunc(f.Decorators, func(d string) bool {
		return d != "staticmethod" && d != "classmethod"
	})
}

// loadsJSON says that the handler surely parses a JSON file of the archive when
// the model is loaded, if it is there.
func (c *Check) loadsJSON(file string, data []byte) bool {
	h := c.handler
	return h != nil && h.Complete && c.reaches(h.JSONLoads(file, marked(data)), file)
}

// loadsLabels says that it surely has TorchServe's own function parse the file.
func (c *Check) loadsLabels() bool {
	h := c.handler
	return h != nil && h.Complete && c.reaches(h.CallsWithPath(loadLabelMapping, labelFile), labelFile)
}

const loadLabelMapping = "ts.utils.util.load_label_mapping"

// reaches says that one of the calls is surely reached when the model is loaded
// and the file is there: no error is caught there, and nothing leaves before.
func (c *Check) reaches(calls []pysource.Call, file string) bool {
	h := c.handler
	return slices.ContainsFunc(calls[:min(len(calls), maxLookups)], func(call pysource.Call) bool {
		return h.runs(call.Scope, c.function()) && c.reached(call.Scope, call.Line, overRequests, func(e pysource.Expr) pysource.Answer {
			if h.asksForFile(e, file, call) {
				return pysource.Yes
			}
			return pysource.CannotTell
		})
	})
}

// asksForFile says that a condition before a call is whether a file is there.
func (s *source) asksForFile(e pysource.Expr, file string, call pysource.Call) bool {
	if e.Op != pysource.Apply {
		return false
	}
	on, question := "", e.Name
	if dot := strings.LastIndexByte(e.Name, '.'); dot >= 0 {
		on, question = e.Name[:dot], e.Name[dot+1:]
	}
	asked := pysource.Expr{Op: pysource.Name, Name: on}
	switch {
	case len(e.Args) == 1 && (question == "isfile" || question == "exists"):
		asked = e.Args[0]
	case len(e.Args) == 0 && (question == "is_file" || question == "exists"):
	default:
		return false
	}
	found := s.File(asked, call.Scope, call.Line)
	return found.Op == pysource.Text && found.Text == file
}
