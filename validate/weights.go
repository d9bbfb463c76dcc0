package validate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
)

// checkWeights finds weights that load_state_dict of the model file's class,
// which is that of PyTorch's own modules, surely refuses.
func (c *Check) checkWeights(s *source, class *pysource.Class) {
	const whole = "save the weights with torch.save(model.state_dict(), path)"
	state := c.identity.State
	switch {
	case slices.Contains(noWeights, c.identity.Kind):
		c.addWeights(s.name, "", whole)
	case !s.loadsAsPyTorch(class):
	case state.Alien != "" && state.Inner != "":
		c.addWeights(s.name, ": "+state.Alien, fmt.Sprintf("save its %q alone: torch.save(checkpoint[%q], path)", state.Inner, state.Inner))
	case state.Alien != "":
		c.addWeights(s.name, ": "+state.Alien, whole)
	default:
		unknown := slices.DeleteFunc(slices.Clone(state.Children), s.mayHave)
		if len(unknown) == 0 || !s.namesChildren(class) {
			return
		}
		hint := "save the weights of the class that the model file defines"
		if wrapper, ok := wrappers[unknown[0]]; ok {
			hint = "save the weights of the model inside " + wrapper
		}
		c.addWeights(s.name, fmt.Sprintf(" with keys such as %q, which the class %s does not have", unknown[0]+".…", class.Name), hint)
	}
}

// wrappers are modules around a model, by the name that they give it.
var wrappers = map[string]string{
	"module":    "DataParallel: torch.save(model.module.state_dict(), path)",
	"_orig_mod": "torch.compile: torch.save(model._orig_mod.state_dict(), path)",
}

func (c *Check) addWeights(file, why, hint string) {
	c.add(rules.EagerWeights, c.subject.ModelPath, fmt.Sprintf("%q is %s%s, and the handler %q loads a state_dict into the class of %q",
		c.subject.ModelPath, c.identity.Words, why, c.subject.Manifest.Model.Handler, file), hint)
}

// loadsAsPyTorch says that nothing of a model file changes how its class takes
// a state: no hook, no method of its own, no parent that keeps another.
func (s *source) loadsAsPyTorch(class *pysource.Class) bool {
	return s.Complete && !strings.Contains(s.text, "state_dict") && !strings.Contains(s.text, "quant") &&
		!strings.Contains(s.text, "__class__") && bindings(class.Names, "__new__")+len(class.Keywords) == 0 && !slices.ContainsFunc(s.Imports, func(i pysource.Import) bool { return i.Name == "*" })
}

// mayHave says that a class of the file may have a submodule of that name: the
// name stands in it.
func (s *source) mayHave(child string) bool {
	return regexp.MustCompile(`\b` + regexp.QuoteMeta(child) + `\b`).MatchString(s.text)
}

var (
	// What gives a module submodules by names that don't stand in the code.
	naming = regexp.MustCompile(`setattr|add_module|register_module|modules|__dict__|\b(exec|eval|vars|locals|globals|type)\b|\.apply\b`)
	// Where self is passed to nobody who could do so.
	harmlessSelf = regexp.MustCompile(`def \w+\(\s*self\b|super\(\s*\w+\s*,\s*self\s*\)|\bModule\.__init__\(\s*self\b`)
	bareSelf     = regexp.MustCompile(`\bself\b[ \t]*([^. \t]|$)`)
)

// namesChildren says that the names of a class's submodules surely stand in the
// file: it inherits from nn.Module alone, and nothing else gets hold of it.
func (s *source) namesChildren(class *pysource.Class) bool {
	if len(class.Bases) != 1 || class.Bases[0] != "Module" && !strings.HasSuffix(class.Bases[0], "nn.Module") {
		return false
	}
	foreign := func(f pysource.Function) bool {
		return len(f.Params) == 0 || f.Params[0].Name != "self" ||
			slices.ContainsFunc(f.Decorators, func(d string) bool { return !strings.HasPrefix(d, "torch.") })
	}
	return !slices.ContainsFunc(class.Methods, foreign) && !naming.MatchString(s.text) &&
		!bareSelf.MatchString(harmlessSelf.ReplaceAllString(s.text, ""))
}
