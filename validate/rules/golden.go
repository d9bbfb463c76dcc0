package rules

// Ids of the rules about expected outputs and about other shapes.
const (
	OutputDiffers  = "output-differs"
	OutputDType    = "output-dtype"
	OutputsUnused  = "outputs-unused"
	OutputExtra    = "output-extra"
	PaddingMatters = "padding-matters"
	TokensIgnored  = "tokens-ignored"
	BatchFails     = "batch-fails"
)

var goldenRules = []Rule{
	{
		ID: OutputDiffers, Severity: Error,
		Summary:  "an output is not the one that --expect gives",
		Example:  `output[0] of "model.pt" is not "logits" in "out.npz": 3 of 768 values are beyond rtol 1.3e-06 and atol 1e-05, the largest difference is 0.25 at [0,17], where 0.5 is expected and 0.75 given`,
		Preempts: []string{"nothing: the server answers with other numbers"},
	},
	{
		ID: OutputDType, Severity: Warning,
		Summary: "an output has the expected values in another width",
		Example: `output of "model.pt" is float32[1,2], and "logits" in "out.npz" is float64[1,2]; the values are equal within the tolerances`,
	},
	{
		ID: OutputsUnused, Severity: Error, Inconclusive: true,
		Summary: "the outputs could not be compared or saved, as --expect or --save-outputs asks",
		Example: `the outputs of "model.pt" were not compared with "out.npz": forward was not run`,
	},
	{
		ID: OutputExtra, Severity: Note,
		Summary: "forward gives outputs that --expect has nothing for",
		Example: `"out.npz" holds nothing for output[1] of "model.pt", which was not compared`,
	},
	{
		ID: PaddingMatters, Severity: Warning,
		Summary:  "the answer to a short input changes with its padding, which attention_mask leaves out",
		Example:  `output[0] of "model.pt" changes by up to 0.25 when an input of 16 tokens is padded to 24 with attention_mask 0: the trace took a length as a constant, or the model does not heed the mask`,
		Preempts: []string{"nothing: the server answers a text with other numbers when it is padded to another length"},
	},
	{
		ID: TokensIgnored, Severity: Warning,
		Summary:  "the tokens behind the sample's length change nothing",
		Example:  `output[0] of "model.pt" is the same whatever the tokens behind the first 150 of 158 are: the trace took a length as a constant, and cuts an input off there`,
		Preempts: []string{"nothing: the server answers a long text by its beginning"},
	},
	{
		ID: BatchFails, Severity: Warning,
		Summary:  "the model fails on a batch of the size that the settings allow",
		Example:  `forward of "model.pt" runs on a batch of 1 and fails on one of 8, batchSize in "model-config.yaml"`,
		Preempts: []string{"a failure of every request that arrives together with another one"},
	},
}
