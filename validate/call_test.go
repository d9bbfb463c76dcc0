package validate

import (
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

func TestCall(t *testing.T) { runCases(t, callCases) }
