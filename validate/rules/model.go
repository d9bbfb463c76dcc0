package rules

// Ids of the rules about the serialized file.
const (
	ModelEmpty          = "model-empty"
	ModelTruncated      = "model-truncated"
	ModelHTML           = "model-html"
	ModelLFSPointer     = "model-lfs-pointer"
	ModelDamaged        = "model-damaged"
	ModelChecksum       = "model-checksum"
	ModelNotTorchScript = "model-not-torchscript"
	ModelKind           = "model-kind"
	ModelNone           = "model-none"
	ModelName           = "model-name"
	ModelUnnamed        = "model-unnamed"
	NoWeights           = "no-weights"
	EagerWeights        = "eager-weights"
	PretrainedFiles     = "pretrained-files"
	ModelTraining       = "model-training"
	ModelDevice         = "model-device"
	ModelFiles          = "model-files"
	ModelStored         = "model-stored"
	ModelLibrary        = "model-library"
	TargetFormat        = "target-format"
	TargetOperator      = "target-operator"
	TargetUnknown       = "target-unknown"
)

var modelRules = []Rule{
	{
		ID: ModelEmpty, Severity: Error,
		Summary:  "the serialized file is empty",
		Example:  `"traced_model.pt" is an empty file: it has no bytes`,
		Preempts: []string{"PytorchStreamReader failed reading zip archive: not a ZIP archive"},
	},
	{
		ID: ModelTruncated, Severity: Error,
		Summary:  "the serialized file is cut off",
		Example:  `"traced_model.pt" is the beginning of a file that PyTorch wrote: its end, where a zip file keeps its list of entries, is missing`,
		Preempts: []string{"PytorchStreamReader failed reading zip archive: failed finding central directory"},
	},
	{
		ID: ModelHTML, Severity: Error,
		Summary:  "the serialized file is a web page",
		Example:  `"traced_model.pt" is an HTML page: a web page was saved in place of the file`,
		Preempts: []string{"PytorchStreamReader failed reading zip archive: not a ZIP archive"},
	},
	{
		ID: ModelLFSPointer, Severity: Error,
		Summary:  "the serialized file is a Git LFS pointer",
		Example:  `"traced_model.pt" is a Git LFS pointer: git lfs pull has not fetched the file itself`,
		Preempts: []string{"PytorchStreamReader failed reading zip archive: not a ZIP archive"},
	},
	{
		ID: ModelDamaged, Severity: Error,
		Summary: "the serialized file contradicts itself, or lacks a part",
		Example: `"traced_model.pt" is a zip file: its central directory points outside of the file`,
		Preempts: []string{
			"PytorchStreamReader failed reading zip archive: invalid header or archive is corrupted",
			"PytorchStreamReader failed locating file data/0: file not found",
			"Unknown type name '__torch__.Net'",
		},
	},
	{
		ID: ModelChecksum, Severity: Error,
		Summary:  "bytes inside the TorchScript file differ from their checksum",
		Example:  `"traced_model.pt" is damaged: the bytes of "traced_model/data/3" do not match their CRC-32`,
		Preempts: []string{"nothing: libtorch loads flipped bits without a word and predicts wrong numbers"},
	},
	{
		ID: ModelNotTorchScript, Severity: Error,
		Summary: "the handler loads TorchScript and the serialized file is something else",
		Example: `"model.pt" is a state_dict saved with torch.save and no TorchScript, and save_mode is "torchscript" in "setup_config.json"`,
		Preempts: []string{
			"PytorchStreamReader failed locating file constants.pkl: file not found",
			"file not found: archive/constants.pkl",
		},
	},
	{
		ID: ModelKind, Severity: Note,
		Summary: "the serialized file is not TorchScript, so it was not load-tested",
		Example: `"model.onnx" is an ONNX model; only TorchScript is load-tested`,
	},
	{
		ID: ModelNone, Severity: Note,
		Summary: "no serialized file was given",
		Example: `no serialized file is given, so nothing is load-tested`,
	},
	{
		ID: ModelUnnamed, Severity: Note,
		Summary: "the archive holds a model that the manifest does not name",
		Example: `the archive holds "model.pt", and its manifest names no serialized file: the handler has to find it by itself`,
	},
	{
		ID: ModelName, Severity: Error,
		Summary:  "the handler can't tell by the serialized file's name how to load it",
		Example:  `the handler "image_classifier" loads TorchScript only from a name that ends in ".pt", and the serialized file is "model.pth"`,
		Preempts: []string{"No model weights could be loaded"},
	},
	{
		ID: NoWeights, Severity: Warning,
		Summary:  "the handler loads the model and will find nothing that it can load",
		Example:  `the handler "image_classifier" loads the model, and neither a serialized file nor a model file is given`,
		Preempts: []string{"No model weights could be loaded"},
	},
	{
		ID: PretrainedFiles, Severity: Warning,
		Summary:  "the handler loads a model of transformers from the archive, and files of it are not there",
		Example:  `save_mode is "pretrained" in "setup_config.json", "handler.py" calls AutoModelForSequenceClassification.from_pretrained of the model's folder in line 70, and the archive has no "config.json"`,
		Preempts: []string{"OSError: /tmp/models/… does not appear to have a file named config.json"},
	},
	{
		ID: EagerWeights, Severity: Error,
		Summary: "the handler loads a state_dict into the model file's class, and the serialized file is none, or one of another class",
		Example: `"model.pt" is a whole module pickled by torch.save, and the handler "image_classifier" loads a state_dict into the class of "model.py"`,
		Preempts: []string{
			"Expected state_dict to be dict-like, got <class '__main__.Net'>",
			"Error(s) in loading state_dict for Net",
		},
	},
	{
		ID: ModelTraining, Severity: Warning,
		Summary:  "the model was saved in training mode, and its trace stays so",
		Example:  `"model.pt" was saved in training mode, and its code keeps batch_norm, dropout as in training, which eval() does not undo`,
		Preempts: []string{"nothing: the predictions are wrong, and differ from request to request"},
	},
	{
		ID: ModelDevice, Severity: Warning,
		Summary: "the model is tied to a device",
		Example: `"model.pt" has the device cuda:0 written into its code; it fails where the worker has another`,
		Preempts: []string{
			"Expected all tensors to be on the same device, but found at least two devices, cuda:0 and cpu!",
			"Input and hidden tensors are not at the same device",
			"Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False",
		},
	},
	{
		ID: ModelStored, Severity: Note,
		Summary:  "the tensors of the model are stored for another device than the CPU",
		Example:  `"model.pt" was saved on cuda:0: torch.jit.load without map_location puts it there, and fails where there is none`,
		Preempts: []string{"Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False"},
	},
	{
		ID: ModelFiles, Severity: Warning,
		Summary:  "the model's code reads or writes files",
		Example:  `the code of "model.pt" calls aten::save: it uses files of the machine that it runs on`,
		Preempts: []string{"nothing: the server's worker reads or writes the file"},
	},
	{
		ID: ModelLibrary, Severity: Warning,
		Summary:  "the model needs a library that its handler does not import",
		Example:  `"model.pt" needs the operators of torchvision, and the handler "handler.py" does not import it`,
		Preempts: []string{"Unknown builtin op: torchvision::nms."},
	},
	{
		ID: TargetFormat, Severity: Error,
		Summary:  "the PyTorch of --target-torch does not read this version of the file format",
		Example:  `"model.pt" has version 10 of the file format, which PyTorch 1.10 does not read and 1.12 and newer do`,
		Preempts: []string{"Attempted to read a PyTorch file with version 10, but the maximum supported version for reading is 9."},
	},
	{
		ID: TargetOperator, Severity: Error,
		Summary:  "the PyTorch of --target-torch lacks an operator of the model",
		Example:  `"model.pt" calls what PyTorch 1.13 lacks: aten::scaled_dot_product_attention (new in 2.0)`,
		Preempts: []string{"Unknown builtin op: aten::scaled_dot_product_attention."},
	},
	{
		ID: TargetUnknown, Severity: Note,
		Summary: "whether the PyTorch of --target-torch loads the model cannot be told",
		Example: `whether PyTorch 2.1 loads "model.pt" cannot be told: no PyTorch from 1.13 to 2.15 has torchvision::nms by itself`,
	},
}
