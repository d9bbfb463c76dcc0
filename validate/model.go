package validate

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/torchscript"
)

// checkModelName finds a serialized file that the handler's initialize can't
// load by its name, which the manifest fixes. Where it names none, weights may
// be added to a no-archive folder later, so that is only odd.
func (c *Check) checkModelName() {
	m := c.subject.Manifest.Model
	if c.loader() == "" || m.ModelFile != "" {
		return
	}
	who := fmt.Sprintf("the handler %q", m.Handler)
	name, file := m.SerializedFile, c.subject.ModelPath
	switch {
	case name == "":
		c.add(rules.NoWeights, "", who+" loads the model, and neither a serialized file nor a model file is given",
			"pass one with --serialized-file or --model-file")
	case strings.HasSuffix(name, ".pt"), strings.HasSuffix(name, ".onnx"):
	case strings.HasSuffix(name, ".so") && (c.compiled() || c.configUnknown()):
	case c.identity.Loadable:
		c.add(rules.ModelName, file,
			fmt.Sprintf("%s loads TorchScript only from a name that ends in \".pt\", and the serialized file is %q", who, name),
			fmt.Sprintf("rename it to %q", withoutEnding(name)+".pt"))
	case c.identity.Damaged():
	default:
		message := fmt.Sprintf("%s loads \".pt\" (TorchScript), \".onnx\" and \".so\" (AOTInductor, with pt2: export: aot_compile: true), and the serialized file is %q", who, name)
		if c.identity.Words != "" {
			message += ", " + c.identity.Words
		}
		c.add(rules.ModelName, file, message, c.otherWay(name))
	}
}

// otherWay says what to do with a file that the handler can't load by its name.
func (c *Check) otherWay(name string) string {
	switch c.identity.Kind {
	case torchscript.StateDict, torchscript.Checkpoint:
		return "pass the model's class with --model-file if this is a state_dict"
	case torchscript.ONNX:
		return fmt.Sprintf("rename it to %q", withoutEnding(name)+".onnx")
	case torchscript.SharedLibrary:
		return fmt.Sprintf("rename it to %q, and write pt2: export: aot_compile: true in the config file", withoutEnding(name)+".so")
	}
	return "name a handler that loads this kind of file"
}

func withoutEnding(name string) string { return strings.TrimSuffix(name, path.Ext(name)) }

// modelEndings are those of files that nothing but a model has.
var modelEndings = []string{".pt", ".pth", ".ptl", ".pt2", ".onnx", ".safetensors"}

// NamesModel says that a file of that name is a model: what ends in ".bin" is
// one where transformers would call it so.
func NamesModel(name string) bool {
	base := path.Base(name)
	return slices.Contains(modelEndings, path.Ext(base)) || path.Ext(base) == ".bin" && strings.Contains(base, "model")
}

// checkUnnamed tells of models in an archive that its manifest does not name.
func (c *Check) checkUnnamed() {
	named := c.subject.Manifest.Model.SerializedFile
	if c.subject.ManifestUnread {
		return
	}
	var names []string
	for _, e := range c.subject.Entries {
		if e.Name != named && e.Name != sourceVocabulary && NamesModel(e.Name) {
			names = append(names, e.Name)
		}
	}
	switch {
	case len(names) == 0:
	case named == "":
		c.add(rules.ModelUnnamed, names[0],
			fmt.Sprintf("the archive holds %s, and its manifest names no serialized file: the handler has to find it by itself", quoted(names)),
			"name it with --serialized-file, so that it is checked and load-tested")
	case c.subject.Model != nil:
		c.add(rules.ModelUnnamed, names[0],
			fmt.Sprintf("the archive holds %s beside its serialized file %q: the handler has to find it by itself", quoted(names), named),
			"leave it out if nothing loads it; only the serialized file is load-tested")
	}
}

// compiled says that the config file turns on what loads an AOTInductor .so.
func (c *Check) compiled() bool {
	node := c.config
	for _, key := range []string{"pt2", "export", "aot_compile"} {
		if node == nil || node.Kind != yaml.MappingNode {
			return false
		}
		value, open := lookup(node, key)
		if value == nil {
			return open
		}
		node = value
	}
	return node.Value != "false"
}

// readModel reads what a TorchScript file holds. Of what is wrong with it, only
// that a part is not there is sure to stop libtorch too; the rest is for the
// load test to say.
func (c *Check) readModel() {
	if !c.identity.Loadable {
		return
	}
	model, err := torchscript.Open(c.subject.model(), c.subject.ModelSize)
	if missing, ok := errors.AsType[torchscript.MissingRecord](err); ok {
		c.identity = c.identity.Broken(missing.Error())
	}
	if err != nil {
		return
	}
	c.model = model
	switch storages, classes := model.MissingStorages, model.MissingClasses; {
	case len(storages) > 0:
		c.identity = c.identity.Broken(fmt.Sprintf("the file has no %s, which its tensors need", enumerate(storages)))
	case len(classes) > 0:
		c.identity = c.identity.Broken(fmt.Sprintf("the file has no code for %s", enumerate(classes)))
	}
}

