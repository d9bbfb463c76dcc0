package validate

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/rules"
)

const labelFile = "index_to_name.json"

// labels is what index_to_name.json says.
type labels struct {
	// values are the labels by key; of token classification the key "label_list"
	// alone.
	values map[string]any
	// list is set for the labels of token classification.
	list []string
	// named is set for "object_type_names", whose keys are made by TorchServe.
	named bool
}

// labelUse says what the handler does with the labels.
type labelUse struct {
	// reads is set where it surely loads the file, if it is there.
	reads bool
	// looksUp is set where it surely looks the classes of its answers up, and
	// fails on one that is missing.
	looksUp bool
	// strict is set for TorchServe's own loader, which takes two shapes.
	strict bool
	// tokens is set where the labels are those of tokens, in one string.
	tokens bool
	// none is set where labels are not used, so that nothing is said of them.
	none bool
	// who names the handler.
	who string
}

func (c *Check) labelUse(data []byte) labelUse {
	m := c.subject.Manifest.Model
	use := labelUse{who: fmt.Sprintf("the handler %q", m.Handler)}
	if c.loader() != "" {
		use.reads, use.strict = true, true
		use.looksUp = c.subject.builtin() && (m.Handler == "image_classifier" || m.Handler == "text_classifier" || m.Handler == "dali_image_classifier")
		return use
	}
	use.strict = c.loadsLabels()
	use.reads = use.strict || c.loadsJSON(labelFile, data)
	if !c.handler.huggingFace() {
		return use
	}
	switch c.effective().word("mode") {
	case "question_answering", "text_generation":
		use.none = true
	case "token_classification":
		use.tokens = c.handler.readsKey("label_list")
	}
	use.looksUp = c.looksUp(use.tokens)
	return use
}

// checkLabelsGiven judges that there is no index_to_name.json: TorchServe's own
// handlers do without, and the Hugging Face handler in some modes.
func (c *Check) checkLabelsGiven(use labelUse) {
	mode := c.effective().word("mode")
	if use.strict || !c.handler.huggingFace() || !c.handler.takesLabels() || !strings.HasSuffix(mode, "_classification") {
		return
	}
	rule := rules.LabelsOdd
	if c.needsLabels() {
		rule = rules.LabelsFileMissing
	}
	c.add(rule, labelFile,
		fmt.Sprintf("%q looks up labels in mode %q, and the archive has no %q", c.handler.name, mode, labelFile), "add it to --extra-files")
}

// checkLabels judges index_to_name.json without the model.
func (c *Check) checkLabels() error {
	if c.subject.Manifest.Runtime == manifest.LSP || c.labelUse(nil).none {
		return nil
	}
	data, err := c.read(labelFile, maxLabels)
	if err != nil {
		return err
	}
	value, err := parsePython(data)
	if data != nil && err == nil {
		c.labelsRead = answer(truth(value))
	}
	use := c.labelUse(data)
	switch {
	case data == nil && !c.subject.has(labelFile):
		c.checkLabelsGiven(use)
		return nil
	case data == nil:
		return nil
	}
	c.checkUTF8(rules.LabelsOdd, labelFile, data)
	if err != nil {
		rule := rules.LabelsOdd
		if use.reads && refusedByPython(data) {
			rule = rules.LabelsUnreadable
		}
		c.add(rule, labelFile, fmt.Sprintf("%q can't be read as JSON: %v", labelFile, explainJSON(data, err)), "mend the file")
		return nil
	}
	c.labels = c.shape(value, use)
	if c.labels != nil {
		c.checkLabelKeys(use)
		c.checkLabelCount()
	}
	return nil
}

