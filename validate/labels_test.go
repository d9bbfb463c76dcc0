package validate

import (
	"fmt"
	"strings"
	"testing"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// labelled is an image classifier of ten classes with labels.
func labelled(handler, text string) archive {
	return archive{handler: handler, model: "models/conv.pt", files: map[string]string{labelFile: text}}
}

// classifier and tokens are the older Hugging Face handler in two modes.
func classifier(text string) archive { return oldHF(twoArguments, goodSetup).beside(labelFile, text) }

func tokens(text string) archive {
	return oldHF("models/bert-token.pt", `{"save_mode": "torchscript", "mode": "token_classification", "num_labels": 5, "max_length": 150}`).beside(labelFile, text)
}

func own(text string) archive { return python(serves).beside(labelFile, text) }

// mapping is a handler of its own that loads the labels as TorchServe does.
func mapping(text string) archive {
	return python("import os\nfrom ts.utils.util import load_label_mapping\n"+base+"class H(BaseHandler):\n    def initialize(self, ctx):\n"+
		"        path = os.path.join(ctx.dir, \"index_to_name.json\")\n        self.mapping = load_label_mapping(path)\n").beside(labelFile, text)
}

// count writes the labels of n classes from first on.
func count(first, n int) string {
	labels := make([]string, n)
	for i := range labels {
		labels[i] = fmt.Sprintf("%q: [\"id\", \"class %d\"]", fmt.Sprint(first+i), first+i)
	}
	return "{" + strings.Join(labels, ", ") + "}"
}

var labelCases = []ruleCase{
	{
		name: "broken JSON", archive: labelled("image_classifier", "{\"0\": \"a\",\n}"),
		want: []string{rules.LabelsUnreadable}, says: []string{"line 2, column 1"},
	},
	{name: "broken JSON for a Hugging Face handler", archive: classifier("{"), want: []string{rules.LabelsUnreadable}},
	{name: "broken JSON for testdata's own handler", archive: served(goodSetup).beside(labelFile, "{"), want: []string{rules.LabelsUnreadable}},
	{name: "broken JSON for TorchServe's own function", archive: mapping("{"), want: []string{rules.LabelsUnreadable}},
	{name: "a list for TorchServe's own function", archive: mapping("[1]"), want: []string{rules.LabelsShape}},
	{name: "broken JSON that the handler may not read", archive: own("{"), want: []string{rules.LabelsOdd}},
	{name: "a number that only Python reads", archive: labelled("base_handler", `{"0": NaN}`), want: []string{rules.LabelsShape}, says: []string{`the label of "0"`, "the number NaN"}},
	{name: "numbers that only Python reads for another handler", archive: own(`{"0": "NaN \" NaN", "1": [-Infinity]}`)},
	{name: "such a number, and broken", archive: labelled("base_handler", `{"0": NaN,}`), want: []string{rules.LabelsOdd}},
	{
		name: "Latin-1", archive: own("{\n\"é0\": \"\xe9\"}"),
		want: []string{rules.LabelsOdd}, says: []string{"line 2, column 8 has the byte 0xe9", "save it as UTF-8"},
	},
	{name: "UTF-16", archive: own("\xff\xfe{\x00}\x00"), want: []string{rules.LabelsOdd}, says: []string{"it is UTF-16"}},
	{name: "a list", archive: labelled("image_classifier", `["a", "b"]`), want: []string{rules.LabelsShape}, says: []string{"is an array"}},
	{name: "a number for a label", archive: labelled("base_handler", `{"0": 7}`), want: []string{rules.LabelsShape}, says: []string{`the label of "0"`, "the number 7"}},
	{name: "an empty list for a label", archive: labelled("base_handler", `{"0": []}`), want: []string{rules.LabelsShape}},
	{name: "a list whose last is no text", archive: labelled("base_handler", `{"0": ["a", 1]}`), want: []string{rules.LabelsShape}},
	{name: "token labels as a list", archive: tokens(`{"label_list": ["O", "B"]}`), want: []string{rules.LabelsShape}, says: []string{"wants a text"}},
	{name: "no token labels", archive: tokens(twoLabels), want: []string{rules.LabelsShape}, says: []string{`no "label_list"`}},
	{name: "a list for another handler", archive: own(`["a"]`), want: []string{rules.LabelsOdd}},
	{
		name: "names for numbers", archive: labelled("text_classifier", `{"cat": "0", "dog": "1"}`).beside("source_vocab.pt", ""),
		want: []string{rules.LabelsMissing, rules.HandlerCall}, says: []string{"no key of"},
	},
	{name: "from 1 on", archive: labelled("image_classifier", count(1, 10)), want: []string{rules.LabelsKeys}, says: []string{`start at "1"`}},
	{name: "a hole", archive: own(`{"0": "a", "2": "c"}`), want: []string{rules.LabelsKeys}, says: []string{`leave out "1"`}},
	{
		name: "four classes", archive: labelled("image_classifier", count(0, 4)),
		want: []string{rules.TopFive}, says: []string{"the 5 best classes", "4 labels"},
	},
	{
		name: "another number than num_labels", archive: classifier(count(0, 3)),
		want: []string{rules.LabelsCount}, says: []string{"3 labels", "num_labels is 2"},
	},
	{
		name: "no file for a Hugging Face handler", archive: oldHF(twoArguments, goodSetup),
		want: []string{rules.LabelsFileMissing}, says: []string{`mode "sequence_classification"`},
	},

	{
		name: "no labels at all", archive: classifier("{}"),
		want: []string{rules.LabelsMissing, rules.LabelsCount}, says: []string{"no key of"},
	},
	{name: "one key that is no class", archive: classifier(`{"labels": {"0": "no", "1": "yes"}}`), want: []string{rules.LabelsMissing, rules.LabelsCount}},
	{
		name: "no file of token labels", archive: tokensOf("            if self.mapping:\n                label_list = self.mapping[\"label_list\"]\n            label_list = label_list.strip(\"[]\")\n"),
		want: []string{rules.LabelsFileMissing}, says: []string{`mode "token_classification"`},
	},
	{name: "no file of token labels, of which there is another list", archive: tokensOf("            label_list = []\n            if self.mapping:\n                label_list = self.mapping[\"label_list\"]\n            label_list.strip()\n"), want: []string{rules.LabelsOdd}},
	{name: "no file for a handler that leaves before", archive: unlabelled("if self.mapping is None:\n            return key\n        return self.mapping[key]"), want: []string{rules.LabelsOdd}},
	{name: "no file for one that leaves without labels", archive: unlabelled("if not self.mapping: return key\n        return self.mapping[key]"), want: []string{rules.LabelsOdd}},
	{name: "no file for one that asks by name", archive: unlabelled("if getattr(self, \"mapping\", None):\n            return self.mapping[key]"), want: []string{rules.LabelsOdd}},
	{name: "no file for one that catches it", archive: unlabelled("try:\n            return self.mapping[key]\n        except TypeError:\n            return key"), want: []string{rules.LabelsOdd}},
	{name: "no file for one that has others", archive: unlabelled("return self.mapping[key]\n    mapping = {}")},
	{name: "no file for one whose comment has a lookup", archive: tokensOf("            pass\n").modeOf("sequence_classification").and("        # self.mapping[key]\n        \"self.mapping[key]\"\n")},
	{name: "a list for a handler that takes numbers", archive: classifier(`["no", "yes"]`).answering("return self.mapping[y]"), want: []string{rules.LabelsOdd}},
	{name: "other keys than classes", archive: classifier(`{"LABEL_0": "no", "LABEL_1": "yes"}`).answering(`return self.mapping["LABEL_" + str(y)]`)},
	{name: "an object of objects", archive: classifier(`{"id2label": {"0": "no", "1": "yes"}}`).answering(`return self.mapping["id2label"][str(y)]`), want: []string{rules.LabelsCount}},
	{name: "a byte order mark in binary", archive: opened(`"rb"`, "\ufeff"+twoLabels), want: []string{rules.LabelsOdd}},
	{name: "a byte order mark that is known of", archive: opened(`encoding="utf-8-sig"`, "\ufeff"+twoLabels), want: []string{rules.LabelsOdd}},
	{name: "a byte order mark in UTF-8", archive: opened(`encoding="utf-8"`, "\ufeff"+twoLabels), want: []string{rules.LabelsUnreadable}},
	{name: "broken JSON in binary", archive: opened(`"rb"`, "{"), want: []string{rules.LabelsUnreadable}},

	{name: "texts", archive: classifier(twoLabels)},
	{name: "lists", archive: labelled("image_classifier", count(0, 10))},
	{
		name: "the labels of tokens for sequences", archive: classifier(`{"label_list": "[O, B-PER]"}`),
		want: []string{rules.LabelsShape}, says: []string{`"label_list" of token classification`},
	},
	{name: "empty", archive: labelled("base_handler", " \n"), want: []string{rules.LabelsUnreadable}, says: []string{"it is empty"}},
	{name: "UTF-16", archive: labelled("base_handler", "\xff\xfe{\x00"), want: []string{rules.LabelsUnreadable}, says: []string{"it is UTF-16"}},
	{name: "no file for a handler that asks for it", archive: oldHF(twoArguments, goodSetup).asking(), want: []string{rules.LabelsOdd}},
	{name: "names of a detector", archive: labelled("base_handler", `{"object_type_names": ["a", "b"]}`)},
	{name: "tokens", archive: tokens(`{"label_list": "[O, B-PER, I-PER, B-LOC, I-LOC]"}`)},
	{name: "none needed for question answering", archive: oldHF("models/bert-qa.pt", `{"save_mode": "torchscript", "mode": "question_answering", "max_length": 150}`).beside(labelFile, "[]")},
	{name: "none for a handler that does without", archive: labelled("base_handler", "{}")},
	{name: "any shape for another handler", archive: own(`{"cat": {"sound": "meow"}}`)},
}

func TestLabels(t *testing.T) { runCases(t, labelCases) }

var outputCases = []outputCase{
	{
		name: "too few labels for the built-in classifier", archive: labelled("image_classifier", count(0, 8)), result: gave("output", 1, 10),
		want: []string{rules.LabelsMissing}, says: []string{"gives 10 classes", "no label for 8, 9"},
	},
	{
		name: "too few labels for a Hugging Face handler", archive: classifier(`{"0": "no"}`), result: gave("output[0]", 1, 2),
		want: []string{rules.LabelsMissing}, says: []string{"no label for 1"},
	},
	{name: "a label that is null", archive: classifier(`{"0": null, "1": "yes"}`), result: gave("output[0]", 1, 2)},
	{name: "labels from 1 on for a handler that adds 1", archive: classifier(`{"1": "no", "2": "yes"}`).answering("return self.mapping[str(y + 1)]"), result: gave("output[0]", 1, 2), want: []string{rules.LabelsShort}},
	{name: "one added before", archive: classifier(`{"1": "no", "2": "yes"}`).answering("y += 1\n        return self.mapping[str(y)]"), result: gave("output[0]", 1, 2), want: []string{rules.LabelsShort}},
	{name: "a lookup that need not be", archive: classifier(`{"0": "no"}`).answering("if y == 1: return self.mapping[key]"), result: gave("output[0]", 1, 2), want: []string{rules.LabelsShort}},
	{name: "a lookup that fails gently", archive: classifier(`{"0": "no"}`).answering("try: return self.mapping[key]\n        except (IndexError, KeyError): return y"), result: gave("output[0]", 1, 2), want: []string{rules.LabelsShort}},
	{name: "too few tokens", archive: tokens(`{"label_list": "[O, B]"}`), result: gave("output[0]", 1, 150, 5), want: []string{rules.LabelsMissing}, says: []string{"2, 3, 4"}},
	{
		name: "too few labels for a handler that looks gently", archive: classifier(`{"0": "no"}`).gently(), result: gave("output[0]", 1, 2),
		want: []string{rules.LabelsShort},
	},
	{
		name: "too many labels", archive: labelled("image_classifier", count(0, 12)), result: gave("output", 1, 10),
		want: []string{rules.LabelsCount}, says: []string{"12 labels", "gives 10 classes"},
	},
	{
		name: "two classes for the top five", archive: labelled("image_classifier", ""), result: gave("output", 1, 2),
		want: []string{rules.TopFive}, says: []string{"gives 2"},
	},

	{name: "two labels for the top five, told of already", archive: labelled("image_classifier", count(0, 2)), result: gave("output", 1, 2)},
	{name: "no class numbers, told of already", archive: labelled("image_classifier", `{"a": "0", "b": "1", "c": "2", "d": "3", "e": "4"}`), result: gave("output", 1, 5)},
	{
		name:    "num_labels that disagrees, told of already",
		archive: classifier(`{"0": "no", "1": "yes", "2": "maybe"}`), result: gave("output[0]", 1, 2),
	},
	{name: "as many labels as classes", archive: labelled("image_classifier", count(0, 10)), result: gave("output", 1, 10)},
	{name: "not run", archive: labelled("image_classifier", count(0, 8)), result: loadtest.NotRun()},
	{name: "stopped", archive: labelled("image_classifier", count(0, 8)), result: &loadtest.Result{Stage: protocol.StageForward}},
	{name: "no scores of classes", archive: labelled("image_classifier", count(0, 8)), result: gave("output", 1, 3, 224, 224)},
	{name: "several outputs of a detector", archive: labelled("object_detector", count(0, 8)), result: gave("output[0]", 1, 4)},
	{name: "base_handler answers numbers", archive: labelled("base_handler", count(0, 8)), result: gave("output", 1, 10)},
	{name: "another handler", archive: own(count(0, 8)), result: gave("output", 1, 10)},
}

// unlabelled is the older Hugging Face handler without labels, which answers
// otherwise.
func unlabelled(statements string) archive {
	return oldHF(twoArguments, goodSetup).answering(statements)
}

// tokensOf reads the labels of tokens in its own way, and has none.
func tokensOf(statements string) archive {
	a := tokens("")
	delete(a.files, labelFile)
	a.files["h.py"] = strings.Replace(a.files["h.py"], tokenLabels, statements, 1)
	return a.answering("return key")
}

func (a archive) modeOf(mode string) archive {
	a.files[setupConfig] = strings.Replace(a.files[setupConfig], "token_classification", mode, 1)
	return a
}

// opened opens the labels with another argument.
func opened(with, text string) archive {
	a := classifier(text)
	a.files["h.py"] = strings.Replace(a.files["h.py"], "open(labels)", "open(labels, "+with+")", 1)
	return a
}

// asking lets the handler ask whether there are labels.
func (a archive) asking() archive {
	return a.answering("if self.mapping:\n          return self.mapping[key]")
}

// gently lets the handler do without a label.
func (a archive) gently() archive { return a.answering("return self.mapping.get(key)") }

// answering puts statements in the place of the lookup.
func (a archive) answering(statements string) archive {
	a.files["h.py"] = strings.Replace(a.files["h.py"], "return self.mapping[key]", statements, 1)
	return a
}

func TestOutputs(t *testing.T) { runOutputs(t, outputCases) }
