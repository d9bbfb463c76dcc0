package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
)

// pretrainedConfigs and pretrainedWeights are the names, one of each, that
// transformers' from_pretrained looks for in a folder.
var (
	pretrainedConfigs = []string{"config.json", "adapter_config.json"}
	pretrainedWeights = []string{
		"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
		"adapter_model.safetensors", "adapter_model.bin",
	}
)

// checkPretrained looks for the files that a Hugging Face handler loads with
// save_mode "pretrained". They may still be unpacked beside the others where the
// archive is a folder, so one that is missing is only odd.
func (c *Check) checkPretrained() {
	h, f := c.handler, c.effective()
	if !h.huggingFace() || !h.Complete || f.word("save_mode") != "pretrained" {
		return
	}
	mode := fmt.Sprintf(`save_mode is "pretrained" in %s`, f.where)
	if c.identity.Loadable {
		c.add(rules.PretrainedFiles, c.subject.ModelPath,
			fmt.Sprintf("%q is TorchScript, and %s, which loads a folder of transformers", c.subject.ModelPath, mode),
			`set save_mode to "torchscript", or pack what model.save_pretrained wrote`)
		return
	}
	load, sure := h.loadsPretrained()
	if !sure {
		return
	}
	for _, names := range [][]string{pretrainedConfigs, pretrainedWeights} {
		if slices.ContainsFunc(names, c.subject.has) {
			continue
		}
		c.add(rules.PretrainedFiles, h.name,
			fmt.Sprintf("%s, %q calls %s of the model's folder in line %d, and the archive has no %q", mode, h.name, load.Callee, load.Line, names[0]),
			"add what model.save_pretrained wrote to --extra-files, under its own names")
		return
	}
}

// loadsPretrained returns a call that loads the model from the model's folder;
// sure is false where there is none, or one that may load it from elsewhere.
func (s *source) loadsPretrained() (load pysource.Call, sure bool) {
	for _, call := range s.CallsMethod("from_pretrained") {
		switch {
		case !strings.Contains(call.Callee, "Model"): // a tokenizer, a configuration
		case len(call.Args) != 1 || call.Args[0] != "model_dir" || call.Star || call.DoubleStar:
			return load, false
		case slices.ContainsFunc(call.Keywords, func(k string) bool { return slices.Contains(elsewhere, k) }):
			return load, false
		case !sure:
			load, sure = call, true
		}
	}
	return load, sure
}

// elsewhere are the arguments of from_pretrained that make it look for other
// files.
var elsewhere = []string{"config", "state_dict", "from_tf", "from_flax", "variant", "subfolder", "gguf_file"}
