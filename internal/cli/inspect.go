package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/urfave/cli/v2"

	"go-model-archiver/internal/report"
	"go-model-archiver/validate/container"
	"go-model-archiver/validate/rules"
)

func inspectCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.BoolFlag{Name: "json", Usage: "print it as JSON"},
		&cli.BoolFlag{Name: "code", Usage: "print the TorchScript code of the model"},
		&cli.StringFlag{Name: "progress", Value: "auto", Usage: "show the progress of inflating on a terminal: `auto|none`"},
	}
	return &cli.Command{
		Name:               "inspect",
		Usage:              "show what an archive or a model holds, without libtorch",
		CustomHelpTemplate: helpText(inspectHead, flags, inspectTail),
		Flags:              flags,
		Action:             inspect,
	}
}

func inspect(c *cli.Context) error {
	if c.NArg() != 1 {
		return usagef("inspect takes one path: .mar, .tar.gz, a no-archive folder or a model file")
	}
	if err := choice(c, "progress", []string{"auto", "none"}); err != nil {
		return err
	}
	// The display has to be gone before anything else is shown.
	bar := newProgress(c.App.ErrWriter, c.String("progress") == "auto")
	defer bar.stop()
	box, err := container.OpenWithProgress(c.Context, c.Args().First(), bar.inflated)
	if err != nil {
		return err
	}
	defer box.Close()
	tell := func() { report.Findings(c.App.ErrWriter, name, box.Findings, func(rules.Finding) bool { return true }) }
	if c.Bool("code") {
		tell()
		return box.Code(c.Context, func(file string, r io.Reader) error {
			bar.stop()
			if _, err := fmt.Fprintf(c.App.Writer, "# %s\n", report.Printable(file)); err != nil {
				return err
			}
			_, err := io.Copy(c.App.Writer, r)
			return err
		})
	}
	in, err := box.Inspect(c.Context)
	if err != nil {
		return err
	}
	bar.stop()
	tell()
	if c.Bool("json") {
		enc := json.NewEncoder(c.App.Writer)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(in)
	} else {
		err = report.Inspection(c.App.Writer, in)
	}
	if slices.ContainsFunc(in.Findings, func(f rules.Finding) bool { return f.Rule == rules.ArchiveDamaged }) {
		err = errors.Join(err, errNotPassed)
	}
	return err
}
