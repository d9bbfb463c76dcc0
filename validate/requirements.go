package validate

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"go-model-archiver/validate/rules"
)

// requirements is what a requirements file asks pip for.
type requirements struct {
	name  string
	names []string // normalized
	// open is set where it asks for more than its lines name.
	open bool
}

const (
	pipValue   = `([a-z_.]+|'[^']*'|"[^"]*")`
	pipCompare = `[\s(]*` + pipValue + `\s*(===?|~=|!=|<=|>=|<|>|\bin\b|\bnot\s+in\b)\s*` + pipValue + `[\s)]*`
)

// A line of a requirements file: https://pip.pypa.io/en/stable/reference/requirements-file-format/,
// and PEP 508.
var (
	pipComment = regexp.MustCompile(`(^|\s)#.*$`)
	pipName    = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?`)
	pipExtras  = regexp.MustCompile(`^\[\s*([A-Za-z0-9._-]+\s*(,\s*[A-Za-z0-9._-]+\s*)*)?\]`)
	pipVersion = regexp.MustCompile(`^(===|==|~=|!=|<=|>=|<|>)\s*[^\s,;()<>=!~]+`)
	pipPath    = regexp.MustCompile(`^[a-z0-9+.-]+://|^(git|hg|svn|bzr)\+|[/\\]|^\.|\.(whl|zip|tar\.gz|tgz|tar\.bz2)(\[.*\])?$`)
	pipOptions = regexp.MustCompile(`(\s+--(hash|config-settings?|global-option|build-option|install-option)[= ]\S+)+\s*$`)
	// A marker is comparisons; whether their brackets match is not looked at.
	pipMarker  = regexp.MustCompile(`^` + pipCompare + `(\s*\b(and|or)\b` + pipCompare + `)*$`)
	separators = regexp.MustCompile(`[-_.]+`)
)

// pipFlags are the options that a requirements file may have, and whether they
// want a value.
var pipFlags = map[string]bool{
	"-i": true, "--index-url": true, "--extra-index-url": true, "--no-index": false, "-c": true, "--constraint": true,
	"-r": true, "--requirement": true, "-e": true, "--editable": true, "-f": true, "--find-links": true,
	"--no-binary": true, "--only-binary": true, "--prefer-binary": false, "--require-hashes": false, "--pre": false,
	"--trusted-host": true, "--use-feature": true, "--pypi-url": true,
}

// checkRequirements reads the requirements file as pip does; nil is none.
func (c *Check) checkRequirements() (*requirements, error) {
	name := c.subject.Manifest.Model.RequirementsFile
	data, err := c.read(name, maxSettings)
	if err != nil || data == nil {
		return nil, err
	}
	r := &requirements{name: name}
	var problems []string
	hint := `write one package a line, such as "transformers>=4.40"`
	for number, line := range logicalLines(string(data)) {
		why := r.line(line, c.subject.has)
		if why == "" {
			continue
		}
		problems = append(problems, fmt.Sprintf("line %d of %q: %s", number, name, why))
		if len(problems) == 1 && strings.HasPrefix(line, "-") {
			hint = "add files that are named to --extra-files; pip's manual lists the options of a requirements file"
		}
	}
	if len(problems) > 0 {
		message := problems[0]
		if more := len(problems) - 1; more > 0 {
			message += fmt.Sprintf(" (and %s)", counted(more, "more line"))
		}
		c.add(rules.RequirementsSyntax, name, message, hint)
	}
	c.add(rules.RequirementsUnused, name,
		fmt.Sprintf("TorchServe installs %q only where install_py_dep_per_model=true stands in its config.properties", name),
		"set that, or install the packages on the server")
	return r, nil
}

