package loadtest

import (
	"fmt"
	"regexp"
	"strings"

	"go-model-archiver/validate/rules"
)

// lack is a message of libtorch that says nothing about the model: it needs
// something that this machine's libtorch does not have.
type lack struct {
	pattern *regexp.Regexp
	rule    string
	words   func(groups []string, libtorch string) (message, hint string)
}

var lacking = []lack{
	{
		regexp.MustCompile(`^forward takes (\d+ arguments|arguments whose names and types are longer than \d+ bytes), and (at most \d+|no longer ones) are handled$`),
		rules.TooManyArguments, func(m []string, _ string) (string, string) {
			return fmt.Sprintf("forward takes %s, and the load test handles %s", m[1], m[2]),
				"archive it without the load test, with --load-test=off"
		},
	},
	{
		regexp.MustCompile(`Unknown builtin op: ([\w.]+)::(\w+)`),
		rules.OperatorMissing, missingOperator,
	},
	{
		regexp.MustCompile(`(?:No such operator|Could not find (?:any )?schema for|Couldn't find an operator for) ([\w.]+)::(\w+)`),
		rules.OperatorMissing, missingOperator,
	},
	{
		regexp.MustCompile(`Unknown type name '__torch__\.torch\.classes\.(\w+)\.([\w.]+)'`),
		rules.ClassMissing, missingClass,
	},
	{
		regexp.MustCompile(`__torch__\.torch\.classes\.(\w+)\.(\w+)\S* (?:is not registered|does not exist|has not been registered)`),
		rules.ClassMissing, missingClass,
	},
	{
		regexp.MustCompile(`Attempted to read a PyTorch file with version (\d+), but the maximum supported version for reading is (\d+)`),
		rules.FileTooNew, func(m []string, libtorch string) (string, string) {
			return fmt.Sprintf("its file format is version %s, and libtorch %s reads at most version %s", m[1], libtorch, m[2]),
				"build the worker against the server's version of torch, which must be newer: make worker LIBTORCH=…"
		},
	},
	{
		regexp.MustCompile(`Could not run '([^']+)' with arguments from the '((?:\w*)(?:CUDA|HIP|XPU|HPU|XLA|MPS|IPU|VE|Vulkan|Metal|Lazy|MTIA|PrivateUse\d))' backend`),
		rules.DeviceMissing, func(m []string, _ string) (string, string) {
			return fmt.Sprintf("%q runs on %s, which is baked into the model and which this libtorch lacks", clean(m[1], 100), m[2]), deviceHint
		},
	},
	{
		regexp.MustCompile(`this libtorch has no (CUDA here|CUDA device \d+)(?:: |, )([^\n]*)`),
		rules.DeviceMissing, func(m []string, libtorch string) (string, string) {
			return fmt.Sprintf("libtorch %s has no %s: %s", libtorch, m[1], clean(m[2], maxQuote)),
				"test it on the CPU (--device cpu), or on a machine with a GPU and a worker built against a libtorch with CUDA"
		},
	},
	{
		regexp.MustCompile(`cannot open the library ("(?:[^"\\]|\\.)*"): ([^\n]*)`),
		rules.LibraryFailed, func(m []string, libtorch string) (string, string) {
			return fmt.Sprintf("the library %s cannot be loaded: %s", clean(m[1], maxQuote), clean(m[2], maxQuote)),
				fmt.Sprintf("--library takes a library of operators that was built against libtorch %s", libtorch)
		},
	},
	{
		regexp.MustCompile(`Attempting to deserialize object on a (\w+) device|(?:not linked with support for|not compiled with|Cannot initialize) (\w+)|No (CUDA) GPUs are available|Found no (NVIDIA) driver`),
		rules.DeviceMissing, func(m []string, _ string) (string, string) {
			return fmt.Sprintf("it needs the device %s, which this libtorch lacks", strings.Join(m[1:], "")), deviceHint
		},
	},
	{
		regexp.MustCompile(`"([^"]+)" not implemented for '((?:Complex)?Half|BFloat16|Float8\w*|ComplexHalf)'`),
		rules.KernelMissing, func(m []string, libtorch string) (string, string) {
			return fmt.Sprintf("libtorch %s has no %q for %s on the CPU", libtorch, clean(m[1], 100), m[2]),
				"build the worker against a newer libtorch (make worker LIBTORCH=…), or save the model as float32"
		},
	},
	{
		regexp.MustCompile(`Could not run '([^']+)' with arguments from the '((?:Quantized|Sparse|SparseCsr|Mkldnn|Nested)\w+)' backend`),
		rules.KernelMissing, missingKernel,
	},
	{
		regexp.MustCompile(`Didn't find engine for operation (\S+) (\w+)`),
		rules.KernelMissing, missingKernel,
	},
}

