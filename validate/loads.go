package validate

import (
	"regexp"
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
)

// maxHelpers bounds how many functions are followed from initialize on.
const maxHelpers = 4

// initializes says that code stands where it surely runs when TorchServe loads
// the model: in initialize of the handler's class, in the function that takes
// its place, or in one that those surely call.
func (s *source) initializes(at pysource.Scope, function string) bool {
	return !at.Conditional && s.runs(at, function, maxHelpers)
}

// runs says that the function around a place surely runs when the model is
// loaded.
func (s *source) runs(at pysource.Scope, function string, helpers int) bool {
	class := s.class()
	switch defined := s.Defines(function); {
	case defined == pysource.Yes && at.Class == "" && at.Function == function:
		return true
	case defined == pysource.No && class != nil && at.Class == class.Name && at.Function == "initialize":
		return true
	case helpers == 0 || at.Function == "":
		return false
	}
	callee := at.Function
	switch {
	case at.Class == "" && bindings(s.Names, at.Function) == 1:
	case class != nil && at.Class == class.Name && bindings(class.Names, at.Function) == 1 && s.plainMethod(class, at.Function):
		callee = "self." + at.Function
	default:
		return false
	}
	return slices.ContainsFunc(s.Calls, func(c pysource.Call) bool {
		return c.Callee == callee && !c.Conditional && s.runs(c.Scope, function, helpers-1)
	})
}

// plainMethod says that calling a method surely runs its body.
func (s *source) plainMethod(class *pysource.Class, name string) bool {
	assigned := slices.ContainsFunc(s.Assignments, func(a pysource.Assignment) bool { return a.Target == "self."+name })
	i := slices.IndexFunc(class.Methods, func(m pysource.Function) bool { return m.Name == name })
	return !assigned && i >= 0 && !class.Methods[i].Async && !slices.ContainsFunc(class.Methods[i].Decorators, func(d string) bool {
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
	return slices.ContainsFunc(calls, func(c pysource.Call) bool {
		return s.runs(c.Scope, function, maxHelpers) && (!c.Conditional || s.onlyIfThere(c.Line, file))
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
