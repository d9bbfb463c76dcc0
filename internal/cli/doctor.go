package cli

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"go-model-archiver/validate"
	"go-model-archiver/validate/loadtest"
)

// diagnosis is what doctor found.
type diagnosis struct {
	SchemaVersion int           `json:"schemaVersion"`
	Tool          validate.Tool `json:"tool"`
	// Usable says that load tests can run: the default worker works.
	Usable   bool            `json:"usable"`
	Workers  []*foundWorker  `json:"workers"` // the default first, the others in the order of the search
	Landlock landlockSupport `json:"landlock"`
	// Problem says why there is no default worker, or is empty.
	Problem string `json:"problem,omitempty"`
}

// foundWorker is one worker and what is known of it.
type foundWorker struct {
	Path    string   `json:"path"`
	Also    []string `json:"also"` // other names of the same file
	Default bool     `json:"default"`
	loadtest.Examination
	// Misnamed are those of its names that have another version than its libtorch.
	Misnamed []string `json:"misnamed,omitempty"`
	// Advice says what makes it slow, and Remedy what to do, or both are empty.
	Advice string `json:"advice,omitempty"`
	Remedy string `json:"remedy,omitempty"`
}

// landlockSupport is what the kernel can keep a worker from.
type landlockSupport struct {
	ABI     int  `json:"abi"` // 0 for none
	Files   bool `json:"files"`
	Network bool `json:"network"`
	Signals bool `json:"signals"`
}

// stepTimeout bounds each step of a worker's examination: a libtorch on a slow
// disk takes long to start, but not so long.
const stepTimeout = 60 * time.Second

func doctorCommand() *cli.Command {
	flags := []cli.Flag{
		&cli.StringFlag{Name: "worker", Usage: "try `WORKER` as the default: a path, or a version such as 2.6"},
		&cli.BoolFlag{Name: "json", Usage: "print it as JSON"},
	}
	return &cli.Command{
		Name:               "doctor",
		Usage:              "look for workers and try them: which libtorch, how fast, what is wrong",
		CustomHelpTemplate: helpText(doctorHead, flags, doctorTail),
		Flags:              flags,
		Action:             doctor,
	}
}

func doctor(c *cli.Context) error {
	if c.Args().Present() {
		return usagef("unrecognized arguments: %s", strings.Join(c.Args().Slice(), " "))
	}
	d, err := diagnose(c.Context, c.String("worker"))
	if c.Context.Err() != nil {
		return context.Cause(c.Context)
	}
	if c.Bool("json") {
		enc := json.NewEncoder(c.App.Writer)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(d); err != nil {
			return err
		}
	} else if err := d.write(c.App.Writer); err != nil {
		return err
	}
	return err
}

// diagnose tries every worker that can be found. The error is a *noUsableWorker
// when the one that load tests would use cannot be used.
func diagnose(ctx context.Context, explicit string) (*diagnosis, error) {
	abi := loadtest.LandlockABI()
	d := &diagnosis{
		SchemaVersion: 1, Tool: validate.Tool{Name: name, Version: Version}, Workers: []*foundWorker{},
		Landlock: landlockSupport{ABI: abi, Files: abi >= 1, Network: abi >= 4, Signals: abi >= 6},
	}
	chosen, failure := loadtest.FindWorker(explicit)
	if failure == nil {
		d.add(chosen)
		d.Workers[0].Default = true
	}
	if unasked, err := loadtest.FindWorker(""); err == nil {
		d.add(unasked)
	}
	for _, candidate := range loadtest.Candidates() {
		d.add(candidate.Path)
	}
	for _, w := range d.Workers {
		w.Examination = loadtest.Examine(ctx, w.Path, stepTimeout)
		w.Advice, w.Remedy = advise(w.Examination)
		for _, name := range append([]string{w.Path}, w.Also...) {
			if w.Libtorch != "" && loadtest.Misnamed(name, w.Libtorch) {
				w.Misnamed = append(w.Misnamed, name)
			}
		}
	}
	switch {
	case failure != nil:
		d.Problem = failure.Error()
		return d, &noUsableWorker{d.Problem, hintWithoutWorker(d.Workers)}
	case d.Workers[0].Problem != "":
		return d, &noUsableWorker{d.Workers[0].Problem, d.Workers[0].Hint}
	}
	d.Usable = true
	return d, nil
}

// add lists a worker, or another name of one that is listed.
func (d *diagnosis) add(path string) {
	info, err := os.Stat(path)
	if err != nil {
		return // it was there a moment ago
	}
	for _, w := range d.Workers {
		if w.Path == path {
			return
		}
		if other, err := os.Stat(w.Path); err == nil && os.SameFile(info, other) {
			w.Also = appendOnce(w.Also, path)
			return
		}
	}
	d.Workers = append(d.Workers, &foundWorker{Path: path, Also: []string{}})
}

func appendOnce(words []string, word string) []string {
	for _, w := range words {
		if w == word {
			return words
		}
	}
	return append(words, word)
}

// noUsableWorker says that no load test can run here: exit code 4.
type noUsableWorker struct{ message, hint string }

func (e *noUsableWorker) Error() string { return e.message }

func hintWithoutWorker(others []*foundWorker) string {
	for _, w := range others {
		if w.Problem == "" {
			return "there is one that works: give it with --worker " + w.Libtorch + " or --worker " + filepath.Clean(w.Path)
		}
	}
	return `build one in the source folder with "make worker", or "make worker LIBTORCH=/path/of/a/virtual/environment", and see that it lies beside this program or in PATH`
}
