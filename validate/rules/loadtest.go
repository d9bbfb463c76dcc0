package rules

// Ids of the rules about the load test.
const (
	LoadTestOff     = "load-test-off"
	WorkerMissing   = "worker-missing"
	WorkerMismatch  = "worker-mismatch"
	WorkerMisnamed  = "worker-misnamed"
	WorkerFailed    = "worker-failed"
	WorkerCrashed   = "worker-crashed"
	LoadTestTimeout = "load-test-timeout"
	LoadFailed      = "load-failed"
	OperatorMissing = "operator-missing"
	ClassMissing    = "class-missing"
	DeviceMissing   = "device-missing"
	KernelMissing   = "kernel-missing"
	FileTooNew      = "file-too-new"
	NoForward       = "no-forward"
	NoSample        = "no-sample"
	SampleMismatch  = "sample-mismatch"
	ForwardFailed   = "forward-failed"
	OutputNaN       = "output-nan"
	OutputInf       = "output-inf"
	OutputNegInf    = "output-neg-inf"
	OutputChanges   = "output-changes"
	MemoryExceeded  = "memory-exceeded"
	LibraryFailed   = "library-failed"
	OutputUnread    = "output-unread"

	TooManyArguments = "too-many-arguments"
)

var loadTestRules = []Rule{
	{
		ID: LoadTestOff, Severity: Note,
		Summary: "the load test was switched off",
		Example: `the load test of "traced_model.pt" is switched off; the model was not run`,
	},
	{
		ID: WorkerMissing, Severity: Error, Inconclusive: true,
		Summary: "the worker, which loads the model in libtorch, was not found",
		Example: `"traced_model.pt" cannot be load-tested: no worker found: go-model-archiver-libtorch is neither beside this program nor in PATH`,
	},
	{
		ID: WorkerMismatch, Severity: Error, Inconclusive: true,
		Summary: "the worker was built from another version of the sources",
		Example: `the worker "/usr/bin/go-model-archiver-libtorch" speaks version 2 of the protocol, and this program version 1`,
	},
	{
		ID: WorkerMisnamed, Severity: Warning,
		Summary: "the worker's name has another version than its libtorch",
		Example: `the worker "/usr/bin/go-model-archiver-libtorch-2.6.0" runs with libtorch 1.13.1, and its name says 2.6.0`,
	},
	{
		ID: WorkerFailed, Severity: Error, Inconclusive: true,
		Summary: "the worker could not be started, was stopped, or answered nonsense",
		Example: `the worker "bin/go-model-archiver-libtorch" ended with status 127: error while loading shared libraries: libc10.so: cannot open shared object file`,
	},
	{
		ID: WorkerCrashed, Severity: Error,
		Summary:  "the model crashed libtorch",
		Example:  `libtorch crashed while running forward on x float32[1,3] (from --sample) of "model.pt": the worker was killed by SIGSEGV (segmentation fault)`,
		Preempts: []string{"Load model failed: X, error: Worker died."},
	},
	{
		ID: MemoryExceeded, Severity: Error,
		Summary:  "the model needs more memory than --memory allows",
		Example:  `running forward on x float32[1,3] (from --sample) of "model.pt" needs more than the 8.0 GiB of --memory: libtorch says "DefaultCPUAllocator: can't allocate memory: you tried to allocate 67108864 bytes."`,
		Preempts: []string{"Load model failed: X, error: Worker died."},
	},
	{
		ID: LoadTestTimeout, Severity: Error,
		Summary:  "the model did not load or answer in time",
		Example:  `the load test of "model.pt" was stopped after 2m0s while running forward on x float32[1,3] (from --sample)`,
		Preempts: []string{"a worker that never answers until the server's responseTimeout ends it"},
	},
	{
		ID: LoadFailed, Severity: Error,
		Summary:  "libtorch cannot load the model",
		Example:  `libtorch 1.13.1 cannot load "model.pt": libtorch says "PytorchStreamReader failed locating file constants.pkl: file not found": the file holds a state_dict or a pickled module, not TorchScript`,
		Preempts: []string{"Load model failed: X, error: Worker died."},
	},
	{
		ID: OperatorMissing, Severity: Error, Inconclusive: true,
		Summary: "the model needs an operator that this libtorch lacks",
		Example: `"model.pt" could not be tested here: it needs the custom operator torchvision::nms of torchvision`,
		Preempts: []string{
			"Unknown builtin op: torchvision::nms.",
			"Unknown builtin op: torchvision::roi_align.",
			"Unknown builtin op: torchvision::deform_conv2d.",
			"Unknown builtin op: neuron::forward_1.",
		},
	},
	{
		ID: ClassMissing, Severity: Error, Inconclusive: true,
		Summary:  "the model needs a custom class that this libtorch lacks",
		Example:  `"model.pt" could not be tested here: it needs the custom class tensorrt.Engine of Torch-TensorRT`,
		Preempts: []string{"Unknown type name '__torch__.torch.classes.tensorrt.Engine'"},
	},
	{
		ID: DeviceMissing, Severity: Error, Inconclusive: true,
		Summary: "the model needs a device that this libtorch lacks",
		Example: `"model.pt" could not be tested here: "aten::empty_strided" runs on CUDA, which is baked into the model and which this libtorch lacks`,
		Preempts: []string{
			"Could not run 'aten::empty_strided' with arguments from the 'CUDA' backend",
			"Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False",
		},
	},
	{
		ID: KernelMissing, Severity: Error, Inconclusive: true,
		Summary:  "this libtorch has no kernel for one of the model's operators and dtypes",
		Example:  `"model.pt" could not be tested here: libtorch 1.13.1 has no "addmm_impl_cpu_" for Half on the CPU`,
		Preempts: []string{`"addmm_impl_cpu_" not implemented for 'Half'`},
	},
	{
		ID: LibraryFailed, Severity: Error, Inconclusive: true,
		Summary: "a library of operators cannot be loaded into this libtorch",
		Example: `"model.pt" could not be tested here: the library "/usr/lib/libtorchvision.so" cannot be loaded: libc10.so: cannot open shared object file`,
	},
	{
		ID: FileTooNew, Severity: Error, Inconclusive: true,
		Summary:  "the file is of a newer format than this libtorch reads",
		Example:  `"model.pt" could not be tested here: its file format is version 11, and libtorch 1.13.1 reads at most version 10`,
		Preempts: []string{"Attempted to read a PyTorch file with version 11, but the maximum supported version for reading is 10"},
	},
	{
		ID: NoForward, Severity: Warning,
		Summary:  "the model has no method forward, so it was loaded and not run",
		Example:  `"model.pt" has no method forward; it was loaded and not run`,
		Preempts: []string{"Method 'forward' is not defined."},
	},
	{
		ID: NoSample, Severity: Warning,
		Summary: "there is no sample to run forward on, so the model was only loaded",
		Example: `there is no sample for forward, which takes x: Tensor`,
	},
	{
		ID: SampleMismatch, Severity: Error,
		Summary: "the sample does not fit the arguments of forward",
		Example: `the sample does not fit forward: there are 3 samples for 2 arguments; forward takes input_ids: Tensor, attention_mask: Tensor`,
		Preempts: []string{
			"forward() Expected a value of type 'List[Tensor]' for argument 'images' but instead found type 'Tensor'",
			"forward() is missing value for argument 'input'",
		},
	},
	{
		ID: ForwardFailed, Severity: Error,
		Summary: "the model fails on the sample",
		Example: `forward of "traced_model.pt" fails on input_ids int64[1,200] (from max_length 200 in "setup_config.json"): libtorch says "index out of range in self": an embedding was asked for a row that it does not have`,
		Preempts: []string{
			"index out of range in self",
			"The size of tensor a (40) must match the size of tensor b (80) at non-singleton dimension 3",
			"selected index k out of range",
			"Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
		},
	},
	{
		ID: OutputNaN, Severity: Error,
		Summary:  "the output holds NaN",
		Example:  `output[0] of "traced_model.pt" holds 2 NaN values of 2`,
		Preempts: []string{"nothing: the server answers with NaN"},
	},
	{
		ID: OutputInf, Severity: Warning,
		Summary:  "the output holds infinite values",
		Example:  `output of "traced_model.pt" holds 1 infinite value of 2`,
		Preempts: []string{"nothing: the server answers with Infinity"},
	},
	{
		ID: OutputNegInf, Severity: Note,
		Summary: "the output holds -Inf, and no other infinite value",
		Example: `output of "traced_model.pt" holds 1 -Inf value of 2`,
	},
	{
		ID: TooManyArguments, Severity: Error, Inconclusive: true,
		Summary: "forward takes more arguments than the load test handles",
		Example: `"model.pt" could not be tested here: forward takes 60000 arguments, and the load test handles at most 1000`,
	},
	{
		ID: OutputUnread, Severity: Note,
		Summary: "a part of forward's result was not looked at",
		Example: `not all that forward of "model.pt" gives was looked at: output has 20000 elements, and at most 10000 are read`,
	},
	{
		ID: OutputChanges, Severity: Note,
		Summary: "the output was not the same in every call on the same sample",
		Example: `output[0] of "traced_model.pt" changed between 20 calls on the same sample`,
	},
}
