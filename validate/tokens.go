package validate

import (
	"fmt"
	"strings"

	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
	"go-model-archiver/validate/torchscript"
)

// explainTokens says in the hint of a forward that failed which numbers of the
// sample the model may have no embedding for. libtorch only says that an index
// is out of range, not which, nor of what.
func (c *Check) explainTokens(findings []rules.Finding, s *sample.Sample) {
	if s == nil || c.model == nil {
		return
	}
	for i, f := range findings {
		if f.Rule != rules.ForwardFailed {
			continue
		}
		if hint := c.unknownToken(s); hint != "" {
			findings[i].Hint = hint
		} else if strings.Contains(f.Message, "index out of range in self") {
			findings[i].Hint = c.unknownIndex(s, f.Hint)
		}
	}
}

// unknownToken is the hint where input_ids holds what the vocabulary does not.
func (c *Check) unknownToken(s *sample.Sample) string {
	table, ok := c.model.Embedding(torchscript.WordEmbeddings...)
	if !ok {
		return ""
	}
	largest, ok := s.Largest("input_ids")
	if !ok || largest < table.Shape[0] {
		return ""
	}
	return fmt.Sprintf("give token ids that the model knows with --sample: input_ids holds %d, and %q has %d rows, 0 to %d",
		largest, table.Name, table.Shape[0], table.Shape[0]-1)
}

// unknownIndex is the hint for an index that is out of range, unless the sample
// is longer than the model has positions: then that is the reason.
func (c *Check) unknownIndex(s *sample.Sample, otherwise string) string {
	numbers := s.LargestNumbers()
	_, rows, known := c.positions()
	length := int64(0)
	for _, in := range s.Inputs {
		if shape := in.Value.Shape; len(shape) == 2 {
			length = max(length, shape[1])
		}
	}
	switch {
	case numbers == "" || known && length > rows:
		return otherwise
	case known:
		return fmt.Sprintf("give numbers that the model has rows for with --sample: the largest are %s, and its %d positions are enough", numbers, rows)
	}
	return fmt.Sprintf("give numbers that the model has rows for with --sample: the largest are %s; or lower max_length to its positions", numbers)
}
