package validate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// maxClasses bounds how many labels are looked up one by one.
const maxClasses = 1 << 20

// OutputFindings compares what the model really gave with what the handler
// makes of it. Without a complete load test it says only what needs none.
func (c *Check) OutputFindings(result *loadtest.Result) []rules.Finding {
	before := len(c.Findings)
	defer func(kept []rules.Finding) { c.Findings = kept }(c.Findings)
	c.checkPositions(result)
	if result.Stage == protocol.StageDone && c.subject.Manifest.Runtime != manifest.LSP {
		c.checkClasses(result.Outputs)
	}
	return slices.Clone(c.Findings[before:])
}

// checkClasses compares the classes that the model gives with the labels.
func (c *Check) checkClasses(outputs []protocol.Output) {
	use := c.labelUse(nil)
	classes, ok := classCount(outputs, use)
	if !ok || use.none {
		return
	}
	h := c.subject.Manifest.Model.Handler
	if c.subject.builtin() && (h == "image_classifier" || h == "dali_image_classifier") && classes < topK {
		c.addOnce(rules.TopFive, c.subject.ModelPath,
			fmt.Sprintf("the handler %q answers the %d best classes, and %q gives %d", h, topK, c.subject.ModelPath, classes), topFiveHint)
	}
	if c.labels == nil || c.labels.count() == 0 || !c.classifies(use) || c.found(rules.LabelsMissing) {
		return
	}
	missing := c.labels.without(classes)
	extra := c.labels.count() > classes
	switch {
	case len(missing) > 0:
		rule := rules.LabelsShort
		if use.looksUp {
			rule = rules.LabelsMissing
		}
		c.addOnce(rule, labelFile, fmt.Sprintf("%q gives %d classes, and %q has no label for %s",
			c.subject.ModelPath, classes, labelFile, listed(missing)), "give every class a label")
	case extra:
		c.addOnce(rules.LabelsCount, labelFile, fmt.Sprintf("%q has %s, and %q gives %d classes",
			labelFile, counted(c.labels.count(), "label"), c.subject.ModelPath, classes), "check that the labels are those of this model")
	}
}

// found says that a rule is broken.
func (c *Check) found(rule string) bool {
	return slices.ContainsFunc(c.Findings, func(f rules.Finding) bool { return f.Rule == rule })
}

// addOnce adds what the labels alone may have told already.
func (c *Check) addOnce(id, file, message, hint string) {
	if !c.found(id) {
		c.add(id, file, message, hint)
	}
}

// classifies says that the handler takes the model's output for scores of
// classes: other models have labels too, such as detectors.
func (c *Check) classifies(use labelUse) bool {
	if use.looksUp {
		return true
	}
	if c.subject.builtin() {
		return false
	}
	return c.handler.huggingFace() || c.handler != nil && c.handler.parent == "ImageClassifier"
}

// classCount is the width of the scores that the handler takes: of the first
// output of a Hugging Face model, of the only one of others.
func classCount(outputs []protocol.Output, use labelUse) (int, bool) {
	if len(outputs) == 0 || use.strict && (len(outputs) != 1 || outputs[0].Path != "output") {
		return 0, false
	}
	shape := outputs[0].Shape
	dims := 2
	if use.tokens {
		dims = 3
	}
	if len(shape) != dims || shape[dims-1] < 1 || shape[dims-1] > maxClasses {
		return 0, false
	}
	return int(shape[dims-1]), true
}

// without lists the classes below n that have no label.
func (l *labels) without(n int) []int {
	var missing []int
	for i := range n {
		if l.list != nil && i >= len(l.list) || l.list == nil && !l.has(i) {
			missing = append(missing, i)
		}
	}
	return missing
}

// has says that there is a label of a class, whatever it is.
func (l *labels) has(class int) bool {
	_, given := l.values[strconv.Itoa(class)]
	return given
}

func listed(numbers []int) string {
	var words []string
	for _, n := range numbers[:min(len(numbers), maxNamed)] {
		words = append(words, strconv.Itoa(n))
	}
	if more := len(numbers) - len(words); more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(words, ", "), more)
	}
	return strings.Join(words, ", ")
}