// onlyPython finds the numbers that Python's json takes and encoding/json does
// not, and strings, which may hold the same words.
var onlyPython = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|-?Infinity\b|\bNaN\b`)

// parsePython reads JSON as Python does.
func parsePython(data []byte) (value any, err error) {
	err = json.Unmarshal(data, &value)
	if err == nil || refusedByPython(data) {
		return value, err
	}
	const stands = `"\u0000NaN"`
	text := onlyPython.ReplaceAllFunc(data, func(word []byte) []byte {
		if word[0] == '"' {
			return word
		}
		return []byte(stands)
	})
	if json.Unmarshal(text, &value) != nil {
		return nil, err
	}
	return withNaN(value), nil
}

// withNaN puts the numbers in where parsePython had a text for them.
func withNaN(value any) any {
	switch v := value.(type) {
	case string:
		if v == "\x00NaN" {
			return math.NaN()
		}
	case []any:
		for i := range v {
			v[i] = withNaN(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = withNaN(v[key])
		}
	}
	return value
}

// shape returns the labels, or says what is wrong with their shape.
func (c *Check) shape(value any, use labelUse) *labels {
	object, ok := value.(map[string]any)
	const shapes = `the shapes are {"0": "label"}, {"0": ["id", "label"]} and, for token classification, {"label_list": "[O, B-PER]"}`
	if !ok {
		c.addShape(use.strict || use.looksUp && use.reads, fmt.Sprintf("%q is %s, and %s wants an object", labelFile, jsonKind(value), use.who), shapes)
		return nil
	}
	if names, ok := object["object_type_names"].([]any); ok && use.strict {
		l := &labels{values: map[string]any{}, named: true}
		for i, n := range names {
			l.values[strconv.Itoa(i)] = n
		}
		return l
	}
	switch list, ok := object["label_list"]; {
	case ok && len(object) == 1 && use.looksUp && !use.tokens:
		c.addShape(true, fmt.Sprintf("%q has the \"label_list\" of token classification, and %s looks up \"0\"", labelFile, use.who), `write {"0": "label"}`)
		return nil
	case ok || use.tokens:
		return c.tokenLabels(list, ok, use)
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if !isLabel(object[key]) && use.strict {
			c.addShape(true, fmt.Sprintf("the label of %q in %q is %s, and %s wants a text or a list that ends in one",
				key, labelFile, jsonKind(object[key]), use.who), shapes)
			return nil
		}
	}
	return &labels{values: object}
}

// tokenLabels reads the one string of token classification as its handler does.
func (c *Check) tokenLabels(list any, given bool, use labelUse) *labels {
	text, isText := list.(string)
	switch {
	case use.tokens && !given:
		c.addShape(use.looksUp, fmt.Sprintf("%q has no \"label_list\", and %s wants one for token classification", labelFile, use.who),
			`write {"label_list": "[O, B-PER, I-PER]"}`)
	case use.tokens && !isText:
		c.addShape(use.looksUp && c.stripsList(),
			fmt.Sprintf("\"label_list\" in %q is %s, and %s wants a text", labelFile, jsonKind(list), use.who), `write {"label_list": "[O, B-PER, I-PER]"}`)
	case isText:
		return &labels{list: strings.Split(strings.Trim(text, "[]"), ", ")}
	}
	return nil
}

func (c *Check) addShape(sure bool, message, hint string) {
	rule := rules.LabelsOdd
	if sure {
		rule = rules.LabelsShape
	}
	c.add(rule, labelFile, message, hint)
}

func isLabel(v any) bool {
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[len(list)-1]
	}
	_, ok := v.(string)
	return ok
}

func jsonKind(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return strconv.FormatBool(v)
	case float64:
		return "the number " + strconv.FormatFloat(v, 'g', -1, 64)
	case string:
		return "the text " + strconv.Quote(clip(v))
	case []any:
		if len(v) == 0 {
			return "an empty array"
		}
		return "an array"
	}
	return "an object"
}

// checkLabelKeys looks for keys that don't count from 0.
func (c *Check) checkLabelKeys(use labelUse) {
	l := c.labels
	if l.list != nil || l.named {
		return
	}
	numbers := map[int]bool{}
	for key := range l.values {
		if n, err := strconv.Atoi(key); err == nil && n >= 0 && strconv.Itoa(n) == key {
			numbers[n] = true
		}
	}
	switch {
	case len(numbers) == 0 && use.looksUp:
		c.add(rules.LabelsMissing, labelFile,
			fmt.Sprintf("no key of %q is a class number, and %s looks labels up by it", labelFile, use.who), `write {"0": "label"}`)
	case len(numbers) == 0:
	case !numbers[0] && slices.Min(slices.Collect(maps.Keys(numbers))) == 1 && contiguous(numbers, 1):
		c.add(rules.LabelsKeys, labelFile, fmt.Sprintf(`the keys of %q start at "1"; the model's first output is 0`, labelFile), "start at 0")
	case !contiguous(numbers, 0):
		c.add(rules.LabelsKeys, labelFile, fmt.Sprintf("the keys of %q leave out %q", labelFile, strconv.Itoa(firstHole(numbers))), "give every class a label")
	}
}

// contiguous says that numbers count from first without a hole.
func contiguous(numbers map[int]bool, first int) bool {
	for i := range numbers {
		if i < first || i >= first+len(numbers) {
			return false
		}
	}
	return true
}

func firstHole(numbers map[int]bool) int {
	for i := 0; ; i++ {
		if !numbers[i] {
			return i
		}
	}
}

func (l *labels) count() int {
	if l.list != nil {
		return len(l.list)
	}
	return len(l.values)
}

// checkLabelCount compares the number of labels with num_labels, and with the
// five classes that image_classifier answers.
func (c *Check) checkLabelCount() {
	n := c.labels.count()
	if h := c.subject.Manifest.Model.Handler; c.subject.builtin() && (h == "image_classifier" || h == "dali_image_classifier") && n < topK {
		c.add(rules.TopFive, labelFile,
			fmt.Sprintf("the handler %q answers the %d best classes, and %q has %s", h, topK, labelFile, counted(n, "label")), topFiveHint)
	}
	if !c.handler.huggingFace() {
		return
	}
	f := c.effective()
	if f == nil {
		return
	}
	if want, ok := pythonInt(f.values["num_labels"]); ok && want > 0 && want != int64(n) {
		c.add(rules.LabelsCount, labelFile,
			fmt.Sprintf("%q has %s, and num_labels is %d in %s", labelFile, counted(n, "label"), want, f.where), "make the two agree")
	}
}

// topK is how many classes image_classifier answers.
const topK = 5

const topFiveHint = "write a handler that inherits from ImageClassifier and sets topk"
