package validate

import (
	"regexp"
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

// loadsJSON says that a handler surely parses a JSON file of the archive when
// the model is loaded, if it is there.
func (s *source) loadsJSON(file, function string) bool {
	return s != nil && s.Complete && s.reaches(s.JSONLoads(file), file, function)
}

// loadsLabels says that it surely has TorchServe's own function parse the file.
func (s *source) loadsLabels(function string) bool {
	return s != nil && s.Complete && s.reaches(s.CallsWithPath("ts.utils.util.load_label_mapping", labelFile), labelFile, function)
}

func (s *source) reaches(calls []pysource.Call, file, function string) bool {
	return slices.ContainsFunc(calls[:min(len(calls), maxLookups)], func(c pysource.Call) bool {
		return s.runs(c.Scope, function) && (!c.Conditional || s.onlyIfThere(c.Line, file))
	})
}

var (
	existence = regexp.MustCompile(`^if \(?\s*(?:os\.)?(?:path\.)?(?:isfile|exists)\((.*)\)\s*\)?:`)
	// Which modes need the labels is known where this is asked.
	modeIsAsked = regexp.MustCompile(`^if\b[^:]*\[["']mode["']\][^:]*:`)
	leaves      = regexp.MustCompile(`^return\b`)
	branches    = regexp.MustCompile(`\b(if|and|or)\b`)
)

// onlyIfThere says that what guards a line is whether the file is there, or for
// the labels the mode, and nothing else: no error is caught there, and nothing
// leaves the function before.
func (s *source) onlyIfThere(line int, file string) bool {
	lines := strings.Split(s.text, "\n")
	if branches.MatchString(lines[line-1]) {
		return false
	}
	guards, start := guards(lines, line)
	fits := func(guard string) bool {
		if strings.HasPrefix(guard, "with ") && !strings.Contains(guard, "suppress") {
			return true
		}
		asked := existence.FindStringSubmatch(guard)
		return asked != nil && s.isPath(asked[1], file) || file == labelFile && s.huggingFace() && modeIsAsked.MatchString(guard)
	}
	if slices.ContainsFunc(guards, func(g string) bool { return !fits(g) }) {
		return false
	}
	return !slices.ContainsFunc(lines[start:line-1], func(l string) bool { return leaves.MatchString(strings.TrimSpace(l)) })
}

// isPath says that an expression names the file, or is a variable with its
// path.
func (s *source) isPath(expression, file string) bool {
	return strings.Contains(expression, file) || slices.ContainsFunc(s.Mentions(file), func(m pysource.String) bool {
		return strings.TrimSpace(expression) == s.PathVariable(m)
	})
}

// guards are the heads of the blocks around a line, the innermost first, and
// the line, from 0, below that of the function's own head. A head of several
// lines is made one.
func guards(lines []string, line int) (heads []string, start int) {
	indent := func(text string) int { return len(text) - len(strings.TrimLeft(text, " \t")) }
	level := indent(lines[line-1])
	for i := line - 2; i >= 0; i-- {
		head := strings.TrimSpace(lines[i])
		if head == "" || head[0] == '#' || indent(lines[i]) >= level {
			continue
		}
		level = indent(lines[i])
		for strings.ContainsAny(head[:1], ")]}") && i > 0 {
			for i--; i > 0 && indent(lines[i]) > level; i-- {
				head = strings.TrimSpace(lines[i]) + " " + head
			}
			head = strings.TrimSpace(lines[i]) + " " + head
		}
		if strings.HasPrefix(head, "def ") || strings.HasPrefix(head, "async def ") {
			return heads, i + 1
		}
		heads = append(heads, head)
	}
	return heads, 0
}
