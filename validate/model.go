package validate

import (
	"fmt"
	"path"
	"strings"

	"gopkg.in/yaml.v3"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/torchscript"
)

// checkModelName finds a serialized file that the handler's initialize can't
// load by its name. Where there is no TorchScript, weights may be added to the
// archive later, so that is only odd.
func (c *Check) checkModelName() {
	m := c.subject.Manifest.Model
	if c.loader() == "" || m.ModelFile != "" {
		return
	}
	who := fmt.Sprintf("the handler %q", m.Handler)
	name := m.SerializedFile
	switch {
	case name == "":
		c.add(rules.NoWeights, "", who+" loads the model, and neither a serialized file nor a model file is given",
			"pass one with --serialized-file or --model-file")
	case strings.HasSuffix(name, ".pt"), strings.HasSuffix(name, ".onnx"):
	case strings.HasSuffix(name, ".so") && (c.compiled() || c.configUnknown()):
	case c.identity.Loadable:
		c.add(rules.ModelName, c.subject.ModelPath,
			fmt.Sprintf("%s loads TorchScript only from a name that ends in \".pt\", and the serialized file is %q", who, name),
			fmt.Sprintf("rename it to %q", strings.TrimSuffix(name, path.Ext(name))+".pt"))
	case c.identity.Damaged():
	default:
		c.add(rules.NoWeights, c.subject.ModelPath,
			fmt.Sprintf("%s loads \".pt\" (TorchScript), \".onnx\" and \".so\" (AOTInductor, with pt2: export: aot_compile: true), and the serialized file is %q", who, name),
			"pass the model's class with --model-file if this is a state_dict")
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

// readModel reads what a TorchScript file holds. What is wrong with it is for
// the load test to say.
func (c *Check) readModel() {
	if !c.identity.Loadable {
		return
	}
	if model, err := torchscript.Open(c.subject.Model, c.subject.ModelSize); err == nil {
		c.model = model
	}
}

// checkPositions compares max_length with the position embeddings, unless the
// load test failed, which says more.
func (c *Check) checkPositions(result *loadtest.Result) {
	if c.model == nil || !c.handler.huggingFace() || result.Stage == protocol.StageForward {
		return
	}
	f := c.effective()
	if f == nil {
		return
	}
	n, ok := pythonInt(f.values["max_length"])
	table, found := c.model.Embedding("position_embeddings.weight")
	if ok && found && n > table.Shape[0] {
		c.add(rules.MaxLengthPositions, f.name,
			fmt.Sprintf("max_length is %d in %s, and %q has %d positions", n, f.where, table.Name, table.Shape[0]),
			fmt.Sprintf("make it at most %d", table.Shape[0]))
	}
}