const deviceHint = "move the model to the CPU before saving it (model.cpu()), and trace it with CPU inputs"

func missingKernel(m []string, libtorch string) (string, string) {
	return fmt.Sprintf("libtorch %s has no %q for %s here", libtorch, clean(m[1], 100), m[2]),
		"build the worker against the server's libtorch: make worker LIBTORCH=…"
}

// owner is a library that brings the operators and classes of a namespace:
// its name, and the file that --library takes.
type owner struct{ name, file string }

var owners = map[string]owner{
	"torchvision":    {"torchvision", "libtorchvision.so, or torchvision/_C.so of the Python package"},
	"torchaudio":     {"torchaudio", "torchaudio/lib/libtorchaudio.so"},
	"torchtext":      {"torchtext", "torchtext/lib/libtorchtext.so"},
	"sentencepiece":  {"torchtext", "torchtext/lib/libtorchtext.so"},
	"neuron":         {"AWS Neuron (torch-neuron)", "libtorchneuron.so"},
	"neuronx":        {"AWS Neuron (torch-neuronx)", "libtorchneuron.so"},
	"tensorrt":       {"Torch-TensorRT", "libtorchtrt_runtime.so"},
	"torch_tensorrt": {"Torch-TensorRT", "libtorchtrt_runtime.so"},
	"trt":            {"Torch-TensorRT", "libtorchtrt_runtime.so"},
	"torch_ipex":     {"Intel Extension for PyTorch", "libintel-ext-pt-cpu.so"},
	"ipex_prepack":   {"Intel Extension for PyTorch", "libintel-ext-pt-cpu.so"},
	"torch_sparse":   {"torch-sparse", "libtorchsparse.so"},
	"torch_scatter":  {"torch-scatter", "libtorchscatter.so"},
	"torch_cluster":  {"torch-cluster", "libtorchcluster.so"},
	"torch_spline":   {"torch-spline-conv", "libtorchsplineconv.so"},
	"fbgemm":         {"FBGEMM (fbgemm-gpu)", "fbgemm_gpu/fbgemm_gpu_py.so"},
	"detectron2":     {"detectron2", "detectron2/_C.so"},
	"mmdeploy":       {"MMDeploy", "libmmdeploy_torchscript_ops.so"},
	"fairseq":        {"fairseq", ""},
}

// ownerOf is the library that brings a namespace, and how to give it to the
// load test.
func ownerOf(namespace string) (name, hint string) {
	const rest = "the server needs it too; or archive without the load test with --load-test=off"
	o := owners[namespace]
	if o.name == "" {
		o.name = "a library called " + clean(namespace, 100)
	}
	if o.file == "" {
		return o.name, "load the library that has it with --library FILE; " + rest
	}
	return o.name, fmt.Sprintf("load it with --library (%s); %s", o.file, rest)
}

// builtin are the namespaces that libtorch has itself.
var builtin = map[string]bool{
	"aten": true, "prim": true, "prims": true, "quantized": true, "quantized_decomposed": true, "sparse": true,
	"prepacked": true, "mkldnn": true, "mkldnn_prepacked": true, "xnnpack": true, "inductor": true, "onednn": true,
}

func missingOperator(m []string, libtorch string) (string, string) {
	name := clean(m[1]+"::"+m[2], 100)
	if builtin[m[1]] {
		return fmt.Sprintf("libtorch %s has no operator %s", libtorch, name),
			"build the worker against the server's libtorch, which is probably newer: make worker LIBTORCH=…"
	}
	owner, hint := ownerOf(m[1])
	return fmt.Sprintf("it needs the custom operator %s of %s", name, owner), hint
}

func missingClass(m []string, _ string) (string, string) {
	owner, hint := ownerOf(m[1])
	return fmt.Sprintf("it needs the custom class %s.%s of %s", clean(m[1], 100), clean(m[2], 100), owner), hint
}
