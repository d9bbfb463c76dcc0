package loadtest

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/numpy"
	"go-model-archiver/validate/rules"
)

// Saved is the file that the outputs were saved in.
type Saved struct {
	File   string       `json:"file"`
	Arrays []SavedArray `json:"arrays"`
}

// SavedArray is one output in that file.
type SavedArray struct {
	Path  string `json:"path"`
	Name  string `json:"name"`
	DType string `json:"dtype"`
	// Converted says that this is another dtype than the output's, because NumPy
	// lacks that: float32 for bfloat16.
	Converted bool `json:"converted"`
}

// taker takes the outputs' data from the worker, piece by piece, compares it
// and saves it.
type taker struct {
	*test
	outputs  []protocol.Output
	partners map[int]*numpy.Array
	compared map[int]bool
	saver    *saver
}

// newTaker asks for the data where somebody wants it.
func (t *test) newTaker() *taker {
	k := &taker{test: t}
	if t.cfg.Expect != nil || t.cfg.SaveOutputs != "" {
		t.values = k.take
	}
	return k
}

func (t *taker) start(outputs []protocol.Output) {
	t.outputs, t.compared = outputs, map[int]bool{}
	if e := t.cfg.Expect; e != nil {
		t.result.Comparison = &Comparison{File: e.file.Path, Outputs: []Compared{}, NotCompared: []string{}}
		t.partners = t.match(outputs)
	}
	t.saver = newSaver(t.cfg.SaveOutputs, outputs)
}

// take hands the data of outputs[i] to those that want it.
func (t *taker) take(outputs []protocol.Output, i int, data io.Reader) {
	if t.outputs == nil {
		t.start(outputs)
	}
	var comparing *comparator
	to := []io.Writer{t.saver.begin(i)}
	if partner := t.partners[i]; partner != nil {
		comparing = t.cfg.Expect.compare(outputs[i], partner)
		to = append(to, comparing)
	}
	// Neither fails a write. What fails is the worker, which the caller sees.
	whole := elementOf(outputs[i].Data).width
	_, _ = io.CopyBuffer(&elements{to: io.MultiWriter(to...), width: whole}, struct{ io.Reader }{data}, make([]byte, 64<<10))
	if comparing != nil {
		t.compared[i] = true
		t.conclude(outputs[i], t.partners[i], comparing)
	}
}

func (t *taker) conclude(o protocol.Output, partner *numpy.Array, c *comparator) {
	if err := c.close(); err != nil {
		t.fail(rules.OutputsUnused, fmt.Sprintf("%s of %q was not compared with %s: %s", o.Path, t.cfg.ModelPath, t.cfg.Expect.name(partner), err),
			"make the file of --expect anew with --save-outputs")
		return
	}
	t.result.Comparison.Outputs = append(t.result.Comparison.Outputs, c.result)
	t.judgeCompared(o, partner, c.result)
}

// finish ends it after forward, which may have given nothing to take.
func (t *taker) finish() {
	if t.values == nil {
		return
	}
	outputs := t.result.Outputs
	if t.outputs == nil {
		t.start(outputs)
	}
	if c := t.result.Comparison; c != nil {
		t.noteExtra(c, outputs)
	}
	if t.cfg.SaveOutputs != "" {
		t.save()
	}
}

// noteExtra tells which outputs the file has nothing for; what holds no numbers
// has no place in one.
func (t *taker) noteExtra(c *Comparison, outputs []protocol.Output) {
	var extra []string
	for i, o := range outputs {
		if t.compared[i] {
			continue
		}
		c.NotCompared = append(c.NotCompared, o.Path)
		if o.Data != "" && t.partners[i] == nil {
			extra = append(extra, o.Path)
		}
	}
	if len(extra) > 0 {
		t.fail(rules.OutputExtra, fmt.Sprintf("%q holds nothing for %s of %q, which %s not compared", c.File,
			strings.Join(firstOf(extra, 0, 100), ", "), t.cfg.ModelPath, map[bool]string{true: "was", false: "were"}[len(extra) == 1]), "")
	}
}

// save gives the file its name. An older one, which may be what the outputs are
// compared with next time, is not replaced by those of a model that failed.
func (t *taker) save() {
	file, why := t.cfg.SaveOutputs, ""
	if t.partly {
		t.fail(rules.OutputsUnused, fmt.Sprintf("not all outputs of %q can be saved in %q: some were not read", t.cfg.ModelPath, file), "save them in Python")
	}
	if _, err := os.Lstat(file); err == nil && slices.ContainsFunc(t.findings, t.stands) {
		why = "an older file is replaced only by those of a model that passes"
	} else if t.result.Saved, err = t.saver.commit(); err != nil {
		why = err.Error()
	}
	if why != "" {
		t.fail(rules.OutputsUnused, fmt.Sprintf("the outputs of %q can't be saved in %q: %s", t.cfg.ModelPath, file, why), "name another file for --save-outputs")
	}
}

// stands says that a finding is an error that is not ignored.
func (t *test) stands(f rules.Finding) bool {
	return f.Severity == rules.Error && !slices.Contains(t.cfg.Ignore, f.Rule) && !slices.Contains(t.cfg.Ignore, "*")
}

// abort removes what was not finished.
func (t *taker) abort() {
	if t.saver != nil {
		t.saver.abort()
	}
}

// elements passes whole elements on.
type elements struct {
	to    io.Writer
	width int
	rest  []byte
}

func (e *elements) Write(p []byte) (int, error) {
	data := p
	if len(e.rest) > 0 {
		data = append(e.rest, p...)
	}
	n := len(data) / e.width * e.width
	_, err := e.to.Write(data[:n])
	e.rest = append([]byte(nil), data[n:]...)
	return len(p), err
}

// unused says so where the outputs were wanted and did not come, and no error
// says why.
func (t *taker) unused() {
	if !slices.ContainsFunc(t.findings, func(f rules.Finding) bool { return f.Severity == rules.Error }) {
		t.findings = append(t.findings, t.cfg.Unused("forward was not run")...)
	}
}

// Unused returns the findings for outputs that were wanted and did not come.
func (cfg *Config) Unused(why string) []rules.Finding {
	var all []rules.Finding
	add := func(done string) {
		all = append(all, rules.New(rules.OutputsUnused, cfg.ModelPath, fmt.Sprintf("the outputs of %q were not %s: %s", cfg.ModelPath, done, why),
			"mend what kept the model from running, or leave --expect and --save-outputs out"))
	}
	if cfg.Expect != nil {
		add(fmt.Sprintf("compared with %q", cfg.Expect.file.Path))
	}
	if cfg.SaveOutputs != "" {
		add(fmt.Sprintf("saved in %q", cfg.SaveOutputs))
	}
	return all
}
