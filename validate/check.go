package validate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"gopkg.in/yaml.v3"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
	"go-model-archiver/validate/torchscript"
)

// Check is what can be said of a subject without libtorch.
type Check struct {
	Findings []rules.Finding

	subject  Subject
	handler  *source // nil for a built-in handler and where its file is missing
	settings sample.Settings
	setup    *settingsFile // setup_config.json, or nil
	config   *yaml.Node    // the config file's map, or nil
	// handlerConfig is handler: in the config file, or nil.
	handlerConfig *settingsFile
	labels        *labels // index_to_name.json, or nil
	// labelsRead is the truth, as a condition, of what it holds.
	labelsRead pysource.Answer
	identity   torchscript.Identity
	model      *torchscript.Model // nil where the serialized file is no TorchScript
	expected   expectation
	checksums  *torchscript.Checksums // nil when there is nothing to verify
	verified   bool
}

// NewCheck reads all that stands around the model, and of the serialized file
// what tells its kind and its signature. What reads more of it stands apart:
// PickleFindings, LoadTest and Checksums. The error is one of reading; whatever
// is wrong with the content is a finding.
func NewCheck(s Subject) (*Check, error) {
	c := &Check{subject: s}
	for _, step := range []func() error{
		c.readHandler, c.readSettings, c.identify, c.checkModelFile, c.checkVocabulary, c.checkLabels,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	requirements, err := c.checkRequirements()
	if err != nil {
		return nil, err
	}
	c.checkImports(requirements)
	c.checkNeeds()
	c.checkModelName()
	c.checkUnnamed()
	c.checkPretrained()
	c.checkModel()
	c.checkCall()
	return c, nil
}

// identify looks at the serialized file.
func (c *Check) identify() error {
	s := c.subject
	if s.Model == nil {
		c.tellNoModel()
		return nil
	}
	id, err := torchscript.Identify(s.model(), s.ModelSize, s.ModelPath)
	if err != nil {
		return fmt.Errorf("read %q: %w", s.ModelPath, err)
	}
	c.identity, c.expected = id, c.expect()
	c.readModel()
	c.judgeKind()
	if c.identity.Loadable {
		c.startChecksums()
	}
	return nil
}

// tellNoModel says why nothing is load-tested.
func (c *Check) tellNoModel() {
	m := c.subject.Manifest.Model
	switch {
	case c.subject.ManifestUnread: // told already
	case m.SerializedFile != "":
		why := "is damaged"
		if !c.subject.has(m.SerializedFile) {
			why = "is not in the archive"
		}
		c.add(rules.ModelNone, m.SerializedFile, fmt.Sprintf("the serialized file %q %s, so nothing is load-tested", m.SerializedFile, why), "")
	case c.loader() == "" || m.ModelFile != "":
		c.add(rules.ModelNone, "", "no serialized file is given, so nothing is load-tested",
			"name it with --serialized-file, if there is one")
	}
}

// read returns an entry's content, or nil where there is no such entry or one
// that is too large for what it should be.
func (c *Check) read(name string, limit int64) (data []byte, err error) {
	size := c.subject.size(name)
	if size <= limit && name != "" {
		data, err = c.subject.ReadEntry(name, limit)
		size = max(size, int64(len(data)))
	}
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, ErrDamaged):
		return nil, nil
	case err == nil && size > limit:
		c.add(rules.FileTooLarge, name, fmt.Sprintf("%q has %d bytes and was not checked; at most %d are read", name, size, limit),
			"make it smaller, or check it by hand")
		return nil, nil
	}
	return data, err
}

func (c *Check) add(id, file, message, hint string) {
	c.Findings = append(c.Findings, rules.New(id, file, message, hint))
}

