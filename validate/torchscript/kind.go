package torchscript

// Kind says what a file really is, whatever its name says.
type Kind string

// The kinds that Identify tells apart.
const (
	// TorchScript is what torch.jit.save writes.
	TorchScript Kind = "torchscript"
	// Mobile is TorchScript for the lite interpreter (.ptl).
	Mobile Kind = "mobile"
	// StateDict, Module and Checkpoint are what torch.save writes of a
	// state_dict, a whole module and anything else.
	StateDict  Kind = "state-dict"
	Module     Kind = "module"
	Checkpoint Kind = "checkpoint"
	// Package is what torch.package writes.
	Package Kind = "torch-package"
	// Export is a program of torch.export, Compiled one of AOTInductor.
	Export   Kind = "export"
	Compiled Kind = "aotinductor"
	// Pickle is a pickle that torch.save did not write.
	Pickle Kind = "pickle"

	ONNX          Kind = "onnx"
	SafeTensors   Kind = "safetensors"
	TensorRT      Kind = "tensorrt"
	SharedLibrary Kind = "shared-library"
	OtherModel    Kind = "other-model"

	Archive    Kind = "model-archive"
	Zip        Kind = "zip"
	Gzip       Kind = "gzip"
	Tar        Kind = "tar"
	Compressed Kind = "compressed"

	HTML       Kind = "html"
	XML        Kind = "xml"
	JSON       Kind = "json"
	Text       Kind = "text"
	LFSPointer Kind = "lfs-pointer"
	Empty      Kind = "empty"
	Unknown    Kind = "unknown"
)

// words says what a file of a kind is, where nothing more is known.
var words = map[Kind]string{
	TorchScript:   "a TorchScript model",
	Mobile:        "a TorchScript model for PyTorch's lite interpreter",
	StateDict:     "a state_dict saved with torch.save",
	Module:        "a whole module pickled by torch.save",
	Checkpoint:    "a checkpoint saved with torch.save",
	Package:       "a package written by torch.package",
	Export:        "a program exported by torch.export",
	Compiled:      "a model compiled by AOTInductor",
	Pickle:        "a Python pickle",
	ONNX:          "an ONNX model",
	SafeTensors:   "weights in safetensors format",
	TensorRT:      "a TensorRT engine",
	SharedLibrary: "a shared library",
	Archive:       "a model archive (.mar)",
	Zip:           "a zip file",
	Gzip:          "a gzip file",
	Tar:           "a tar file",
	HTML:          "an HTML page",
	XML:           "an XML file",
	JSON:          "a JSON file",
	Text:          "a text file",
	LFSPointer:    "a Git LFS pointer",
	Empty:         "an empty file",
	Unknown:       "a file of unknown format",
}

// Damage says why a file is of no use to any handler.
type Damage string

// The kinds of damage; NoDamage is also what an unknown file has.
const (
	NoDamage Damage = ""
	// DamageEmpty: the file has no bytes.
	DamageEmpty Damage = "empty"
	// DamageTruncated: the end of the file is missing.
	DamageTruncated Damage = "truncated"
	// DamageWebPage: an error or login page was saved in place of the file.
	DamageWebPage Damage = "web-page"
	// DamageLFSPointer: the file stands for one that git lfs did not fetch.
	DamageLFSPointer Damage = "lfs-pointer"
	// DamageBroken: the file contradicts itself, or lacks a part.
	DamageBroken Damage = "broken"
)

// Identity is what a file really is.
type Identity struct {
	Kind   Kind
	Damage Damage
	// Legacy is set for files in the formats of torch.save before
	// PyTorch 1.6: a pickle or a tar file.
	Legacy bool
	// Loadable is set where torch.jit.load takes the file.
	Loadable bool
	// Words says what the file is, with an article: "a state_dict saved
	// with torch.save".
	Words string
	// State tells of what torch.save wrote whether it can be a module's.
	State State
	// Detail says what is wrong with a damaged file, or is empty: "the
	// central directory at its end is missing".
	Detail string
}

// Damaged reports whether the file is of no use to any handler.
func (i Identity) Damaged() bool { return i.Damage != NoDamage }

// Broken is what Identify could not see, which looks at little of a file: it
// is of no use after all, for the reason that detail gives.
func (i Identity) Broken(detail string) Identity { return i.damaged(DamageBroken, detail) }

// identity is an undamaged file of a kind.
func identity(k Kind) Identity {
	return Identity{Kind: k, Words: words[k], Loadable: k == TorchScript}
}

// damaged says that the file is of no use.
func (i Identity) damaged(d Damage, detail string) Identity {
	i.Damage, i.Detail, i.Loadable = d, detail, false
	return i
}
