package cli

import (
	"fmt"
	"runtime"

	"github.com/urfave/cli/v2"

	"go-model-archiver/manifest"
)

func versionCommand() *cli.Command {
	return &cli.Command{
		Name:  "version",
		Usage: "print this program's own version",
		Action: func(c *cli.Context) error {
			if c.Args().Present() {
				return usagef("unrecognized arguments: %v", c.Args().Slice())
			}
			_, err := fmt.Fprintf(c.App.Writer, "%s %s (archive format of torch-model-archiver %s, %s, %s/%s)\n",
				name, Version, manifest.ArchiverVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

func completionCommand() *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print a completion script for a shell",
		ArgsUsage: "bash|zsh|fish",
		Action: func(c *cli.Context) error {
			if c.NArg() != 1 {
				return usagef("completion takes the shell: bash, zsh or fish")
			}
			script := completionScripts[c.Args().First()]
			if c.Args().First() == "fish" {
				var err error
				if script, err = c.App.ToFishCompletion(); err != nil {
					return err
				}
			}
			if script == "" {
				return usagef("no completion for %q: choose from bash, zsh, fish", c.Args().First())
			}
			_, err := fmt.Fprintln(c.App.Writer, script)
			return err
		},
	}
}

// completionScripts ask the program itself, through urfave/cli's
// --generate-bash-completion, and fall back to file names.
var completionScripts = map[string]string{
	"bash": `_go_model_archiver() {
  local cur="${COMP_WORDS[COMP_CWORD]}"
  if [[ "$cur" == -* || "$COMP_CWORD" -eq 1 ]]; then
    COMPREPLY=( $(compgen -W "$("${COMP_WORDS[@]:0:COMP_CWORD}" ${cur:+"$cur"} --generate-bash-completion 2>/dev/null)" -- "$cur") )
  fi
}
complete -o bashdefault -o default -F _go_model_archiver go-model-archiver`,
	"zsh": `#compdef go-model-archiver
_go_model_archiver() {
  local -a words_found
  words_found=("${(@f)$("${words[@]:0:CURRENT-1}" ${words[CURRENT]} --generate-bash-completion 2>/dev/null)}")
  if [[ "${words[CURRENT]}" == -* || CURRENT -eq 2 ]]; then compadd -a words_found; else _files; fi
}
compdef _go_model_archiver go-model-archiver`,
}
