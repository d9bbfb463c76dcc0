package cli

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

const helpHead = `go-model-archiver load-tests a TorchScript model in libtorch and packs it into
an archive that TorchServe serves. It takes torch-model-archiver's flags.

USAGE
  go-model-archiver --model-name NAME --version VERSION --handler HANDLER [FLAG...]
  go-model-archiver validate PATH...   check archives, models or a model store
  go-model-archiver inspect PATH       show what an archive or a model holds
  go-model-archiver doctor             try the workers: which libtorch, how fast, what is wrong
  go-model-archiver version | completion bash|zsh|fish | help

EXAMPLE
  go-model-archiver --model-name BERTSeqClassification_Torchscript --version 1.0 \
    --serialized-file Transformer_model/traced_model.pt \
    --handler ./Transformer_handler_generalized.py \
    --extra-files "./setup_config.json,./Seq_classification_artifacts/index_to_name.json"

  The model is loaded and run once on an input of the shape that setup_config.json
  (max_length) asks for; only then is BERTSeqClassification_Torchscript.mar written.
`

const helpTail = `
As with torch-model-archiver, --flag=value, unambiguous prefixes (--model-n),
-v1.0 and -fv 1.0 work.

EXIT CODES
  0    done
  1    failed: a missing file, a name clash, the archive exists, an I/O error
  2    a mistake on the command line
  3    the model or its files did not pass; no archive
  4    the model could not be tested here (no worker; an operator, class, device or
       kernel that this libtorch lacks); no archive
  130, 143   stopped by SIGINT or SIGTERM; no archive
`

const validateHead = `go-model-archiver validate runs the checks of packing, the load test included, on
what exists already. It writes nothing but the files that flags name.

USAGE
  go-model-archiver validate [FLAG...] PATH...

  PATH is a .mar, a .tar.gz, a no-archive folder, a model file, or a model store: a
  folder whose archives and model folders are all checked. In a folder that has
  neither of them nor a MAR-INF, the model files are checked, and the folder itself
  where a handler is beside them.

EXAMPLES
  go-model-archiver validate model-store
  go-model-archiver validate --sample 'float32[1,3,224,224]' resnet.pt
  go-model-archiver validate --load-test off --strict --report report.xml bert.mar
`

const validateTail = `
EXIT CODES, the highest of all paths
  0    passed, or nothing that needed a test
  1    failed: a missing file, an I/O error
  2    a mistake on the command line
  3    a model or an archive did not pass
  4    a model could not be tested here (no worker; an operator, class, device or
       kernel that this libtorch lacks), or there was nothing to look at
  130, 143   stopped by SIGINT or SIGTERM
`

const inspectHead = `go-model-archiver inspect shows the manifest and the entries of an archive and, of
the model in it, forward's signature, the tensors, operators and devices. It needs
no libtorch and runs nothing of the model.

USAGE
  go-model-archiver inspect [FLAG...] PATH

  PATH is a .mar, a .tar.gz, a no-archive folder or a model file.

EXAMPLES
  go-model-archiver inspect bert.mar
  go-model-archiver inspect --json model.pt | jq '.model.forward.arguments'

FLAGS
`

const inspectTail = `
EXIT CODES
  0    shown
  1    failed: a missing file, an I/O error
  2    a mistake on the command line
  3    the archive is damaged; what can be read of it is shown
`

const doctorHead = `go-model-archiver doctor starts every worker that it finds, lets it run a small
model, and says which libtorch it has, how fast that is, and what is wrong.

USAGE
  go-model-archiver doctor [FLAG...]

FLAGS
`

const doctorTail = `
EXIT CODES
  0    the default worker works
  4    it does not, or there is none
`

const (
	helpWidth  = 82
	helpIndent = 8
)

// helpText is the whole of a --help: the flags in the order of their groups.
func helpText(head string, flags []cli.Flag, tail string) string {
	var b strings.Builder
	b.WriteString(head)
	group := ""
	for _, f := range flags {
		d := f.(cli.DocGenerationFlag)
		if g := f.(cli.CategorizableFlag).GetCategory(); g != group {
			group = g
			fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(g[:1])+g[1:])
		}
		placeholder, usage := unquote(d.GetUsage())
		b.WriteString("  ")
		for _, n := range f.Names()[1:] {
			fmt.Fprintf(&b, "-%s, ", n)
		}
		fmt.Fprintf(&b, "--%s", f.Names()[0])
		if placeholder != "" {
			fmt.Fprintf(&b, " %s", placeholder)
		}
		b.WriteByte('\n')
		wrap(&b, usage+defaultText(d))
	}
	b.WriteString(tail)
	return b.String()
}

// unquote takes the placeholder out of a usage text, where urfave/cli has it
// in backquotes.
func unquote(usage string) (placeholder, text string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "", usage
	}
	placeholder, after, _ := strings.Cut(rest, "`")
	return placeholder, before + placeholder + after
}

func defaultText(d cli.DocGenerationFlag) string {
	text := d.GetDefaultText()
	if !d.TakesValue() || text == "" || text == "0" {
		return ""
	}
	return " (default: " + strings.Trim(text, `"`) + ")"
}

func wrap(b *strings.Builder, text string) {
	column := 0
	for _, word := range strings.Fields(text) {
		switch {
		case column == 0:
			b.WriteString(strings.Repeat(" ", helpIndent))
			column = helpIndent
		case column+1+len(word) > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", helpIndent))
			column = helpIndent
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteByte('\n')
}