// logicalLines yields the lines of a requirements file that say something, with
// the number of their first one: comments and continuations are taken out.
func logicalLines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		joined, first := "", 0
		text = strings.TrimPrefix(text, "\ufeff")
		lines := strings.Split(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text), "\n")
		for i, line := range lines {
			if joined == "" {
				first = i + 1
			}
			rest, continued := strings.CutSuffix(line, `\`)
			if continued && i+1 < len(lines) && !pipComment.MatchString(line) {
				joined += rest + " "
				continue
			}
			whole := strings.TrimSpace(pipComment.ReplaceAllString(joined+line, ""))
			joined = ""
			if whole != "" && !yield(first, whole) {
				return
			}
		}
	}
}

// line reads a line and says what is wrong with it.
func (r *requirements) line(line string, packed func(string) bool) string {
	if strings.Contains(line, "${") || !utf8.ValidString(line) {
		r.open = true
		return ""
	}
	if strings.HasPrefix(line, "-") {
		return r.option(line, packed)
	}
	line = pipOptions.ReplaceAllString(line, "")
	before, _, marked := strings.Cut(line, ";")
	wanted := strings.TrimSpace(before)
	name := pipName.FindString(wanted)
	rest := strings.TrimSpace(wanted[len(name):])
	switch {
	case pipPath.MatchString(wanted) && !strings.HasPrefix(rest, "@") && !strings.HasPrefix(strings.TrimSpace(pipExtras.ReplaceAllString(rest, "")), "@"):
		r.open = true
		return ""
	case name == "":
		return fmt.Sprintf("%q names no package", clip(line))
	case marked && strings.TrimSpace(line[len(before)+1:]) == "":
		return fmt.Sprintf("%q has no marker after its semicolon", clip(line))
	case marked && !strings.Contains(before, "@") && !pipMarker.MatchString(line[len(before)+1:]):
		return fmt.Sprintf("%q has no valid marker after its semicolon", clip(line))
	}
	r.names = append(r.names, normalized(name))
	rest = strings.TrimSpace(pipExtras.ReplaceAllString(rest, ""))
	if rest == "" || strings.HasPrefix(rest, "@") && strings.TrimSpace(rest[1:]) != "" {
		return ""
	}
	if versions(rest) {
		return ""
	}
	return fmt.Sprintf("%q has %q after the package's name", clip(line), clip(rest))
}

// versions says that text is a list of versions, perhaps in brackets.
func versions(text string) bool {
	if inner, ok := strings.CutPrefix(text, "("); ok {
		if text, ok = strings.CutSuffix(inner, ")"); !ok {
			return false
		}
	}
	parts := strings.Split(text, ",")
	if len(parts) > 1 && strings.TrimSpace(parts[len(parts)-1]) == "" {
		parts = parts[:len(parts)-1]
	}
	return !slices.ContainsFunc(parts, func(p string) bool {
		p = strings.TrimSpace(p)
		return pipVersion.FindString(p) != p || p == ""
	})
}

func (r *requirements) option(line string, packed func(string) bool) string {
	flag, value, _ := strings.Cut(strings.Replace(line, "=", " ", 1), " ")
	value = strings.TrimSpace(value)
	if wants, known := pipFlags[flag]; !known {
		// Short options may have their value attached.
		if wants, known = pipFlags[line[:min(2, len(line))]]; !known || !wants || strings.HasPrefix(line, "--") {
			return fmt.Sprintf("pip knows no option %q in a requirements file", clip(flag))
		}
		flag, value = line[:2], strings.TrimSpace(line[2:])
	} else if wants && value == "" {
		return fmt.Sprintf("the option %q has no value", flag)
	}
	switch flag {
	case "-r", "--requirement", "-e", "--editable":
		r.open = true
	}
	switch flag {
	case "-r", "--requirement", "-c", "--constraint":
		if !strings.Contains(value, "://") && !path.IsAbs(value) && !packed(path.Clean(value)) {
			return fmt.Sprintf("%q is named, and the archive has no such file", clip(value))
		}
	}
	return ""
}

func normalized(name string) string { return strings.ToLower(separators.ReplaceAllString(name, "-")) }

// bring says that a requirement is known to bring a module.
func (r *requirements) bring(module string) bool {
	return slices.Contains(r.names, normalized(module)) ||
		slices.ContainsFunc(distributions[module], func(d string) bool { return slices.Contains(r.names, d) })
}
