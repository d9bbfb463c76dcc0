package loadtest

import (
	"fmt"
	"regexp"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// explain turns what libtorch threw into a finding: in words of this table
// where it knows the message, else in libtorch's own.
func (t *test) explain(f protocol.Failure) rules.Finding {
	text, stage := withoutFrames(f.Message), t.result.Stage
	if finding, ok := t.beyondMemory(text, fmt.Sprintf("libtorch says %q", firstLine(f.Message))); ok {
		return finding
	}
	for _, e := range lacking {
		if m := e.pattern.FindStringSubmatch(text); m != nil {
			message, hint := e.words(m, t.result.Libtorch)
			return rules.New(e.rule, t.cfg.ModelPath, fmt.Sprintf("%q could not be tested here: %s", t.cfg.ModelPath, message), hint)
		}
	}
	known, rule := failing, rules.ForwardFailed
	switch stage {
	case protocol.StageLoad:
		known, rule = unloadable, rules.LoadFailed
	case protocol.StageShape:
		known, rule = nil, rules.SampleMismatch
	}
	quote := fmt.Sprintf("%s: libtorch says %q", t.failed(), firstLine(f.Message))
	for _, e := range known {
		if m := e.pattern.FindStringSubmatch(text); m != nil {
			return rules.New(rule, t.cfg.ModelPath, quote+": "+expand(e.meaning, m), expand(e.hint, m))
		}
	}
	return rules.New(rule, t.cfg.ModelPath, quote, fallbackHints[rule])
}

var fallbackHints = map[string]string{
	rules.LoadFailed:     "load it in Python with torch.jit.load, in the server's version of torch",
	rules.SampleMismatch: "give one --sample for each of forward's arguments",
	rules.ForwardFailed:  "give the input that the model was made for with --sample",
}

// failed says which step failed, and on what.
func (t *test) failed() string {
	switch t.result.Stage {
	case protocol.StageLoad:
		return fmt.Sprintf("libtorch %s cannot load %q", t.result.Libtorch, t.cfg.ModelPath)
	case protocol.StageShape:
		return fmt.Sprintf("%q cannot be given the sample%s", t.cfg.ModelPath, t.on())
	case protocol.StageOutput:
		return fmt.Sprintf("the output of %q%s cannot be read", t.cfg.ModelPath, t.on())
	}
	return fmt.Sprintf("forward of %q fails%s", t.cfg.ModelPath, t.on())
}

// expand puts the groups of a match, cleaned, into $1, $2 … of a template.
func expand(template string, groups []string) string {
	for i, g := range groups[1:] {
		template = strings.ReplaceAll(template, fmt.Sprintf("$%d", i+1), clean(g, 100))
	}
	return template
}

// known is a message of libtorch that the model's author or its user can do
// something about. $1 stands for the pattern's first group.
type known struct {
	pattern       *regexp.Regexp
	meaning, hint string
}

const saveAgain = "save the model as TorchScript again, torch.jit.trace(model, sample).save(path), and compare the sizes after copying"

var unloadable = []known{
	{
		regexp.MustCompile(`failed finding central directory`),
		"the file is truncated or no zip file", saveAgain,
	},
	{
		regexp.MustCompile(`not a ZIP archive`),
		"the file is a legacy checkpoint, a Git LFS pointer, a web page or something else, but no TorchScript", saveAgain,
	},
	{
		regexp.MustCompile(`(?:failed locating file|file not found:) \S*constants\.pkl`),
		"the file holds a state_dict or a pickled module, not TorchScript", "save the model with torch.jit.trace(model, sample).save(path), or archive it as an eager model with --model-file",
	},
	{
		regexp.MustCompile(`PytorchStreamReader failed|unexpected pos|invalid header or archive is corrupted`),
		"the file is damaged", saveAgain,
	},
	{
		regexp.MustCompile(`can't allocate memory|not enough memory|bad_alloc`),
		"the model needs more memory than the worker may have", "run it on a machine with more memory",
	},
}

// The shape and dtype errors are libtorch's most frequent ones in forward; a
// trace keeps the sizes that it was made with.
const (
	shapeHint = "give the shape that the model was traced with (max_length, or --sample), or trace it again with this one"
	dtypeHint = "give the dtype that the model wants, --sample '[NAME:]DTYPE[DIMS]'"
	callHint  = "the handler must call the model with forward's arguments in order; give one --sample for each"
)

var failing = []known{
	{
		regexp.MustCompile(`The size of tensor a \((\d+)\) must match the size of tensor b \((\d+)\)`),
		"one side comes from the sample, the other is baked into the model by tracing: $1 and $2 do not fit", shapeHint,
	},
	{
		regexp.MustCompile(`The expanded size of the tensor \((\d+)\) must match the existing size \((\d+)\)`),
		"the sample asks for $1 where the model has $2, its number of positions or a length baked in by tracing", shapeHint,
	},
	{
		regexp.MustCompile(`setStorage: sizes (\[[^\]]*\]).* are out of bounds for storage`),
		"views of fixed sizes, $1 here, are baked into the model by tracing, and the sample is too short for them", shapeHint,
	},
	{
		regexp.MustCompile(`index out of range in self`),
		"an embedding was asked for a row that it does not have: the sample is longer than the model has positions, or holds a token id beyond its vocabulary",
		"lower max_length to the model's positions (RoBERTa-like models keep two of them for themselves), or give token ids that it knows with --sample",
	},
	{
		regexp.MustCompile(`(?:is missing value for argument|missing \d+ required positional arguments?:?) '?([\w.]+)'?`),
		"forward wants a value for $1 too", callHint,
	},
	{
		regexp.MustCompile(`expected at most (\d+) argument\(s\) but received (\d+)`),
		"the sample has more inputs than forward takes", callHint,
	},
	{
		regexp.MustCompile(`Expected a value of type '([^']+)' for argument '([^']+)' but instead found type '([^']+)'`),
		"forward's argument $2 is a $1, and the sample gives a $3", callHint,
	},
	{
		regexp.MustCompile(`(?:on the same device, but found at least two devices, (\S+) and (\S+)!|not at the same device)`),
		"the model mixes devices: tracing baked one in", "trace the model on the CPU (model.cpu(), CPU inputs), or without creating tensors on a device inside forward",
	},
	{
		regexp.MustCompile(`mat1 and mat2 shapes cannot be multiplied \((\d+x\d+) and (\d+x\d+)\)`),
		"the sample leads to $1 where a layer's weights are $2", shapeHint,
	},
	{
		regexp.MustCompile(`shape '(\[[^']*\])' is invalid for input of size (\d+)`),
		"a view or reshape to $1 is baked into the model and the sample leads to $2 elements", shapeHint,
	},
	{
		regexp.MustCompile(`expected input(\[[^\]]*\]) to have (\d+) channels, but got (\d+) channels`),
		"a layer wants $2 channels and the sample gives $3", shapeHint,
	},
	{
		regexp.MustCompile(`[Ee]xpected (?:more than 1 value|\d+D|\d+-D|\d-dim|stride|input to be)|Dimension out of range|dimension mismatch|must have (?:the )?same (?:number of dimensions|size)|Sizes of tensors must match|expects each tensor to be equal size|is invalid for input|Calculated padded input size|Kernel size can't be greater`),
		"the sample's shape does not fit the model", shapeHint,
	},
	{
		regexp.MustCompile(`index -?\d+ out of range for tensor of size \[[^\]]*\b0\b`),
		"the model looks for something in the sample, such as the token that ends a text, and does not find it",
		"give a sample that holds it: --sample '[NAME:]int64[1,LENGTH]=@FILE.npy' with the ids of a real text",
	},
	{
		regexp.MustCompile(`selected index k out of range`),
		"the model picks the k best of fewer values than k: it has fewer classes, or the sample is smaller, than it was written for",
		shapeHint,
	},
	{
		regexp.MustCompile(`index -?\d+ is out of bounds for dimension \d+ with size (\d+)`),
		"the model indexes a dimension of size $1 beyond its end", shapeHint,
	},
	{
		regexp.MustCompile(`[Ee]xpected (?:scalar type|object of scalar type|tensor for argument #\d+|m1 and m2 to have the same dtype|self and \w+ to have)|should be the same|must have the same dtype|not implemented for '(\w+)'`),
		"the sample's dtype does not fit the model", dtypeHint,
	},
	{
		regexp.MustCompile(`can't allocate memory|not enough memory|bad_alloc|CUDA out of memory`),
		"forward needs more memory than the worker may have", "give a smaller --sample, or run it on a machine with more memory",
	},
}
