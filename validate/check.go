package validate

import (
	"context"
	"fmt"
	"time"

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

	subject   Subject
	identity  torchscript.Identity
	settings  sample.Settings
	checksums *torchscript.Checksums // nil when there is nothing to verify
	verified  bool
}

// NewCheck reads the settings, the handler and the head of the serialized
// file. The error is one of reading; whatever is wrong with the content is a
// finding.
func NewCheck(s Subject) (*Check, error) {
	c := &Check{subject: s}
	if err := c.readSettings(); err != nil {
		return nil, err
	}
	if s.Model == nil {
		c.add(rules.ModelNone, "", "no serialized file is given, so nothing is load-tested", "")
		return c, nil
	}
	handler, err := c.readHandler()
	if err != nil {
		return nil, err
	}
	c.identity, err = torchscript.Identify(s.Model, s.ModelSize, s.ModelPath)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", s.ModelPath, err)
	}
	c.judgeKind(s.expect(c.settings, handler))
	if c.identity.Loadable {
		c.startChecksums()
	}
	return c, nil
}

func (c *Check) add(id, file, message, hint string) {
	c.Findings = append(c.Findings, rules.New(id, file, message, hint))
}

// readSettings reads what the sample is derived from. A file that can't be
// understood is only a warning here: not every handler reads it.
func (c *Check) readSettings() error {
	m := c.subject.Manifest.Model
	setup, err := c.readSettingsFile(setupConfig, sample.ReadSetupConfig)
	if err != nil {
		return err
	}
	config, err := c.readSettingsFile(m.ConfigFile, sample.ReadConfigFile)
	if err != nil {
		return err
	}
	c.settings = sample.Prefer(config, setup)
	if c.subject.builtin() {
		c.settings.VisionHandler = m.Handler
	}
	return nil
}

func (c *Check) readSettingsFile(name string, parse func(string, []byte) (sample.Settings, error)) (sample.Settings, error) {
	data, err := c.subject.read(name)
	if err != nil || data == nil {
		return sample.Settings{}, err
	}
	settings, err := parse(name, data)
	if err != nil {
		c.add(rules.SettingsUnreadable, name, err.Error(), "mend the file; until then no sample is derived from it")
	}
	return settings, nil
}

func (c *Check) readHandler() (*pysource.Module, error) {
	if c.subject.builtin() {
		return nil, nil
	}
	src, err := c.subject.read(c.subject.handlerFile())
	if err != nil || src == nil {
		return nil, err
	}
	// A source that can't be parsed is told of by Module.Complete.
	m, _ := pysource.Parse(src)
	return m, nil
}

// damageRules maps what makes a file useless to the catalogue, with a hint.
var damageRules = map[torchscript.Damage]struct{ rule, hint string }{
	torchscript.DamageEmpty:      {rules.ModelEmpty, "save or download the model again"},
	torchscript.DamageTruncated:  {rules.ModelTruncated, "save, copy or download the model again, and compare the sizes"},
	torchscript.DamageWebPage:    {rules.ModelHTML, "download the model again; the page may say what went wrong"},
	torchscript.DamageLFSPointer: {rules.ModelLFSPointer, `fetch the model itself with "git lfs pull"`},
	torchscript.DamageBroken:     {rules.ModelDamaged, "save or download the model again"},
}

func (c *Check) judgeKind(expected expectation) {
	id, path := c.identity, c.subject.ModelPath
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
			fmt.Sprintf("%q is %s; it is archived without a load test", path, id.Words), "")
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
	Timeout time.Duration
	Worker  string // path of the worker, or "" to look for it
}

// LoadTest load-tests the serialized file if it is TorchScript.
func (c *Check) LoadTest(ctx context.Context, o LoadTestOptions) (*loadtest.Result, []rules.Finding) {
	if !c.identity.Loadable {
		return loadtest.NotRun(), nil
	}
	path := c.subject.ModelPath
	if o.Off {
		return loadtest.NotRun(), []rules.Finding{rules.New(rules.LoadTestOff, path,
			fmt.Sprintf("the load test of %q is switched off; the model was not run", path), "")}
	}
	return loadtest.Run(ctx, loadtest.Config{
		Worker: o.Worker, Model: c.subject.Model, ModelPath: path, Timeout: o.Timeout,
		Sample: func(args []protocol.Argument) (*sample.Sample, error) {
			return sample.Build(o.Samples, args, c.settings, o.Seed)
		},
	})
}