// damageRules maps what makes a file useless to the catalogue, with a hint.
var damageRules = map[torchscript.Damage]struct{ rule, hint string }{
	torchscript.DamageEmpty:      {rules.ModelEmpty, "save or download the model again"},
	torchscript.DamageTruncated:  {rules.ModelTruncated, "save, copy or download the model again, and compare the sizes"},
	torchscript.DamageWebPage:    {rules.ModelHTML, "download the model again; the page may say what went wrong"},
	torchscript.DamageLFSPointer: {rules.ModelLFSPointer, `fetch the model itself with "git lfs pull"`},
	torchscript.DamageBroken:     {rules.ModelDamaged, "save or download the model again"},
}

func (c *Check) judgeKind() {
	id, path, expected := c.identity, c.subject.ModelPath, c.expected
	switch damage, damaged := damageRules[id.Damage]; {
	case damaged:
		message := fmt.Sprintf("%q is %s", path, id.Words)
		if id.Detail != "" {
			message += ": " + id.Detail
		}
		c.add(damage.rule, path, message, damage.hint)
	case id.Loadable:
	case expected.torchScript:
		c.add(rules.ModelNotTorchScript, path,
			fmt.Sprintf("%q is %s and no TorchScript, and %s", path, id.Words, expected.reason), wayOut(id.Kind))
	default:
		c.add(rules.ModelKind, path,
			fmt.Sprintf("%q is %s; only TorchScript is load-tested", path, id.Words), "test it in Python with the handler")
	}
}

// wayOut says what to do with a file that should have been TorchScript.
func wayOut(k torchscript.Kind) string {
	const save = "save the model with torch.jit.trace(model, sample).save(path)"
	switch k {
	case torchscript.StateDict, torchscript.Module, torchscript.Checkpoint, torchscript.Pickle:
		return save + `, or archive it as an eager model with --model-file (or save_mode "pretrained" for the Hugging Face handler)`
	default:
		return save + ", or name a handler that loads this kind of file"
	}
}

// LoadTestOptions are the user's wishes for the load test.
type LoadTestOptions struct {
	Off     bool
	Samples []sample.Spec
	Seed    int64
	Timeout time.Duration // of each stage
	Worker  string        // path of the worker, or "" to look for it

	// As in loadtest.Config.
	Device             string
	Libraries          []string
	Threads            int
	Memory             uint64
	Warmup, Iterations int
	Expect             *loadtest.Expected
	SaveOutputs        string
	Ignore             []string

	ProbeOff bool // try no other shapes than the sample's
}

// LoadTest load-tests the serialized file if it is TorchScript.
func (c *Check) LoadTest(ctx context.Context, o LoadTestOptions) (*loadtest.Result, []rules.Finding) {
	path := c.subject.ModelPath
	if !c.identity.Loadable {
		cfg := loadtest.Config{ModelPath: path, Expect: o.Expect, SaveOutputs: o.SaveOutputs}
		return loadtest.NotRun(), cfg.Unused("there is no TorchScript to run")
	}
	if o.Off {
		return loadtest.NotRun(), []rules.Finding{rules.New(rules.LoadTestOff, path,
			fmt.Sprintf("the load test of %q is switched off; the model was not run", path), "leave --load-test=off out to have it run")}
	}
	var probe *loadtest.Probe
	if !o.ProbeOff {
		probe = c.probe()
	}
	var given *sample.Sample
	result, findings := loadtest.Run(ctx, loadtest.Config{
		Worker: o.Worker, Model: c.subject.Model, ModelOffset: c.subject.ModelOffset, ModelSize: c.subject.ModelSize, ModelPath: path, Timeout: o.Timeout,
		Device: o.Device, Libraries: o.Libraries, Threads: o.Threads, Memory: o.Memory,
		Warmup: o.Warmup, Iterations: o.Iterations,
		Expect: o.Expect, SaveOutputs: o.SaveOutputs, Ignore: o.Ignore, Probe: probe,
		Sample: func(args []protocol.Argument) (s *sample.Sample, err error) {
			given, err = sample.Build(o.Samples, args, c.settings, o.Seed)
			return given, err
		},
	})
	c.explainTokens(findings, given)
	return result, findings
}
