package validate

import (
	"strings"
	"testing"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// The shapes of TorchServe's Hugging Face handler: of 0.12, which reads
// handler: of the config file, and of older releases.
const (
	newSettings = "        self.settings = self.model_yaml_config.get(\"handler\", {})\n        if not self.settings: pass\n"
	oldSettings = "        path = os.path.join(model_dir, \"setup_config.json\")\n        if os.path.isfile(path):\n" +
		"            with open(path) as f:\n                self.settings = json.load(f)\n"
	useSettings = "        if self.settings[\"save_mode\"] == \"torchscript\":\n            self.model = torch.jit.load(p, map_location=\"cpu\")\n" +
		"        elif self.settings[\"save_mode\"] == \"pretrained\":\n            self.model = AutoModel.from_pretrained(model_dir)\n" +
		"        labels = os.path.join(model_dir, \"index_to_name.json\")\n" +
		"        if self.settings[\"mode\"] != \"question_answering\":\n            if os.path.isfile(labels):\n" +
		"                with open(labels) as f:\n                    self.mapping = json.load(f)\n" +
		"    def get_insights(self, batch):\n        return self.settings[\"captum_explanation\"]\n    def inference(self, batch):\n        n = int(self.settings[\"max_length\"])\n" +
		"        if self.settings[\"mode\"] == \"token_classification\":\n" +
		tokenLabels +
		"        y = self.model(batch, batch)[0].argmax(1).item()\n        key = str(y)\n        return self.mapping[key]\n"
)

// tokenLabels is what the handler takes for token classification.
const tokenLabels = "            label_list = self.mapping[\"label_list\"]\n            label_list.strip(\"[]\")\n"

func huggingFace(read string) string {
	return "import json, os, torch\n" + base + "class H(BaseHandler):\n    def __init__(self):\n        super().__init__()\n        self.settings = None\n" +
		"    def initialize(self, ctx):\n        self.model_yaml_config = (\n            ctx.model_yaml_config\n" +
		"            if ctx is not None and hasattr(ctx, \"model_yaml_config\")\n            else {}\n        )\n        model_dir = ctx.dir\n" +
		read + useSettings
}

// hf is an archive for the newer handler, oldHF for the older one.
func hf(model, config string) archive {
	a := archive{handler: "h.py", model: model, files: map[string]string{"h.py": huggingFace(newSettings)}}
	if config != "" {
		a.config = "c.yaml"
		a.files["c.yaml"] = config
	}
	return a
}

func oldHF(model, setup string) archive {
	a := archive{handler: "h.py", model: model, files: map[string]string{
		"h.py": strings.ReplaceAll(huggingFace(oldSettings), "model_yaml_config", "config"),
	}}
	if setup != "" {
		a.files[setupConfig] = setup
	}
	return a
}

// served is the archive of testdata's own handler.
func served(setup string) archive {
	return archive{handler: "Transformer_handler_generalized.py", model: twoArguments, files: map[string]string{
		"Transformer_handler_generalized.py": "file:transformers/Transformer_handler_generalized.py", "index_to_name.json": twoLabels, setupConfig: setup,
	}}
}

// helper is a handler with a function that loads setup_config.json, below a
// guard.
func helper(guard, setup string) archive {
	load := "return json.load(open(os.path.join(model_dir, \"setup_config.json\")))\n"
	if guard != "" {
		load = guard + ":\n        " + load
	}
	if guard == "try" {
		load += "    except ValueError:\n        return {}\n"
	}
	return python("import json, os\n"+base+"def settings(model_dir, config=None):\n    "+load+
		"class H(BaseHandler):\n    def initialize(self, ctx):\n        super().initialize(ctx)\n        self.s = settings(ctx.dir)\n").
		loading().beside(setupConfig, setup)
}

// pretrained is the older handler's archive with save_mode "pretrained".
func pretrained(model string) archive {
	return oldHF(model, `{"save_mode": "pretrained", "mode": "text_generation", "max_length": 9, "captum_explanation": true}`)
}

// and adds a method to the handler's class.
func (a archive) and(method string) archive {
	a.files["h.py"] += method
	return a
}

// instead changes the handler.
func (a archive) instead(old, new string) archive {
	a.files["h.py"] = strings.Replace(a.files["h.py"], old, new, 1)
	return a
}

// longest is the older Hugging Face handler, which makes its max_length with
// statements.
func longest(value, statements string) archive {
	return oldHF(twoArguments, `{`+script+`, "max_length": `+value+`}`).beside("index_to_name.json", twoLabels).
		instead("n = int(self.settings[\"max_length\"])", statements)
}

// reads is a handler that reads the config file in initialize.
func reads(statements string) archive {
	return python(base + "class H(BaseHandler):\n    def initialize(self, ctx):\n        super().initialize(ctx)\n        " + statements + "\n").loading()
}

// loading gives the handler a model.
func (a archive) loading() archive {
	a.model = "models/conv.pt"
	return a
}

func (a archive) with(config string) archive {
	a.config = "c.yaml"
	return a.beside("c.yaml", config)
}

const (
	script     = `"save_mode": "torchscript", "mode": "sequence_classification"`
	goodSetup  = `{` + script + `, "max_length": "150", "num_labels": "2"}`
	goodConfig = "handler:\n  save_mode: torchscript\n  mode: sequence_classification\n  max_length: 150\n"
	twoLabels  = `{"0": "no", "1": "yes"}`
)

var settingsCases = []ruleCase{
	{
		name: "no config file for the handler of 0.12", archive: hf(twoArguments, "").beside("index_to_name.json", twoLabels),
		want: []string{rules.HandlerConfigMissing}, says: []string{"handler: save_mode", "no config file is given"},
	},
	{
		name:    "setup_config.json alone for the handler of 0.12",
		archive: hf(twoArguments, "").beside(setupConfig, goodSetup).beside("index_to_name.json", twoLabels),
		want:    []string{rules.HandlerConfigMissing}, says: []string{"move the settings"},
	},
	{
		name: "a config file without the key", archive: hf(twoArguments, "handler:\n  mode: sequence_classification\n  max_length: 9\n").beside("index_to_name.json", twoLabels),
		want: []string{rules.HandlerConfigMissing}, says: []string{`"c.yaml" has no handler: save_mode`},
	},
	{name: "TensorRT-LLM without a config file", archive: archive{handler: "trt_llm_handler"}, want: []string{rules.HandlerConfigMissing}},
	{
		name: "a key without a guard", archive: reads(`self.url = ctx.model_yaml_config["handler"]["url"]`),
		want: []string{rules.HandlerConfigMissing}, says: []string{"reads handler: url"},
	},
	{name: "through a variable", archive: reads(`c = ctx.model_yaml_config; h = c["handler"]; h["url"]`), want: []string{rules.HandlerConfigMissing}},
	{name: "a key of the missing value", archive: reads(`ctx.model_yaml_config.get("handler")["url"]`), want: []string{rules.HandlerConfigMissing}},
	{
		name: "a default for what is missing", archive: reads(`ctx.model_yaml_config.get("handler", {}).get("url", "")`),
		want: []string{rules.HandlerConfigDefault}, says: []string{"its defaults count"},
	},
	{
		name: "the older handler without setup_config.json", archive: oldHF(twoArguments, "").beside("index_to_name.json", twoLabels),
		want: []string{rules.SetupConfigMissing}, says: []string{"takes its settings"},
	},
	{
		name: "an unguarded open", archive: reads(`json.load(open(os.path.join(model_dir, "setup_config.json")))`),
		want: []string{rules.SetupConfigMissing}, says: []string{"opens"},
	},
	{
		name: "a guarded one", archive: reads(`x = open("setup_config.json") if os.path.isfile("setup_config.json") else None`),
		want: []string{rules.SetupConfigAbsent}, says: []string{"neither that nor a config file"},
	},
	{
		name: "broken JSON", archive: oldHF(twoArguments, "{\n  \"save_mode\": \"torchscript\",\n}").beside("index_to_name.json", twoLabels),
		want: []string{rules.SetupConfigUnreadable}, says: []string{"line 3, column 1"},
	},
	{
		name: "broken JSON that a method of the handler loads", archive: served("{\"save_mode\" \"torchscript\"}"),
		want: []string{rules.SetupConfigUnreadable}, says: []string{"line 1, column 14"},
	},
	{
		name: "a byte order mark", archive: served("\ufeff" + goodSetup),
		want: []string{rules.SetupConfigUnreadable}, says: []string{"byte order mark"},
	},
	{
		name: "Latin-1", archive: oldHF(twoArguments, goodSetup[:len(goodSetup)-1]+`, "author": "Ren`+"\xe9"+`"}`).beside(labelFile, twoLabels),
		want: []string{rules.SettingsUnreadable}, says: []string{"has the byte 0xe9"},
	},
	{name: "broken JSON that a function loads", archive: helper("", "{"), want: []string{rules.SetupConfigUnreadable}},
	{name: "broken JSON whose error is caught", archive: helper("try", "{"), want: []string{rules.SettingsUnreadable}},
	{name: "broken JSON that may not be read", archive: helper("if not config", "{"), want: []string{rules.SettingsUnreadable}},
	{
		name: "no object", archive: oldHF(twoArguments, "[]").beside("index_to_name.json", twoLabels),
		want: []string{rules.SetupConfigUnreadable}, says: []string{"can't be used: it is an array, not an object"},
	},
	{name: "null", archive: oldHF(twoArguments, "null").beside("index_to_name.json", twoLabels), want: []string{rules.SetupConfigUnreadable}, says: []string{"null"}},
	{name: "no object for another handler", archive: python(serves).beside(setupConfig, "[]"), want: []string{rules.SettingsUnreadable}},
	{
		name: "broken JSON that nobody reads", archive: python(serves).beside(setupConfig, "{"),
		want: []string{rules.SettingsUnreadable}, says: []string{"line 1, column 2"},
	},
	{
		name: "broken JSON that Python takes", archive: oldHF("", `{"save_mode": NaN}`),
		want: []string{rules.SettingsUnreadable, rules.LabelsFileMissing}[:1],
	},
	{
		name:    "two files that disagree",
		archive: hf(twoArguments, goodConfig).beside(setupConfig, `{`+script+`, "max_length": "128"}`).beside("index_to_name.json", twoLabels),
		want:    []string{rules.SettingsDisagree}, says: []string{`max_length ("128" and 150)`},
	},
	{
		name: "max_length is no number", archive: oldHF(twoArguments, `{`+script+`, "max_length": "long"}`).beside("index_to_name.json", twoLabels),
		want: []string{rules.SettingNotNumber}, says: []string{`max_length is "long"`},
	},
	{name: "max_length is null", archive: hf(twoArguments, goodConfig+"  max_length:\n").beside("index_to_name.json", twoLabels), want: []string{rules.SettingNotNumber}},
	{
		name: "max_length is 0", archive: oldHF(twoArguments, `{`+script+`, "max_length": 0}`).beside("index_to_name.json", twoLabels),
		want: []string{rules.SettingValue}, says: []string{"from 1 on"},
	},
	{
		name: "num_labels is a word", archive: oldHF(twoArguments, `{`+script+`, "max_length": 9, "num_labels": "two"}`).beside("index_to_name.json", twoLabels),
		want: []string{rules.SettingValue},
	},
	{
		name: "an unknown mode", archive: oldHF(twoArguments, `{"save_mode": "torchscript", "mode": "sequence-classification", "max_length": 9}`),
		want: []string{rules.SettingValue}, says: []string{`mode is "sequence-classification"`, "does not mention"},
	},
	{name: "an unknown save_mode", archive: oldHF(twoArguments, `{"save_mode": "scripted", "mode": "question_answering", "max_length": 9}`), want: []string{rules.SettingValue}},
	{
		name: "batch_size is a word", archive: oldHF(twoArguments, `{`+script+`, "max_length": 9, "batch_size": "many"}`).beside("index_to_name.json", twoLabels),
		want: []string{rules.SettingValue}, says: []string{`batch_size is "many"`},
	},
	{
		name: "max_length is a fraction", archive: hf(twoArguments, strings.Replace(goodConfig, "150", "150.5", 1)).beside("index_to_name.json", twoLabels),
		want: []string{rules.SettingValue}, says: []string{"max_length is 150.5"},
	},
	{
		name: "no max_length", archive: oldHF(twoArguments, `{`+script+`}`).beside("index_to_name.json", twoLabels),
		want: []string{rules.SettingMissing}, says: []string{`"h.py" reads max_length from "setup_config.json" in line 31 for each request`},
	},
	{name: "no max_length for a handler with a default", archive: oldHF(twoArguments, `{`+script+`}`).beside("index_to_name.json", twoLabels).
		instead(`["max_length"]`, `.get("max_length", 9)`)},
	{
		name: "handler: is a list", archive: hf(twoArguments, "handler:\n- save_mode: torchscript\n").beside("index_to_name.json", twoLabels),
		want: []string{rules.HandlerConfigMissing}, says: []string{`handler is a list in "c.yaml", not a map`},
	},
	{name: "handler: is null", archive: hf(twoArguments, "handler:\n").beside("index_to_name.json", twoLabels), want: []string{rules.HandlerConfigMissing}, says: []string{"handler is null"}},
	{
		name: "explanations by a text", archive: oldHF(twoArguments, `{`+script+`, "max_length": 9, "captum_explanation": "false"}`).beside("index_to_name.json", twoLabels),
		want: []string{rules.CaptumTorchScript}, says: []string{`captum_explanation is "false"`},
	},
	{name: "explanations off by a number", archive: oldHF(twoArguments, `{`+script+`, "max_length": 9, "captum_explanation": 0}`).beside("index_to_name.json", twoLabels)},
	{name: "explanations off in YAML 1.1", archive: hf(twoArguments, goodConfig+"  captum_explanation: off\n").beside("index_to_name.json", twoLabels)},
	{
		name: "pretrained without a config", archive: pretrained("notmodels/state_dict.pt"),
		want: []string{rules.PretrainedFiles}, says: []string{`save_mode is "pretrained" in "setup_config.json"`, "AutoModel.from_pretrained of the model's folder", `no "config.json"`},
	},
	{
		name: "pretrained without weights", archive: pretrained("notmodels/state_dict.pt").beside("config.json", "{}"),
		want: []string{rules.PretrainedFiles}, says: []string{`no "model.safetensors"`},
	},
	{
		name: "pretrained with TorchScript", archive: pretrained(twoArguments),
		want: []string{rules.PretrainedFiles}, says: []string{"is TorchScript", `set save_mode to "torchscript"`},
	},
	{
		name: "explanations of TorchScript", archive: oldHF(twoArguments, `{`+script+`, "max_length": 9, "captum_explanation": true}`).beside("index_to_name.json", twoLabels),
		want: []string{rules.CaptumTorchScript}, says: []string{"predictions work"},
	},
	{
		name: "save_mode for a state_dict", archive: oldHF("notmodels/state_dict.pt", goodSetup).beside("index_to_name.json", twoLabels),
		want: []string{rules.ModelNotTorchScript}, says: []string{`save_mode is "torchscript" in "setup_config.json"`},
	},

	{name: "no number, in a variable", archive: longest(`"long"`, "for x in batch:\n            m = self.settings[\"max_length\"]\n            if self.settings[\"mode\"] in {\"sequence_classification\", \"x\"}: n = int(m)"), want: []string{rules.SettingNotNumber}},
	{name: "null for a handler that asks", archive: longest("null", "m = self.settings[\"max_length\"]\n        n = None if m is None else int(m)"), want: []string{rules.SettingValue}},
	{name: "a word for a handler that knows it", archive: longest(`"auto"`, "m = self.settings[\"max_length\"]\n        n = 512 if m == \"auto\" else int(m)"), want: []string{rules.SettingValue}},
	{name: "a word that is caught", archive: longest(`"auto"`, "try: n = int(self.settings[\"max_length\"])\n        except ValueError: n = 9"), want: []string{rules.SettingValue}},
	{name: "a fraction for a handler that takes one", archive: longest(`"150.0"`, "n = int(float(self.settings[\"max_length\"]))"), want: []string{rules.SettingValue}},
	{name: "an object of numbers", archive: longest(`{"text": 5}`, "n = int(self.settings[\"max_length\"][\"text\"])"), want: []string{rules.SettingValue}},
	{name: "the number of another key", archive: longest(`"model_max"`, "n = self.settings[\"max_length\"]; int(self.settings.get(\"n\", 1))"), want: []string{rules.SettingValue}},
	{
		name: "no save_mode", archive: oldHF("", `{"mode": "question_answering", "max_length": 9}`),
		want: []string{rules.SettingMissing}, says: []string{`"h.py" reads save_mode from "setup_config.json" in line`, `, and it is not there`, `add "save_mode"`},
	},
	{name: "no mode", archive: oldHF("", `{"save_mode": "torchscript", "max_length": 9}`), want: []string{rules.SettingMissing}, says: []string{"reads mode"}},
	{
		name: "a setting of each request", archive: oldHF(twoArguments, goodSetup).beside("index_to_name.json", twoLabels).
			and("    def preprocess(self, requests):\n        for i, data in enumerate(requests):\n            if self.settings[\"captum_explanation\"] and not x: pass\n"),
		want: []string{rules.SettingMissing}, says: []string{`reads captum_explanation from "setup_config.json" in line 40 for each request`},
	},
	{
		name: "no max_length in the config file", archive: hf(twoArguments, strings.Replace(goodConfig, "  max_length: 150\n", "", 1)).beside("index_to_name.json", twoLabels),
		want: []string{rules.SettingMissing}, says: []string{`reads max_length from handler: in "c.yaml"`},
	},
	{name: "no mode in the config file", archive: hf("", strings.Replace(goodConfig, "  mode: sequence_classification\n", "", 1)), want: []string{rules.HandlerConfigMissing}},
	{name: "a setting of some requests", archive: oldHF(twoArguments, goodSetup).beside("index_to_name.json", twoLabels).
		and("    def preprocess(self, requests):\n        for x in y: self.settings[\"a\"]\n        if z: self.settings[\"b\"]\n        try: self.settings[\"c\"]\n        except KeyError: pass\n")},
	{name: "a setting that is added", archive: oldHF(twoArguments, goodSetup).beside("index_to_name.json", twoLabels).
		and("    def preprocess(self, requests): self.settings.setdefault(\"a\", 1); return self.settings[\"a\"]\n")},
	{name: "settings that are added", archive: oldHF(twoArguments, goodSetup).beside("index_to_name.json", twoLabels).
		and("    def preprocess(self, requests): complete(self.settings); return self.settings[\"a\"]\n")},
	{name: "a Path", archive: reads(`s = json.loads((Path(model_dir) / "setup_config.json").read_text())`), want: []string{rules.SetupConfigMissing}},
	{name: "a file that is fetched", archive: reads(`download(model_dir); json.load(open(os.path.join(model_dir, "setup_config.json")))`)},
	{name: "a file that is fetched to its path", archive: reads("p = os.path.join(model_dir, \"setup_config.json\"); s3.get(key, p)\n        json.load(open(p))")},
	{name: "a config that is filled", archive: reads(`fill(ctx.model_yaml_config); ctx.model_yaml_config["handler"]["url"]`)},
	{name: "a part of the config that is filled", archive: reads(`h = ctx.model_yaml_config["handler"]; fill(h); h["url"]`).with("handler:\n  a: 1\n")},
	{name: "a context that is filled", archive: reads(`fill(ctx); ctx.model_yaml_config["handler"]["url"]`)},
	{name: "filled afterwards", archive: reads("ctx.model_yaml_config[\"handler\"][\"url\"]\n        fill(ctx)"), want: []string{rules.HandlerConfigMissing}},
	{name: "what swallows the error", archive: reads("with maybe():\n            ctx.model_yaml_config[\"handler\"][\"url\"]")},
	{name: "TensorRT-LLM", archive: archive{handler: "trt_llm_handler", files: map[string]string{}}.with("handler:\n  engine_dir: e\n")},
	{name: "the handler of 0.12", archive: hf(twoArguments, goodConfig).beside("index_to_name.json", twoLabels)},
	{name: "the older handler", archive: oldHF(twoArguments, goodSetup).beside("index_to_name.json", twoLabels)},
	{name: "pretrained weights", archive: pretrained("notmodels/state_dict.pt").beside("config.json", "{}").beside("pytorch_model.bin", "")},
	{name: "pretrained from elsewhere", archive: pretrained("notmodels/state_dict.pt").and("    def other(self):\n        AutoModel.from_pretrained(self.settings[\"model_name\"])\n")},
	{name: "the same in both", archive: hf(twoArguments, goodConfig).beside(setupConfig, goodSetup).beside("index_to_name.json", twoLabels)},
	{name: "keys from a merge", archive: hf(twoArguments, "base: &b\n  save_mode: torchscript\nhandler:\n  <<: *b\n").beside("index_to_name.json", twoLabels)},
	{name: "an anchor", archive: hf(twoArguments, "x: &x\n  save_mode: torchscript\n  mode: sequence_classification\n  max_length: 9\nhandler: *x\n").beside("index_to_name.json", twoLabels)},
	{name: "read under a condition", archive: reads(`if "handler" in ctx.model_yaml_config: ctx.model_yaml_config["handler"]`)},
	{name: "read and caught", archive: reads("try:\n            ctx.model_yaml_config[\"handler\"]\n        except KeyError: pass")},
	{name: "broken JSON, and caught", archive: reads("try:\n            if x:\n                s = json.load(open(\"setup_config.json\"))\n        except ValueError: pass").
		beside(setupConfig, "{"), want: []string{rules.SettingsUnreadable}},
	{name: "read where a request comes", archive: python(base + "class H(BaseHandler):\n    def preprocess(self, data): return self.context.model_yaml_config[\"a\"]\n").loading()},
	{name: "set before it is read", archive: reads(`ctx.model_yaml_config["handler"] = {}; ctx.model_yaml_config["handler"]["url"]`)},
	{name: "changed before it is read", archive: reads(`c = ctx.model_yaml_config; c.update(DEFAULTS); c["handler"]["url"]`)},
	{name: "a config of its own", archive: reads(`self.model_yaml_config = load(); self.model_yaml_config["handler"]`)},
	{name: "a default that has the key", archive: reads(`ctx.model_yaml_config.get("handler", DEFAULTS)["url"]`)},
	{name: "a variable that changes", archive: reads(`c = ctx.model_yaml_config; c = load(); c["url"]`)},
	{name: "a key that is there", archive: reads(`ctx.model_yaml_config["handler"]["url"]`).with("handler:\n  url: x\n")},
	{name: "a default beside a config file", archive: reads(`ctx.model_yaml_config.get("handler", {}).get("url", "")`).with("batchSize: 1\n")},
	{name: "setup_config.json elsewhere", archive: reads(`open("/etc/model/setup_config.json") if x else None`).with("batchSize: 1\n")},
	{
		name: "the same words for other ends",
		archive: python("def handle(data, context):\n    return context.settings[\"max_length\"]\n").
			beside(setupConfig, `{"max_length": "auto", "mode": 7, "num_labels": -1, "captum_explanation": true}`),
	},
}

func TestSettings(t *testing.T) { runCases(t, settingsCases) }

// outputCase is an archive, what its load test gave, and the rules broken.
type outputCase struct {
	name string
	archive
	result *loadtest.Result
	want   []string
	says   []string
}

func gave(path string, shape ...int64) *loadtest.Result {
	return &loadtest.Result{Stage: protocol.StageDone, Outputs: []protocol.Output{{Path: path, DType: "float32", Shape: shape}}}
}

func runOutputs(t *testing.T, cases []outputCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := c.check(t)
			before := len(check.Findings)
			compareFindings(t, check.OutputFindings(c.result), c.want, c.says)
			if len(check.Findings) != before {
				t.Error("the findings of the check changed")
			}
		})
	}
}

var positionCases = []outputCase{
	{
		name: "more tokens than positions", archive: oldHF(twoArguments, `{`+script+`, "max_length": 161}`), result: loadtest.NotRun(),
		want: []string{rules.MaxLengthPositions}, says: []string{"max_length is 161", "160 positions", "at most 160"},
	},
	{
		name: "RoBERTa keeps two for itself", archive: oldHF("models/roberta-seq.pt", `{`+script+`, "max_length": "161"}`), result: loadtest.NotRun(),
		want: []string{rules.MaxLengthPositions}, says: []string{"at most 160"},
	},
	{name: "as many", archive: oldHF(twoArguments, `{`+script+`, "max_length": 160}`), result: loadtest.NotRun()},
	{name: "forward failed, which says more", archive: oldHF(twoArguments, `{`+script+`, "max_length": 161}`), result: &loadtest.Result{Stage: protocol.StageForward}},
	{name: "max_length for other ends", archive: archive{handler: "base_handler", model: oneArgument, files: map[string]string{setupConfig: `{"max_length": 900}`}}, result: loadtest.NotRun()},
}

func TestPositions(t *testing.T) { runOutputs(t, positionCases) }
