package validate

import (
	"fmt"
	"testing"

	"go-model-archiver/validate/rules"
)

// loads is a handler that loads the serialized file and calls it.
func loads(call string) string {
	return "import torch\n\nclass H:\n    def initialize(self, context):\n        self.model = torch.jit.load(context.path)\n" +
		"    def handle(self, data, context):\n        " + call + "\n"
}

func calls(model, call string) archive {
	a := python(loads(call))
	a.model = model
	return a
}

const (
	twoArguments = "models/bert-seq.pt"          // input_ids, attention_mask
	oneArgument  = "models/bert-seq-ids-only.pt" // input_ids
	withDefaults = "models/defaults.pt"
)

func builtin(handler, model string) archive { return archive{handler: handler, model: model} }

var callCases = []ruleCase{
	{
		name: "two arguments for one", archive: calls(oneArgument, "return self.model(data, context)"),
		want: []string{rules.HandlerCall}, says: []string{"takes 1 argument (input_ids: Tensor)", `"h.py" passes 2 in line 7`},
	},
	{
		name: "one argument for two", archive: calls(twoArguments, "return self.model(data)"),
		want: []string{rules.HandlerCall}, says: []string{"takes 2 arguments", "passes 1 in line 7"},
	},
	{
		name: "a name that forward lacks", archive: calls(oneArgument, "return self.model(input_ids=data, attention_mask=data)"),
		want: []string{rules.HandlerCall}, says: []string{`with the name "attention_mask"`},
	},
	{name: "through forward", archive: calls(oneArgument, "return self.model.forward(data, data)"), want: []string{rules.HandlerCall}},
	{
		name: "too many before *args", archive: calls(oneArgument, "return self.model(data, data, *rest)"),
		want: []string{rules.HandlerCall}, says: []string{"at least 2"},
	},
	{
		name: "the built-in handler passes one", archive: builtin("image_classifier", twoArguments),
		want: []string{rules.HandlerCall}, says: []string{`the handler "image_classifier" passes 1`},
	},
	{
		name: "the built-in handler passes a tensor", archive: builtin("object_detector", "models/list-input.pt"),
		want: []string{rules.HandlerCall}, says: []string{"List[Tensor]", "passes a Tensor"},
	},

	{name: "it fits", archive: calls(twoArguments, "return self.model(data, data)")},
	{name: "it fits by name", archive: calls(twoArguments, "return self.model(data, attention_mask=data)")},
	{name: "what *args bring can't be told", archive: calls(twoArguments, "return self.model(*data)")},
	{name: "what **kwargs bring can't be told", archive: calls(twoArguments, "return self.model(**data)")},
	{
		name: "with inference alone", archive: parented("    def initialize(self, context):\n        self.model = torch.jit.load(context.path)\n" +
			"    def inference(self, data):\n        with torch.no_grad():\n            return self.model(data)\n"),
		want: []string{rules.HandlerCall}, says: []string{"passes 1 in line 9"},
	},
	{
		name: "in a method that inference calls, for each row", archive: parented("    def initialize(self, context):\n        self.model = torch.jit.load(context.path)\n" +
			"    def inference(self, data):\n        return [self.run(x) for x in data] if y else self.run(data)\n" +
			"    def postprocess(self, data):\n        for x in data:\n            self.run(x)\n    def run(self, x):\n        return self.model(x)\n").
			and("    def preprocess(self, data):\n        self.run(data)\n"),
		want: []string{rules.HandlerCall}, says: []string{"passes 1 in line 13"},
	},
	{
		name: "a function and its service", archive: twice("import torch\nclass S:\n    def initialize(self, context): self.model = torch.jit.load(context.path)\n" +
			"    def run(self, data): return self.model(data)\n_s = S()\ndef handle(data, context):\n    if not _s.ready: _s.initialize(context)\n" +
			"    if data is None:\n        return None\n    return _s.run(data)\n"),
		want: []string{rules.HandlerCall}, says: []string{"passes 1 in line 4"},
	},
	{
		name: "the parent's inference", archive: parented("    def preprocess(self, data): return data\n"),
		want: []string{rules.HandlerCall}, says: []string{`"h.py" inherits the inference of BaseHandler, which passes 1`},
	},
	{
		name: "in a mode that is another", archive: moded("sequence_classification"),
		want: []string{rules.HandlerCall}, says: []string{"passes 1 in line 11"},
	},

	{name: "in a mode that is not set", archive: moded("question_answering")},
	{name: "beside a method that nobody calls", archive: calls(twoArguments, "m = self.model; return m(data, data)\n    def old(self, data):\n        return self.model(data)")},
	{name: "under a condition", archive: calls(twoArguments, "if isinstance(data, str): return self.model(data)\n        return self.net(data)")},
	{name: "after a return", archive: calls(twoArguments, "m = self.model\n        if data: return m(data, data)\n        return self.model(data)")},
	{name: "its failure is caught", archive: calls(twoArguments, "try:\n            return self.model(data)\n        except RuntimeError:\n            return self.net(data)")},
	{name: "the model passed on", archive: calls(twoArguments, "return list(map(self.model, data, data))\n    def explain_handle(self, data, raw): return self.model(data)")},
	{name: "the model by its name", archive: calls(twoArguments, "return getattr(self, \"model\")(data, data)\n    def warm(self): self.model(data)")},
	{name: "the parent's inference is called otherwise", archive: parented("    def handle(self, data, context): return self.inference(data, data)\n")},
	{name: "the parent's inference is replaced", archive: parented("    def __init__(self): self.inference = self.infer\n    def infer(self, data): return 1\n")},
	{name: "one of two calls fits", archive: calls(oneArgument, "return self.model(data, data) if x else self.model(data)")},
	{name: "another model", archive: calls(oneArgument, "return self.model.inner(data, data)")},
	{name: "a function of that name", archive: calls(oneArgument, "return model(data, data)")},
	{name: "built in and it fits", archive: builtin("base_handler", "models/conv.pt")},
	{name: "defaults are left out", archive: builtin("base_handler", withDefaults)},
	{
		name: "the model is wrapped",
		archive: func() archive {
			a := python("import torch\nclass H:\n    def initialize(self, context): self.model = Wrap(torch.jit.load(context.path))\n" +
				"    def handle(self, data, context): return self.model(data, data)\n")
			a.model = oneArgument
			return a
		}(),
	},
}

// twice is a handler for a model of two arguments.
func twice(text string) archive {
	a := python(text)
	a.model = twoArguments
	return a
}

func parented(methods string) archive {
	return twice(base + "import torch\nclass H(BaseHandler):\n" + methods)
}

// moded calls the model with too few arguments where mode says so.
func moded(mode string) archive {
	return twice(base+"import json, os, torch\nclass H(BaseHandler):\n    def initialize(self, ctx):\n"+
		"        self.cfg = json.load(open(os.path.join(ctx.model_dir, \"setup_config.json\")))\n"+
		"        if self.cfg[\"save_mode\"] == \"torchscript\": self.model = torch.jit.load(ctx.path)\n"+
		"    def inference(self, data):\n        mode = self.cfg[\"mode\"]\n        if mode in (\"sequence_classification\", \"other\"):\n"+
		"            return self.model(data)\n        return self.model(data, data)\n").
		beside(setupConfig, fmt.Sprintf(`{"save_mode": "torchscript", "mode": %q, "max_length": 9}`, mode))
}

func TestCall(t *testing.T) { runCases(t, callCases) }
