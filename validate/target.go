package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/pytorch"
	"go-model-archiver/validate/rules"
)

// TargetFindings compares the TorchScript file with the PyTorch that is to serve
// it: what that version surely cannot load is an error, and what cannot be told
// a note.
func (c *Check) TargetFindings(target pytorch.Version) []rules.Finding {
	path := c.subject.ModelPath
	if c.model == nil {
		if c.subject.Model == nil {
			return nil // there is a finding on that
		}
		return []rules.Finding{rules.New(rules.TargetUnknown, path,
			fmt.Sprintf("%q was not compared with PyTorch %s: it is no TorchScript that can be read", path, target),
			"load it in that PyTorch")}
	}
	var found []rules.Finding
	found = append(found, c.targetFormat(target)...)
	found = append(found, c.targetOperators(target)...)
	return found
}

// targetFormat compares the file format's version with those that target reads.
func (c *Check) targetFormat(target pytorch.Version) []rules.Finding {
	path, version := c.subject.ModelPath, c.model.FormatVersion
	if most := target.FileFormat(); most > 0 {
		if version <= most {
			return nil
		}
		return []rules.Finding{rules.New(rules.TargetFormat, path,
			fmt.Sprintf("%q has version %d of the file format, and PyTorch %s reads at most version %d", path, version, target, most),
			fmt.Sprintf("save it with PyTorch %s, or serve it with the PyTorch that saved it", target))}
	}
	first, err := pytorch.ParseVersion(c.model.MinPyTorch)
	if err != nil || !target.Less(first) {
		return nil // newer than what is known: targetOperators says so
	}
	return []rules.Finding{rules.New(rules.TargetFormat, path,
		fmt.Sprintf("%q has version %d of the file format, which PyTorch %s does not read and %s and newer do", path, version, target, first),
		fmt.Sprintf("save it with PyTorch %s, or serve it with %s or newer", target, first))}
}

// targetOperators looks for the model's operators in target.
func (c *Check) targetOperators(target pytorch.Version) []rules.Finding {
	var lacking, unknown []string
	needed := target
	removed := false
	for _, operator := range slices.Concat(c.model.Operators, c.model.Keywords) {
		life, ok := pytorch.Operator(operator)
		if !ok {
			if !strings.Contains(operator, "(") {
				unknown = append(unknown, operator)
			}
			continue
		}
		has, sure := life.Has(target)
		switch {
		case has || !sure:
		case target.Less(life.Since):
			lacking = append(lacking, fmt.Sprintf("%s (new in %s)", spell(operator), life.Since))
			if needed.Less(life.Since) {
				needed = life.Since
			}
		default:
			lacking = append(lacking, fmt.Sprintf("%s (gone after %s)", operator, life.Until))
			removed = true
		}
	}
	path := c.subject.ModelPath
	var found []rules.Finding
	if len(lacking) > 0 {
		hint := fmt.Sprintf("trace or script it with PyTorch %s", target)
		if !removed {
			hint += fmt.Sprintf(", or serve it with %s or newer", needed)
		}
		found = append(found, rules.New(rules.TargetOperator, path,
			fmt.Sprintf("%q calls what PyTorch %s lacks: %s", path, target, enumerate(lacking)), hint))
	}
	return append(found, c.targetUnknown(target, unknown)...)
}

// targetUnknown says what cannot be told of target.
func (c *Check) targetUnknown(target pytorch.Version, operators []string) []rules.Finding {
	path := c.subject.ModelPath
	var reasons []string
	if !target.Known() {
		reasons = append(reasons, fmt.Sprintf("the operators of PyTorch %s are not known here, only those of %s to %s",
			target, pytorch.Oldest(), pytorch.Newest()))
	}
	if len(operators) > 0 {
		reasons = append(reasons, fmt.Sprintf("no PyTorch from %s to %s has %s by itself", pytorch.Oldest(), pytorch.Newest(), enumerate(operators)))
	}
	classes := slices.DeleteFunc(slices.Clone(c.model.CustomClasses), isCoreClass)
	if len(classes) > 0 {
		reasons = append(reasons, "it needs the class "+enumerate(classes))
	}
	if reasons == nil {
		return nil
	}
	hint := ""
	if len(operators)+len(classes) > 0 {
		hint = "see that the handler imports the library that brings them, in the version for that PyTorch"
	}
	return []rules.Finding{rules.New(rules.TargetUnknown, path,
		fmt.Sprintf("whether PyTorch %s loads %q cannot be told: %s", target, path, strings.Join(reasons, "; ")), hint)}
}

// spell writes "aten::stft(return_complex)" as people do.
func spell(operator string) string {
	operator, keyword, ok := strings.Cut(strings.TrimSuffix(operator, ")"), "(")
	if !ok {
		return operator
	}
	return keyword + "= of " + operator
}

// isCoreClass knows the C++ classes that come with libtorch.
func isCoreClass(class string) bool {
	return slices.ContainsFunc(classNamespaces([]string{class}), func(space string) bool {
		return slices.Contains([]string{"quantized", "rnn", "sparse", "xnnpack", "mkldnn", "onednn", "profiler"}, space)
	})
}

// enumerate lists the first of many words.
func enumerate(words []string) string {
	const most = 8
	text := strings.Join(words[:min(len(words), most)], ", ")
	if len(words) > most {
		text += fmt.Sprintf(" and %d more", len(words)-most)
	}
	return text
}
