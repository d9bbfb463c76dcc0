package cli

import (
	"time"

	"github.com/urfave/cli/v2"

	"go-model-archiver/validate/loadtest"
)

// The groups of --help.
const (
	groupRequired = "What to archive (torch-model-archiver's flags; the first three are required)"
	groupOutput   = "Where and how to write it (torch-model-archiver's flags)"
	groupTest     = "The load test"
	groupReport   = "What is reported"
	groupPacking  = "More on packing"
)

// originalFlags are torch-model-archiver's. A prefix that is unambiguous among
// them keeps its meaning whatever flags ours add.
var originalFlags = []string{
	"help", "model-name", "serialized-file", "model-file", "handler", "extra-files", "runtime",
	"export-path", "archive-format", "force", "version", "requirements-file", "config-file",
}

func packFlags() []cli.Flag {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "model-name", Category: groupRequired, Usage: "`NAME` of the model; the archive is NAME.mar, NAME.tar.gz or the folder NAME"},
		&cli.StringFlag{Name: "version", Aliases: []string{"v"}, Category: groupRequired, Usage: "`VERSION` of the model, such as 1.0"},
		&cli.StringFlag{Name: "handler", Category: groupRequired, Usage: "a built-in `HANDLER` such as image_classifier, or file.py, or file.py:function"},
		&cli.StringFlag{Name: "serialized-file", Category: groupRequired, Usage: "the model `FILE`: TorchScript (load-tested), a state_dict, ONNX, …"},
		&cli.StringFlag{Name: "model-file", Category: groupRequired, Usage: "Python `FILE` with the model's class, for eager models"},
		&cli.StringFlag{Name: "extra-files", Category: groupRequired, Usage: "comma-separated `PATHS`: files, wildcards, folders (their contents)"},
		&cli.StringFlag{Name: "requirements-file", Aliases: []string{"r"}, Category: groupRequired, Usage: "`FILE` of the Python packages that the handler needs"},
		&cli.StringFlag{Name: "config-file", Aliases: []string{"c"}, Category: groupRequired, Usage: "the model's YAML configuration `FILE`"},
		&cli.StringFlag{Name: "runtime", Category: groupRequired, Value: "python", Usage: "`RUNTIME` of the handler: python, python3 or LSP"},

		&cli.StringFlag{Name: "export-path", Category: groupOutput, DefaultText: "the working directory", Usage: "`FOLDER` that the archive goes to"},
		&cli.StringFlag{Name: "archive-format", Category: groupOutput, Value: "default", Usage: "`FORMAT`: default (deflated .mar), zip-store, tgz or no-archive"},
		&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Category: groupOutput, Usage: "replace an existing archive"},
	}
	flags = append(flags, loadTestFlags()...)
	flags = append(flags, reportFlags()...)
	return append(flags,
		&cli.BoolFlag{Name: "dry-run", Category: groupPacking, Usage: "print what would be archived; test and write nothing"},
		&cli.StringSliceFlag{Name: "exclude", Category: groupPacking, Usage: "leave out entries that match `GLOB`, such as optimizer.pt; may be repeated"},
		&cli.BoolFlag{Name: "reproducible", Category: groupPacking, Usage: "the same bytes on every run, dated SOURCE_DATE_EPOCH or 1980-01-01"},
	)
}

func loadTestFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "load-test", Category: groupTest, Value: "on", Usage: "load TorchScript in libtorch and run its forward: `on|off`"},
		&cli.StringSliceFlag{Name: "sample", Category: groupTest, Usage: "`SPEC` of an input of forward, once per argument: [NAME:]DTYPE[DIMS][=SOURCE], such as 'input_ids:int64[1,150]' or 'float32[1,3,224,224]=random'; SOURCE is zeros, ones, arange, random, randint(LOW,HIGH), @FILE.npy or @FILE.npz[NAME]. @FILE.npz alone gives all its arrays, by name or in order. Also lists, tuples, dicts and scalars: '[int64[3], int64[5]]', 'int=3', 'none'"},
		&cli.Int64Flag{Name: "seed", Category: groupTest, Usage: "`NUMBER` that fixes the sample's random values"},
		&cli.DurationFlag{Name: "timeout", Category: groupTest, Value: 120 * time.Second, Usage: "`TIME` that each stage of the load test may take: starting and loading, forward"},
		&cli.StringFlag{Name: "device", Category: groupTest, Value: "cpu", Usage: "`DEVICE` that the model runs on: cpu, cuda or cuda:N"},
		&cli.StringSliceFlag{Name: "library", Category: groupTest, Usage: "`FILE` of custom operators, such as libtorchvision.so, that is loaded before the model; may be repeated"},
		&cli.IntFlag{Name: "threads", Category: groupTest, Value: loadtest.DefaultThreads(), Usage: "`NUMBER` of threads inside an operator", DefaultText: "as many as cores, at most 4"},
		&cli.StringFlag{Name: "memory", Category: groupTest, Usage: "`SIZE` of the data that the worker may have, such as 8GiB", DefaultText: "no limit"},
		&cli.IntFlag{Name: "warmup", Category: groupTest, Usage: "`NUMBER` of calls of forward before those that are measured"},
		&cli.IntFlag{Name: "iterations", Category: groupTest, Value: 1, Usage: "`NUMBER` of calls of forward that are measured and compared"},
		&cli.StringFlag{Name: "worker", Category: groupTest, Usage: "`WORKER` to use: the path of a go-model-archiver-libtorch, or a version such as 2.6 for go-model-archiver-libtorch-2.6.0 beside this program or in PATH; doctor lists them", DefaultText: "$GO_MODEL_ARCHIVER_WORKER, then beside this program, then in PATH"},
		&cli.StringFlag{Name: "target-torch", Category: groupTest, Usage: "compare the model's file format and operators with those of the PyTorch that will serve it, a `VERSION` such as 2.1"},
	}, goldenFlags()...)
}

func reportFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "json", Category: groupReport, Usage: "print the report as JSON on stdout"},
		&cli.StringSliceFlag{Name: "report", Category: groupReport, Usage: "write the report to `FILE` (.json, .xml for JUnit, or .sarif); may be repeated"},
		&cli.StringSliceFlag{Name: "ignore", Category: groupReport, Usage: "let findings of `RULE` pass, '*' for all; may be repeated"},
		&cli.BoolFlag{Name: "strict", Category: groupReport, Usage: "let warnings fail too"},
		&cli.BoolFlag{Name: "quiet", Category: groupReport, Usage: "print errors only"},
		&cli.BoolFlag{Name: "verbose", Category: groupReport, Usage: "print in full what libtorch or the worker said too"},
		&cli.StringFlag{Name: "progress", Category: groupReport, Value: "auto", Usage: "show the progress of long work on a terminal: `auto|none`"},
	}
}
