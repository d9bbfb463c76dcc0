package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// usageError is a mistake on the command line: exit code 2.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

func usagef(format string, a ...any) error {
	return &usageError{fmt.Sprintf(format, a...)}
}

// option is what the normaliser knows of a flag.
type option struct {
	name       string // without dashes
	short      string // one letter, or empty
	takesValue bool
	original   bool // torch-model-archiver has it too
}

// display names the option as argparse does in its messages.
func (o option) display() string {
	if o.short != "" {
		return "-" + o.short + "/--" + o.name
	}
	return "--" + o.name
}

func optionsOf(flags []cli.Flag, original []string) []option {
	var out []option
	for _, f := range flags {
		o := option{name: f.Names()[0], original: slices.Contains(original, f.Names()[0])}
		for _, n := range f.Names()[1:] {
			if len(n) == 1 {
				o.short = n
			}
		}
		if d, ok := f.(cli.DocGenerationFlag); ok {
			o.takesValue = d.TakesValue()
		}
		out = append(out, o)
	}
	return out
}

// argv is a command line being read.
type argv struct {
	options []option
	out     []string
	stray   []string
}

// normalise turns a command line as Python's argparse takes it (unambiguous
// prefixes, -v1.0, -fv 1.0, values that start with a dash) into flags of the
// one form --name or --name=value, and the words that belong to no flag. A
// flag that it doesn't know is a usageError.
func normalise(args []string, options []option) (flags, stray []string, err error) {
	a := &argv{options: options}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" {
			a.stray = append(a.stray, args...)
			break
		}
		var err error
		switch {
		case !a.looksLikeOption(arg):
			a.stray = append(a.stray, arg)
		case strings.HasPrefix(arg, "--"):
			args, err = a.long(arg, args)
		default:
			args, err = a.cluster(arg, args)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	return a.out, a.stray, nil
}

// looksLikeOption follows argparse: a lone dash, a negative number and words
// with a space in them are values.
func (a *argv) looksLikeOption(arg string) bool {
	if len(arg) < 2 || arg[0] != '-' || isNegativeNumber(arg) {
		return false
	}
	if arg[1] != '-' && a.short(arg[1:2]) != nil {
		return true
	}
	name, _, _ := strings.Cut(arg, "=")
	return !strings.Contains(name, " ")
}

func (a *argv) short(letter string) *option {
	i := slices.IndexFunc(a.options, func(o option) bool { return o.short == letter })
	if i < 0 {
		return nil
	}
	return &a.options[i]
}

func isNegativeNumber(arg string) bool {
	digits, dots := 0, 0
	for _, c := range arg[1:] {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
		default:
			return false
		}
	}
	return digits > 0 && dots <= 1
}

func (a *argv) long(arg string, rest []string) ([]string, error) {
	name, value, explicit := strings.Cut(arg[2:], "=")
	o, err := a.find(name)
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, usagef("unrecognized arguments: %s", arg)
	}
	if explicit {
		if !o.takesValue {
			return nil, usagef("argument %s: ignored explicit argument %q", o.display(), value)
		}
		a.set(o, value)
		return rest, nil
	}
	return a.take(o, rest)
}

// find resolves a long name. A prefix is first looked for among the
// original's flags alone, so that ours never change what it means.
func (a *argv) find(name string) (*option, error) {
	for i, o := range a.options {
		if o.name == name {
			return &a.options[i], nil
		}
	}
	for _, original := range []bool{true, false} {
		var found []*option
		for i, o := range a.options {
			if o.original == original && strings.HasPrefix(o.name, name) {
				found = append(found, &a.options[i])
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return nil, a.ambiguous(name, found)
		}
	}
	return nil, nil
}

func (a *argv) ambiguous(name string, found []*option) error {
	var names []string
	for _, o := range found {
		names = append(names, "--"+o.name)
	}
	return usagef("ambiguous option: --%s could match %s", name, strings.Join(names, ", "))
}

// cluster reads -f, -v 1.0, -v1.0, -v=1.0, -fv 1.0.
func (a *argv) cluster(arg string, rest []string) ([]string, error) {
	for i := 1; i < len(arg); i++ {
		o := a.short(arg[i : i+1])
		if o == nil {
			return nil, usagef("unrecognized arguments: %s", arg)
		}
		tail := arg[i+1:]
		switch {
		case !o.takesValue && strings.HasPrefix(tail, "="):
			return nil, usagef("argument %s: ignored explicit argument %q", o.display(), tail[1:])
		case !o.takesValue:
			a.out = append(a.out, "--"+o.name)
		case tail == "":
			return a.take(o, rest)
		default:
			a.set(o, strings.TrimPrefix(tail, "="))
			return rest, nil
		}
	}
	return rest, nil
}

func (a *argv) take(o *option, rest []string) ([]string, error) {
	if !o.takesValue {
		a.out = append(a.out, "--"+o.name)
		return rest, nil
	}
	if len(rest) == 0 || rest[0] == "--" || a.looksLikeOption(rest[0]) {
		return nil, usagef("argument %s: expected one argument", o.display())
	}
	a.set(o, rest[0])
	return rest[1:], nil
}

func (a *argv) set(o *option, value string) {
	a.out = append(a.out, "--"+o.name+"="+value)
}
