package cli

import (
	"cmp"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"go-model-archiver/archiver"
	"go-model-archiver/internal/report"
	"go-model-archiver/manifest"
	"go-model-archiver/validate"
	"go-model-archiver/validate/pytorch"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// request is the checked command line of packing.
type request struct {
	wishes
	spec   archiver.Spec
	dryRun bool
}

// wishes are what packing and validating have in common: how to load-test and
// how to report.
type wishes struct {
	loadTest validate.LoadTestOptions
	target   *pytorch.Version // of --target-torch, or nil
	ignore   []string
	strict   bool
	reports  []string
	json     bool
	quiet    bool
	verbose  bool
	progress bool
}

// parsePack turns flags into a request; whatever is wrong with them is a
// usageError.
func parsePack(c *cli.Context) (*request, error) {
	if err := required(c, "model-name", "handler", "version"); err != nil {
		return nil, err
	}
	if err := cmp.Or(choice(c, "runtime", manifest.Runtimes()), choice(c, "archive-format", archiver.Formats())); err != nil {
		return nil, err
	}
	for _, p := range c.StringSlice("exclude") {
		if _, err := path.Match(p, ""); err != nil {
			return nil, usagef("argument --exclude: %q is not a pattern: %v", p, err)
		}
	}
	epoch, err := epoch(c.Bool("reproducible"))
	if err != nil {
		return nil, err
	}
	w, err := parseWishes(c)
	if err != nil {
		return nil, err
	}
	return &request{
		wishes: *w,
		dryRun: c.Bool("dry-run"),
		spec: archiver.Spec{
			ModelName:        c.String("model-name"),
			Version:          c.String("version"),
			Handler:          c.String("handler"),
			SerializedFile:   c.String("serialized-file"),
			ModelFile:        c.String("model-file"),
			ExtraFiles:       c.String("extra-files"),
			Runtime:          manifest.Runtime(c.String("runtime")),
			ExportPath:       c.String("export-path"),
			Format:           archiver.Format(c.String("archive-format")),
			Force:            c.Bool("force"),
			RequirementsFile: c.String("requirements-file"),
			ConfigFile:       c.String("config-file"),
			Exclude:          c.StringSlice("exclude"),
			Epoch:            epoch,
		},
	}, nil
}

func parseWishes(c *cli.Context) (*wishes, error) {
	if err := cmp.Or(choice(c, "load-test", []string{"on", "off"}), choice(c, "progress", []string{"auto", "none"})); err != nil {
		return nil, err
	}
	w := &wishes{
		loadTest: validate.LoadTestOptions{
			Off:     c.String("load-test") == "off",
			Seed:    c.Int64("seed"),
			Timeout: c.Duration("timeout"),
			Worker:  c.String("worker"),
			Ignore:  c.StringSlice("ignore"),
		},
		ignore:   c.StringSlice("ignore"),
		strict:   c.Bool("strict"),
		reports:  c.StringSlice("report"),
		json:     c.Bool("json"),
		quiet:    c.Bool("quiet"),
		verbose:  c.Bool("verbose"),
		progress: c.String("progress") == "auto" && !c.Bool("quiet"),
	}
	if w.loadTest.Timeout <= 0 {
		return nil, usagef("argument --timeout: %v is no time to run in; give one such as 120s", w.loadTest.Timeout)
	}
	if err := parseWorker(c, &w.loadTest); err != nil {
		return nil, err
	}
	if err := w.parseGolden(c); err != nil {
		return nil, err
	}
	for _, text := range c.StringSlice("sample") {
		s, err := sample.Parse(text)
		if err != nil {
			return nil, usagef("argument --sample: %v", err)
		}
		for _, file := range s.Files() {
			if err := readable("sample", file); err != nil && !w.loadTest.Off {
				return nil, err
			}
		}
		w.loadTest.Samples = append(w.loadTest.Samples, s)
	}
	if text := c.String("target-torch"); c.IsSet("target-torch") {
		target, err := pytorch.ParseVersion(text)
		if err != nil {
			return nil, usagef("argument --target-torch: %v", err)
		}
		w.target = &target
	}
	for _, id := range w.ignore {
		if _, known := rules.Lookup(id); !known && id != "*" {
			return nil, usagef("argument --ignore: there is no rule %q; a finding names its rule in brackets", id)
		}
	}
	for _, file := range w.reports {
		if _, err := report.For(file); err != nil {
			return nil, usagef("argument --report: %v", err)
		}
	}
	return w, nil
}

func required(c *cli.Context, names ...string) error {
	var missing []string
	for _, n := range names {
		if !c.IsSet(n) {
			o := option{name: n}
			if n == "version" {
				o.short = "v"
			}
			missing = append(missing, o.display())
		}
	}
	if missing != nil {
		return usagef("the following arguments are required: %s", strings.Join(missing, ", "))
	}
	return nil
}

func choice[T ~string](c *cli.Context, flag string, allowed []T) error {
	if slices.Contains(allowed, T(c.String(flag))) {
		return nil
	}
	words := make([]string, len(allowed))
	for i, a := range allowed {
		words[i] = string(a)
	}
	return usagef("argument --%s: invalid choice: %q (choose from %s)", flag, c.String(flag), strings.Join(words, ", "))
}

// epochVariable is https://reproducible-builds.org/specs/source-date-epoch/.
const epochVariable = "SOURCE_DATE_EPOCH"

// lastEpoch is the end of the year 9999, the last that the manifest can tell.
const lastEpoch = 253402300799

// epoch is the time that a reproducible archive is dated, or nil.
func epoch(reproducible bool) (*time.Time, error) {
	if text, ok := os.LookupEnv(epochVariable); ok {
		seconds, err := strconv.ParseUint(text, 10, 40)
		if err != nil || seconds > lastEpoch {
			return nil, usagef("%s is %q, which is no number of seconds from 1970 to the year 9999", epochVariable, text)
		}
		t := time.Unix(int64(seconds), 0).UTC()
		return &t, nil
	}
	if !reproducible {
		return nil, nil
	}
	t := time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	return &t, nil
}
