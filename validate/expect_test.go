package validate

import (
	"testing"

	"go-model-archiver/validate/rules"
)

// loading is a handler whose initialize runs statements, for a state_dict.
func loading(model, statements string) archive {
	a := python("import os, torch\nclass H:\n    def initialize(self, ctx):\n        d = ctx.system_properties.get(\"model_dir\")\n        " +
		statements + "\n    def handle(self, data, context): return data\n")
	a.model = model
	return a
}

const (
	stateDict = "notmodels/state_dict.pt"
	byName    = "f = ctx.manifest[\"model\"][\"serializedFile\"]; p = os.path.join(d, f); "
)

var expectCases = []ruleCase{
	{name: "the file of the manifest", archive: loading(stateDict, byName+"self.model = torch.jit.load(p, map_location=\"cpu\")"), want: []string{rules.ModelNotTorchScript}},
	{
		name: "the file of the manifest, beside another", archive: loading(stateDict, byName+"self.a = torch.load(\"a.pt\"); self.model = torch.jit.load(p)"),
		want: []string{rules.ModelNotTorchScript}, says: []string{`the handler "h.py" loads it with torch.jit.load`},
	},
	{name: "its own name", archive: loading(stateDict, "self.a = pickle.load(f); self.model = torch.jit.load(f\"{d}/state_dict.pt\")"), want: []string{rules.ModelNotTorchScript}},
	{name: "a file that can't be told, and no other", archive: loading(stateDict, "self.model = torch.jit.load(find(d))"), want: []string{rules.ModelNotTorchScript}},
	{name: "either way", archive: loading(stateDict, "if x: self.model = torch.jit.load(find(d))\n        else: self.model = torch.jit.load(find(d), \"cpu\")"), want: []string{rules.ModelNotTorchScript}},

	{name: "another file", archive: loading(stateDict, "self.model = torch.jit.load(\"aux.pt\")").beside("aux.pt", "")},
	{name: "another file by a helper", archive: loading(stateDict, "self.model = torch.jit.load(x); self.b = load_checkpoint(p)")},
	{name: "another loader", archive: loading(stateDict, "self.model = torch.jit.load(x); self.b = Foo.load_from_checkpoint(p)")},
	{name: "pickle", archive: loading(stateDict, "self.model = torch.jit.load(x); self.b = pickle.load(open(p, \"rb\"))")},
	{name: "in a branch", archive: loading(stateDict, byName+"\n        if x: self.model = torch.jit.load(p)\n        else: self.model = torch.load(p)")},
	{name: "with an error that is caught", archive: loading(stateDict, byName+"\n        try: self.model = torch.jit.load(p)\n        except RuntimeError: self.model = torch.load(p)")},
	{name: "a library from elsewhere", archive: loading(stateDict, "from ultralytics import YOLO; self.a = torch.jit.load(x); self.model = YOLO(p)").beside("ultralytics.py", "")},
	{
		name: "torch.load with save_mode torchscript", archive: loading(stateDict, "s = json.load(open(os.path.join(d, \"setup_config.json\"))); s[\"save_mode\"]; self.model = torch.load(d)").
			beside(setupConfig, `{"save_mode": "torchscript", "max_length": 9}`),
	},
}

func TestExpect(t *testing.T) { runCases(t, expectCases) }
