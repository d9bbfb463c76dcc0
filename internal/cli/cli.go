// Package cli is the command line of go-model-archiver: flags, sub-commands,
// exit codes. It is the only package that prints.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"go-model-archiver/archiver"
	"go-model-archiver/internal/report"
)

const (
	name = "go-model-archiver"
	// Version is this program's own version; --version is the model's.
	Version = "0.1.0"
)

// Main runs the command line args, whose first is the program's name, and
// returns the exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	limitMemory()
	ctx, stop := withSignals(context.Background())
	defer stop()
	app := newApp(stdout, stderr)
	args, err := prepare(app, args)
	if err == nil {
		err = app.RunContext(ctx, args)
	}
	printError(ctx, stderr, err)
	return exitCode(ctx, err)
}

// limitMemory has the garbage of the checks collected before more memory is taken
// for compressing. What has to live may still be more.
func limitMemory() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(40<<20 + 4<<20*int64(max(runtime.GOMAXPROCS(0)-2, 0)))
	}
}

func newApp(stdout, stderr io.Writer) *cli.App {
	app := &cli.App{
		Name:                      name,
		Usage:                     "load-test a model and pack it for TorchServe",
		CustomAppHelpTemplate:     helpText(helpHead, packFlags(), helpTail),
		Flags:                     packFlags(),
		HideVersion:               true,
		DisableSliceFlagSeparator: true,
		EnableBashCompletion:      true,
		Writer:                    stdout,
		ErrWriter:                 stderr,
		ExitErrHandler:            func(*cli.Context, error) {},
		OnUsageError:              asUsageError,
		Action:                    pack,
	}
	app.Commands = []*cli.Command{validateCommand(), inspectCommand(), doctorCommand(), versionCommand(), completionCommand()}
	for _, c := range app.Commands {
		c.OnUsageError = asUsageError
	}
	return app
}

// prepare brings the arguments into the form that urfave/cli understands.
func prepare(app *cli.App, args []string) ([]string, error) {
	if len(args) < 2 {
		return args, usagef("the following arguments are required: --model-name, --handler, -v/--version")
	}
	if args[len(args)-1] == "--generate-bash-completion" {
		return args, nil
	}
	head, flags, original := args[:1:1], app.Flags, originalFlags
	if args[1] == "help" {
		return args, nil
	}
	command := app.Command(args[1])
	if command != nil {
		head, flags, original = args[:2:2], command.Flags, nil
	}
	options := optionsOf(append(flags[:len(flags):len(flags)], cli.HelpFlag), original)
	out, stray, err := normalise(args[len(head):], options)
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(out, "--help"):
		return append(head, "--help"), nil
	case command == nil && len(stray) > 0:
		return nil, usagef("unrecognized arguments: %s", strings.Join(stray, " "))
	}
	return slices.Concat(head, out, []string{"--"}, stray), nil
}

// badValue is how package flag words a value that is not of the flag's type.
var badValue = regexp.MustCompile(`^invalid value (".*") for flag -([\w-]+): `)

// asUsageError keeps urfave/cli from printing its usage page.
func asUsageError(c *cli.Context, err error, _ bool) error {
	if m := badValue.FindStringSubmatch(err.Error()); m != nil {
		return usagef("argument --%s: %s is no %s", m[2], m[1], wanted(c, m[2]))
	}
	return &usageError{strings.TrimSuffix(err.Error(), ".")}
}

// wanted says what a flag takes.
func wanted(c *cli.Context, flag string) string {
	flags := c.App.Flags
	if c.Command != nil {
		flags = append(flags[:len(flags):len(flags)], c.Command.Flags...)
	}
	for _, f := range flags {
		if f.Names()[0] != flag {
			continue
		}
		switch f.(type) {
		case *cli.DurationFlag:
			return "time; give one with its unit, such as 10s or 5m"
		case *cli.Float64Flag:
			return "number; give one such as 1e-3"
		case *cli.IntFlag, *cli.Int64Flag:
			return "whole number"
		}
	}
	return "value that it takes"
}

// printError prints every error of a tree of joined ones on a line of its own,
// but for those that the report's findings explain.
func printError(ctx context.Context, w io.Writer, err error) {
	if err == nil {
		return
	}
	if s, ok := errors.AsType[*signalError](context.Cause(ctx)); ok {
		fmt.Fprintf(w, "%s: %v; the destination is as it was\n", name, s)
		return
	}
	for _, e := range flatten(err) {
		if isRefusal(e) {
			continue
		}
		if p, ok := errors.AsType[*archiver.Problem](e); ok {
			printWithHint(w, p.Message, p.Hint)
			continue
		}
		if u, ok := errors.AsType[*noUsableWorker](e); ok {
			printWithHint(w, u.message, u.hint)
			continue
		}
		printWithHint(w, e.Error(), "")
	}
	if _, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintf(w, "hint: see %s --help\n", name)
	}
}

func printWithHint(w io.Writer, message, hint string) {
	fmt.Fprintf(w, "%s: error: %s\n", name, report.PrintableLines(message))
	if hint != "" {
		fmt.Fprintf(w, "hint: %s\n", report.PrintableLines(hint))
	}
}

func flatten(err error) []error {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var out []error
	for _, e := range joined.Unwrap() {
		out = append(out, flatten(e)...)
	}
	return out
}
