package loadtest

import (
	"strings"
	"testing"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// What people meet in production that libtorch says, word for word, and what
// the load test has to make of it before there is an archive. The messages of
// Python, of the handlers and of the server are for the static checks.
func TestWhatLibtorchSaysInProduction(t *testing.T) {
	const load, forward = protocol.StageLoad, protocol.StageForward
	for _, test := range []struct {
		stage             protocol.Stage
		says, rule, means string
	}{
		{load, "PytorchStreamReader failed reading zip archive: failed finding central directory", rules.LoadFailed, "truncated or no zip file"},
		{load, "PytorchStreamReader failed reading zip archive: not a ZIP archive", rules.LoadFailed, "a legacy checkpoint, a Git LFS pointer, a web page"},
		{load, "PytorchStreamReader failed locating file constants.pkl: file not found", rules.LoadFailed, "a state_dict or a pickled module, not TorchScript"},
		{load, "file not found: archive/constants.pkl", rules.LoadFailed, "a state_dict or a pickled module, not TorchScript"},
		{load, "Attempted to read a PyTorch file with version 12, but the maximum supported version for reading is 10", rules.FileTooNew, "version 12, and libtorch 1.13.1 reads at most version 10"},
		{load, "Unknown builtin op: torchvision::nms.", rules.OperatorMissing, "torchvision::nms of torchvision"},
		{load, "Unknown builtin op: torchvision::roi_align.", rules.OperatorMissing, "torchvision::roi_align of torchvision"},
		{load, "Unknown builtin op: torchvision::deform_conv2d.", rules.OperatorMissing, "torchvision::deform_conv2d of torchvision"},
		{load, "Unknown builtin op: neuron::forward_1.", rules.OperatorMissing, "neuron::forward_1 of AWS Neuron"},
		{load, "Unknown type name '__torch__.torch.classes.tensorrt.Engine'", rules.ClassMissing, "tensorrt.Engine of Torch-TensorRT"},
		{forward, "Could not run 'aten::empty_strided' with arguments from the 'CUDA' backend", rules.DeviceMissing, `"aten::empty_strided" runs on CUDA`},
		{load, "Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False", rules.DeviceMissing, "the device CUDA"},
		{forward, "Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!", rules.ForwardFailed, "mixes devices"},
		{forward, "Input and hidden tensors are not at the same device", rules.ForwardFailed, "mixes devices"},
		{forward, "The size of tensor a (40) must match the size of tensor b (80) at non-singleton dimension 3", rules.ForwardFailed, "baked into the model by tracing: 40 and 80 do not fit"},
		{forward, "forward() Expected a value of type 'List[Tensor]' for argument 'images' but instead found type 'Tensor'", rules.ForwardFailed, "argument images is a List[Tensor], and the sample gives a Tensor"},
		{forward, "forward() is missing value for argument 'input'", rules.ForwardFailed, "wants a value for input too"},
		{forward, "selected index k out of range", rules.ForwardFailed, "the k best of fewer values"},
	} {
		for _, message := range []string{test.says, test.says + frames, interpreted("RuntimeError: " + test.says)} {
			finding := explained(test.stage, message)
			if finding.Rule != test.rule || !strings.Contains(finding.Message, test.means) || finding.Hint == "" {
				t.Errorf("%q is explained as %+v, want %s and %q", message, finding, test.rule, test.means)
			}
		}
	}
}
