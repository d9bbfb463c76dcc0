package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/torchscript"
)

// probe says which shapes beside the sample's are worth trying.
func (c *Check) probe() *loadtest.Probe {
	p := &loadtest.Probe{}
	p.Batch, p.BatchSource = c.batchSize()
	if _, rows, ok := c.positions(); ok {
		p.Positions = rows
	}
	if c.model != nil {
		names := []string{"word_embeddings.weight", "wte.weight", "embed_tokens.weight", "shared.weight", "word_embedding.weight"}
		if table, ok := c.model.Embedding(names...); ok {
			p.Vocabulary = table.Shape[0]
		}
		p.Quantized = slices.ContainsFunc(c.model.Operators, quantizes)
	}
	return p
}

// quantizes says that an operator rounds what it computes to few steps.
func quantizes(operator string) bool {
	return strings.HasPrefix(operator, "quantized::") || strings.HasPrefix(operator, "aten::quantize_") ||
		strings.HasPrefix(operator, "aten::fake_quantize_") || strings.HasPrefix(operator, "aten::fbgemm_")
}

// batchSize is how many requests the server makes a batch of, and where that
// stands; 0 where no setting says so. The handlers of TorchServe stack them, a
// batch for one forward.
func (c *Check) batchSize() (int64, string) {
	if c.config != nil {
		var n int64
		if value, _ := lookup(c.config, "batchSize"); value != nil && value.Decode(&n) == nil && n > 0 {
			return n, fmt.Sprintf("batchSize in %q", c.subject.Manifest.Model.ConfigFile)
		}
	}
	if f := c.effective(); f != nil {
		if n, ok := pythonInt(f.values["batch_size"]); ok && n > 0 {
			return n, "batch_size in " + f.where
		}
	}
	return 0, ""
}

// positions finds the table of position embeddings, and how many tokens it has
// rows for.
func (c *Check) positions() (table torchscript.Tensor, rows int64, ok bool) {
	if c.model == nil {
		return table, 0, false
	}
	table, ok = c.model.Embedding("position_embeddings.weight")
	if !ok {
		return table, 0, false
	}
	rows = table.Shape[0]
	// Models like RoBERTa start to count after their padding's index.
	if slices.ContainsFunc([]string{"roberta", "longformer", "camembert", "mpnet"}, func(s string) bool {
		return strings.Contains(table.Name, s)
	}) {
		rows -= 2
	}
	return table, rows, true
}
