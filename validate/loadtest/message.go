package loadtest

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/sample"
)

// maxQuote bounds what is quoted of libtorch's or the worker's words.
const maxQuote = 300

// framesStart is where libtorch's message ends and its C++ frames begin.
var framesStart = regexp.MustCompile(`(?m)\s*\(?(Exception raised from |^\s*frame #\d+: )`)

// raised is how the interpreter ends a message: the exception of the model's
// code, after the lines of the traceback.
var raised = regexp.MustCompile(`(?m)^\s*(?:[\w.]*\.)?(\w*(?:Error|Exception)): (.*)`)

// withoutFrames cuts the C++ frames off a message of libtorch.
func withoutFrames(message string) string {
	if at := framesStart.FindStringIndex(message); at != nil {
		message = message[:at[0]]
	}
	return strings.TrimSpace(message)
}

// firstLine is the line of a message that says what is wrong.
func firstLine(message string) string {
	text := withoutFrames(message)
	if strings.Contains(text, "Traceback of TorchScript") {
		if all := raised.FindAllStringSubmatch(text, -1); len(all) > 0 {
			last := all[len(all)-1]
			if last[1] == "RuntimeError" {
				return clean(last[2], maxQuote)
			}
			return clean(last[1]+": "+last[2], maxQuote)
		}
		return lastLine(text)
	}
	line, _, _ := strings.Cut(text, "\n")
	return clean(line, maxQuote)
}

// describeSample writes the sample as `input_ids int64[1,200], attention_mask
// int64[1,200] (from max_length 200 in "setup_config.json")`.
func describeSample(s *sample.Sample) string {
	const most = 8
	var inputs, sources []string
	for i, in := range s.Inputs {
		if i == most {
			inputs = append(inputs, "…")
			break
		}
		inputs = append(inputs, clean(in.Name, 100)+" "+describe(in))
		if !slices.Contains(sources, in.Source) {
			sources = append(sources, in.Source)
		}
	}
	if len(inputs) == 0 {
		return "no arguments"
	}
	return fmt.Sprintf("%s (from %s)", strings.Join(inputs, ", "), clean(strings.Join(sources, ", "), maxQuote))
}

// describe writes a tensor as its dtype and shape, anything else as --sample
// takes it.
func describe(in sample.Input) string {
	if in.Value.Kind == protocol.Tensor {
		return in.Value.DType + strings.ReplaceAll(fmt.Sprint(in.Value.Shape), " ", ",")
	}
	return clean(strings.TrimPrefix(in.Spec, in.Name+":"), 200)
}
