package cli

import (
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
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// request is a checked command line.
type request struct {
	spec     archiver.Spec
	loadTest bool
	samples  []sample.Spec
	seed     int64
	timeout  time.Duration
	worker   string
	ignore   []string
	reports  []string
	json     bool
	quiet    bool
	verbose  bool
	progress bool
	dryRun   bool
}

// parse turns flags into a request; whatever is wrong with them is a
// usageError.
func parse(c *cli.Context) (*request, error) {
	if err := required(c, "model-name", "handler", "version"); err != nil {
		return nil, err
	}
	runtimes, formats := manifest.Runtimes(), archiver.Formats()
	for _, err := range []error{
		choice(c, "runtime", runtimes),
		choice(c, "archive-format", formats),
		choice(c, "load-test", []string{"on", "off"}),
		choice(c, "progress", []string{"auto", "none"}),
	} {
		if err != nil {
			return nil, err
		}
	}
	r := &request{
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
		},
		loadTest: c.String("load-test") == "on",
		seed:     c.Int64("seed"),
		timeout:  c.Duration("timeout"),
		worker:   c.String("worker"),
		ignore:   c.StringSlice("ignore"),
		reports:  c.StringSlice("report"),
		json:     c.Bool("json"),
		quiet:    c.Bool("quiet"),
		verbose:  c.Bool("verbose"),
		progress: c.String("progress") == "auto",
		dryRun:   c.Bool("dry-run"),
	}
	return r, r.check(c)
}

func (r *request) check(c *cli.Context) error {
	if r.timeout <= 0 {
		return usagef("argument --timeout: %v is no time to run in; give one such as 120s", r.timeout)
	}
	for _, text := range c.StringSlice("sample") {
		s, err := sample.Parse(text)
		if err != nil {
			return usagef("argument --sample: %v", err)
		}
		r.samples = append(r.samples, s)
	}
	for _, id := range r.ignore {
		if _, known := rules.Lookup(id); !known && id != "*" {
			return usagef("argument --ignore: there is no rule %q; a finding names its rule in brackets", id)
		}
	}
	for _, p := range r.spec.Exclude {
		if _, err := path.Match(p, ""); err != nil {
			return usagef("argument --exclude: %q is not a pattern: %v", p, err)
		}
	}
	for _, file := range r.reports {
		if _, err := report.For(file); err != nil {
			return usagef("argument --report: %v", err)
		}
	}
	epoch, err := epoch(c.Bool("reproducible"))
	r.spec.Epoch = epoch
	return err
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

// epoch is the time that a reproducible archive is dated, or nil.
func epoch(reproducible bool) (*time.Time, error) {
	if text, ok := os.LookupEnv(epochVariable); ok {
		seconds, err := strconv.ParseUint(text, 10, 40)
		if err != nil {
			return nil, usagef("%s is %q, which is no number of seconds since 1970", epochVariable, text)
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
