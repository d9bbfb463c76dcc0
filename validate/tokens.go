package validate

import (
	"fmt"

	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
	"go-model-archiver/validate/torchscript"
)

// explainTokens says in the hint of a forward that failed which token id of the
// sample the model has no embedding for. libtorch only says that an index is
// out of range, not which, nor of what.
func (c *Check) explainTokens(findings []rules.Finding, s *sample.Sample) {
	if s == nil || c.model == nil {
		return
	}
	table, ok := c.model.Embedding(torchscript.WordEmbeddings...)
	if !ok {
		return
	}
	largest, ok := s.Largest("input_ids")
	if !ok || largest < table.Shape[0] {
		return
	}
	for i, f := range findings {
		if f.Rule == rules.ForwardFailed {
			findings[i].Hint = fmt.Sprintf("give token ids that the model knows with --sample: input_ids holds %d, and %q has %d rows, 0 to %d",
				largest, table.Name, table.Shape[0], table.Shape[0]-1)
		}
	}
}