// checkPositions compares max_length with the position embeddings, unless the
// load test failed, which says more.
func (c *Check) checkPositions(result *loadtest.Result) {
	if !c.handler.huggingFace() || result.Stage == protocol.StageForward {
		return
	}
	f := c.effective()
	if f == nil {
		return
	}
	n, ok := pythonInt(f.values["max_length"])
	table, rows, found := c.positions()
	if !ok || !found {
		return
	}
	if n > rows {
		c.add(rules.MaxLengthPositions, f.name,
			fmt.Sprintf("max_length is %d in %s, and %q has %d positions for tokens", n, f.where, table.Name, rows),
			fmt.Sprintf("make it at most %d", rows))
	}
}

// checkModel judges what the TorchScript file holds.
func (c *Check) checkModel() {
	if c.model == nil {
		return
	}
	path := c.subject.ModelPath
	if c.model.Training && len(c.model.TrainingOperators) > 0 {
		c.add(rules.ModelTraining, path,
			fmt.Sprintf("%q was saved in training mode, and its code keeps %s as in training, which eval() does not undo", path, operators(c.model.TrainingOperators)),
			"call model.eval() before torch.jit.trace")
	}
	c.checkFiles()
	c.checkDevices()
	c.checkLibraries()
}

// operators lists some of aten without that prefix.
func operators(names []string) string {
	return strings.ReplaceAll(strings.Join(names, ", "), "aten::", "")
}

// checkFiles finds operators that read or write files.
func (c *Check) checkFiles() {
	var found []string
	for _, operator := range []string{"aten::from_file", "aten::save"} {
		if slices.Contains(c.model.Operators, operator) {
			found = append(found, operator)
		}
	}
	if len(found) > 0 {
		path := c.subject.ModelPath
		c.add(rules.ModelFiles, path, fmt.Sprintf("the code of %q calls %s: it uses files of the machine that it runs on", path, strings.Join(found, ", ")),
			"let the handler read and write files; the load test lets the model write none, without a word from libtorch")
	}
}

// checkDevices finds devices that the code or the tensors are tied to.
func (c *Check) checkDevices() {
	path := c.subject.ModelPath
	isCPU := func(d string) bool { return d == "cpu" || d == "meta" }
	onCPU := slices.Contains(c.model.CodeDevices, "cpu")
	written := slices.DeleteFunc(slices.Clone(c.model.CodeDevices), isCPU)
	stored := slices.DeleteFunc(slices.Clone(c.model.Devices()), isCPU)
	const hint = "move model and inputs to the CPU before tracing it; the handler moves it to the worker's device"
	switch {
	case len(written) > 0:
		c.add(rules.ModelDevice, path, fmt.Sprintf("%q has the device %s written into its code; it fails where the worker has another",
			path, strings.Join(written, ", ")), hint)
	case len(stored) > 0 && c.handler != nil && c.handler.Complete && c.handler.loadsInPlace():
		c.add(rules.ModelDevice, path, fmt.Sprintf("%q was saved on %s, and %q calls torch.jit.load without map_location",
			path, strings.Join(stored, ", "), c.handler.name), "pass map_location to torch.jit.load, or save the model on the CPU")
	case len(stored) > 0 && !c.subject.builtin() && (c.handler == nil || !c.handler.Complete):
		c.add(rules.ModelStored, path, fmt.Sprintf("%q was saved on %s: torch.jit.load without map_location puts it there, and fails where there is none",
			path, strings.Join(stored, ", ")), "pass map_location to torch.jit.load, or save the model on the CPU")
	case onCPU && c.onGPU():
		c.add(rules.ModelDevice, path, fmt.Sprintf("%q has the device cpu written into its code, and deviceType is gpu in %q",
			path, c.subject.Manifest.Model.ConfigFile), "trace the model on the GPU, or script it")
	}
}

// onGPU says that the config file asks for a GPU.
func (c *Check) onGPU() bool {
	if c.config == nil {
		return false
	}
	device, _ := lookup(c.config, "deviceType")
	return device != nil && strings.EqualFold(device.Value, "gpu")
}

// loadsInPlace says that some torch.jit.load leaves the tensors where they were
// saved.
func (s *source) loadsInPlace() bool {
	return slices.ContainsFunc(s.CallsTo("torch.jit.load"), func(l pysource.Call) bool {
		return l.Positional < 2 && !l.Star && !l.DoubleStar && !slices.Contains(l.Keywords, "map_location")
	})
}
