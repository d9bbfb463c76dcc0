package loadtest

import (
	"strings"
	"testing"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

// explained runs a message of libtorch through explain, as if it came in stage.
func explained(stage protocol.Stage, message string) rules.Finding {
	t := &test{cfg: Config{ModelPath: "traced_model.pt"}, result: NotRun()}
	t.result.Stage, t.result.Libtorch = stage, "1.13.1"
	if stage != protocol.StageLoad {
		source := `max_length 200 in "setup_config.json"`
		ids := protocol.Value{Kind: protocol.Tensor, DType: "int64", Shape: []int64{1, 200}}
		t.sample = &sample.Sample{Inputs: []sample.Input{
			{Name: "input_ids", Value: ids, Spec: "input_ids:int64[1,200]", Source: source},
			{Name: "attention_mask", Value: ids, Spec: "attention_mask:int64[1,200]", Source: source},
		}}
	}
	return t.explain(protocol.Failure{Stage: stage, Message: message})
}

// interpreted is how the interpreter words an exception in forward.
func interpreted(exception string) string {
	return `The following operation failed in the TorchScript interpreter.
Traceback of TorchScript, serialized code (most recent call last):
  File "code/__torch__/model.py", line 9, in forward
    return torch.add(x, y)
           ~~~~~~~~~ <--- HERE

Traceback of TorchScript, original code (most recent call last):
/usr/lib/python3/dist-packages/torch/nn/functional.py(2199): embedding
` + exception + "\n"
}

const frames = `
Exception raised from initialize at ./aten/src/ATen/native/x.cpp:12 (most recent call first):
frame #0: c10::Error::Error(c10::SourceLocation, std::string) + 0x57 (0x7f in /usr/lib/libc10.so)
frame #1: <unknown function> + 0x7f (0x7f in /usr/lib/libtorch_cpu.so)
`

// The messages are those that people meet at deploy time, as libtorch throws
// them; the ones with a model in testdata are met for real in TestFailingModels.
func TestExplain(t *testing.T) {
	const load, forward = protocol.StageLoad, protocol.StageForward
	tests := []struct {
		stage   protocol.Stage
		message string
		rule    string
		words   []string // of message and hint
	}{
		{load, "PytorchStreamReader failed reading zip archive: failed finding central directory" + frames, rules.LoadFailed,
			[]string{`libtorch 1.13.1 cannot load "traced_model.pt"`, "truncated", "save the model"}},
		{load, "PytorchStreamReader failed reading zip archive: not a ZIP archive", rules.LoadFailed, []string{"legacy checkpoint"}},
		{load, "[enforce fail at inline_container.cc:222] . PytorchStreamReader failed locating file constants.pkl: file not found" + frames, rules.LoadFailed,
			[]string{"state_dict", "--model-file"}},
		{load, "[enforce fail at inline_container.cc:222] . file not found: archive/constants.pkl", rules.LoadFailed, []string{"state_dict"}},
		{load, "PytorchStreamReader failed reading file data/3: file read failed", rules.LoadFailed, []string{"damaged"}},
		{load, "Attempted to read a PyTorch file with version 11, but the maximum supported version for reading is 10. Your PyTorch installation may be too old.", rules.FileTooNew,
			[]string{"version 11", "libtorch 1.13.1 reads at most version 10", "LIBTORCH="}},
		{load, "forward takes 60000 arguments, and at most 1000 are handled", rules.TooManyArguments, []string{"takes 60000 arguments", "--load-test=off"}},
		{load, "\nUnknown builtin op: torchvision::nms.\nCould not find any similar ops to torchvision::nms.", rules.OperatorMissing, []string{"torchvision::nms of torchvision"}},
		{load, "\nUnknown builtin op: torchvision::roi_align.\n", rules.OperatorMissing, []string{"torchvision::roi_align of torchvision"}},
		{load, "\nUnknown builtin op: torchvision::deform_conv2d.\n", rules.OperatorMissing, []string{"torchvision::deform_conv2d of torchvision"}},
		{load, "\nUnknown builtin op: neuron::forward_1.\n", rules.OperatorMissing, []string{"neuron::forward_1 of AWS Neuron"}},
		{load, "\nUnknown builtin op: my_ops::warp.\n", rules.OperatorMissing, []string{"my_ops::warp of a library called my_ops", "--library FILE", "--load-test=off"}},
		{load, "\nUnknown builtin op: aten::scaled_dot_product_attention.\nHere are some suggestions:", rules.OperatorMissing,
			[]string{"libtorch 1.13.1 has no operator aten::scaled_dot_product_attention", "LIBTORCH="}},
		{load, "\nUnknown type name '__torch__.torch.classes.tensorrt.Engine':\nSerialized   File", rules.ClassMissing, []string{"tensorrt.Engine of Torch-TensorRT"}},
		{load, "Didn't find engine for operation quantized::linear_prepack NoQEngine" + frames, rules.KernelMissing, []string{"quantized::linear_prepack"}},
		{load, "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.", rules.DeviceMissing, []string{"the device CUDA", "model.cpu()"}},
		{load, "forward takes 60000 arguments, and at most 1000 are handled", rules.TooManyArguments,
			[]string{"forward takes 60000 arguments, and the load test handles at most 1000", "--load-test=off"}},
		{load, "forward takes arguments whose names and types are longer than 262144 bytes, and no longer ones are handled", rules.TooManyArguments,
			[]string{"longer than 262144 bytes, and the load test handles no longer ones"}},
		{load, "expected newline token in a place no one has heard of" + frames, rules.LoadFailed,
			[]string{`says "expected newline token in a place no one has heard of"`, "torch.jit.load"}},

		{forward, interpreted("RuntimeError: Could not run 'aten::empty_strided' with arguments from the 'CUDA' backend. This could be because …"), rules.DeviceMissing,
			[]string{`"aten::empty_strided" runs on CUDA`, "model.cpu()"}},
		{forward, interpreted("RuntimeError: PyTorch is not linked with support for cuda devices"), rules.DeviceMissing, []string{"the device cuda"}},
		{forward, interpreted(`RuntimeError: "addmm_impl_cpu_" not implemented for 'Half'`), rules.KernelMissing, []string{`no "addmm_impl_cpu_" for Half`}},
		{forward, interpreted("RuntimeError: Could not run 'quantized::linear' with arguments from the 'QuantizedCPU' backend."), rules.KernelMissing, []string{"quantized::linear"}},
		{forward, interpreted("RuntimeError: Could not run 'quantized::conv2d.new' with arguments from the 'CPU' backend."), rules.ForwardFailed, []string{"quantized::conv2d.new"}},
		{forward, interpreted(`RuntimeError: "softmax_lastdim_kernel_impl" not implemented for 'Long'`), rules.ForwardFailed, []string{"dtype does not fit", "--sample"}},

		{forward, interpreted("RuntimeError: Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!"), rules.ForwardFailed, []string{"mixes devices"}},
		{forward, interpreted("RuntimeError: Input and hidden tensors are not at the same device, found input tensor at cpu and hidden tensor at cuda:0"), rules.ForwardFailed, []string{"mixes devices"}},
		{forward, interpreted("RuntimeError: The size of tensor a (64) must match the size of tensor b (80) at non-singleton dimension 1"), rules.ForwardFailed,
			[]string{`fails on input_ids int64[1,200], attention_mask int64[1,200] (from max_length 200 in "setup_config.json")`,
				`libtorch says "The size of tensor a (64) must match the size of tensor b (80) at non-singleton dimension 1"`, "64 and 80 do not fit", "max_length"}},
		{forward, interpreted("RuntimeError: The expanded size of the tensor (200) must match the existing size (150) at non-singleton dimension 1.  Target sizes: [1, 200]."), rules.ForwardFailed,
			[]string{"asks for 200 where the model has 150"}},
		{forward, interpreted("IndexError: index out of range in self"), rules.ForwardFailed,
			[]string{`says "IndexError: index out of range in self"`, "longer than the model has positions", "lower max_length"}},
		{forward, "forward() is missing value for argument 'attention_mask'. Declaration: forward(…)" + frames, rules.ForwardFailed, []string{"wants a value for attention_mask"}},
		{forward, "forward() expected at most 2 argument(s) but received 3 argument(s). Declaration: forward(…)", rules.ForwardFailed, []string{"more inputs than forward takes"}},
		{forward, "forward() Expected a value of type 'List[Tensor]' for argument 'images' but instead found type 'Tensor'.\nPosition: 1", rules.ForwardFailed,
			[]string{"forward's argument images is a List[Tensor], and the sample gives a Tensor", "the handler"}},
		{forward, interpreted("RuntimeError: mat1 and mat2 shapes cannot be multiplied (1x200 and 150x2)"), rules.ForwardFailed, []string{"leads to 1x200 where a layer's weights are 150x2"}},
		{forward, interpreted("RuntimeError: shape '[1, 150, 4, 8]' is invalid for input of size 6400"), rules.ForwardFailed, []string{"[1, 150, 4, 8]", "6400 elements"}},
		{forward, interpreted("RuntimeError: Given groups=1, weight of size [8, 3, 3, 3], expected input[1, 1, 28, 28] to have 3 channels, but got 1 channels instead"), rules.ForwardFailed,
			[]string{"wants 3 channels and the sample gives 1"}},
		{forward, interpreted("RuntimeError: Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: [10]"), rules.ForwardFailed, []string{"shape does not fit"}},
		{forward, interpreted("RuntimeError: Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got torch.FloatTensor instead"), rules.ForwardFailed,
			[]string{"dtype does not fit"}},
		{forward, interpreted("RuntimeError: [enforce fail at alloc_cpu.cpp:75] err == 0. DefaultCPUAllocator: can't allocate memory: you tried to allocate 67108864 bytes."), rules.ForwardFailed,
			[]string{"more memory"}},
		{forward, interpreted("builtins.ValueError: this model wants 7 columns"), rules.ForwardFailed, []string{`says "ValueError: this model wants 7 columns"`}},
	}
	for _, test := range tests {
		finding := explained(test.stage, test.message)
		if finding.Rule != test.rule {
			t.Errorf("%q is %s, want %s", test.message, finding.Rule, test.rule)
		}
		said := finding.Message + "\n" + finding.Hint
		for _, words := range test.words {
			if !strings.Contains(said, words) {
				t.Errorf("%s\nlacks %q", said, words)
			}
		}
		for _, never := range []string{"frame #", "Exception raised from", "$1", "$2", "  "} {
			if strings.Contains(said, never) {
				t.Errorf("%s\nholds %q", said, never)
			}
		}
		if finding.Hint == "" || finding.File != "traced_model.pt" {
			t.Errorf("no hint or file: %+v", finding)
		}
	}
}

// What the model says goes to a terminal.
func TestExplainKeepsTheTerminalSafe(t *testing.T) {
	hostile := "\x1b[31mred\x1b[0m\a " + strings.Repeat("long ", 1<<16) + "\xff\xfe"
	for _, message := range []string{hostile, interpreted("RuntimeError: " + hostile), "Unknown builtin op: " + strings.Repeat("a", 1<<16) + "::b"} {
		for _, stage := range []protocol.Stage{protocol.StageLoad, protocol.StageForward} {
			finding := explained(stage, message)
			if strings.ContainsAny(finding.Message+finding.Hint, "\x1b\a\n\r\x00") || len(finding.Message) > 2000 {
				t.Errorf("%d bytes: %.300q", len(finding.Message), finding.Message)
			}
		}
	}
}

func TestFirstLine(t *testing.T) {
	for message, want := range map[string]string{
		"":                               "",
		"a plain word":                   "a plain word",
		"one\ntwo":                       "one",
		"\n\nafter empty lines" + frames: "after empty lines",
		"with (its) brackets (Exception raised from f at x.cpp:1)":                                       "with (its) brackets",
		interpreted("RuntimeError: a reason" + frames):                                                   "a reason",
		interpreted("torch.jit.Error: a reason"):                                                         "Error: a reason",
		interpreted("a last line of another kind"):                                                       "a last line of another kind",
		"Traceback of TorchScript":                                                                       "Traceback of TorchScript",
		"RuntimeError: quoted\nby Traceback of TorchScript\nRuntimeError: and the real one\nwith detail": "and the real one",
	} {
		if got := firstLine(message); got != want {
			t.Errorf("firstLine(%q) = %q, want %q", message, got, want)
		}
	}
}
