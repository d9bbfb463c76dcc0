package validate

import (
	"fmt"
	"slices"
	"strings"

	"go-model-archiver/validate/pysource"
	"go-model-archiver/validate/rules"
)

// brought are the modules, beyond the standard library, that a server with
// TorchServe 0.12 and what its own instructions install has.
var brought = []string{
	"ts", "torch", "torchvision", "torchaudio", "torchtext", "numpy", "PIL", "psutil", "packaging", "yaml", "requests",
	"captum", "pynvml", "setuptools", "pkg_resources", "typing_extensions",
}

// distributions are the names of packages whose modules are called otherwise.
var distributions = map[string][]string{
	"sklearn": {"scikit-learn"}, "cv2": {"opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless"},
	"skimage": {"scikit-image"}, "bs4": {"beautifulsoup4"}, "faiss": {"faiss-cpu", "faiss-gpu"}, "dateutil": {"python-dateutil"},
	"google": {"protobuf"}, "grpc": {"grpcio"}, "onnxruntime": {"onnxruntime-gpu"}, "tensorrt_llm": {"tensorrt-llm"},
	"intel_extension_for_pytorch": {"intel-extension-for-pytorch"}, "nvidia": {"nvidia-dali-cuda110", "nvidia-dali-cuda120"},
	"mii": {"deepspeed-mii"}, "llama_cpp": {"llama-cpp-python"}, "pippy": {"torchpippy"}, "lru": {"lru-dict"},
	"fairseq": {"fairseq"}, "dotenv": {"python-dotenv"}, "jwt": {"pyjwt"}, "OpenSSL": {"pyopenssl"}, "Crypto": {"pycryptodome"},
	"magic": {"python-magic"}, "attr": {"attrs"}, "fitz": {"pymupdf"}, "librosa": {"librosa"}, "umap": {"umap-learn"},
}

// maxImports bounds how many imports are looked up in the archive.
const maxImports = 1_000

// checkImports notes the modules that the handler surely imports and that
// nothing brings along.
func (c *Check) checkImports(requirements *requirements) {
	h := c.handler
	if h == nil || !h.Complete {
		return
	}
	c.checkRelativeImports()
	if requirements != nil && requirements.open {
		return
	}
	var unknown []string
	for _, i := range h.Imports[:min(len(h.Imports), maxImports)] {
		top, _, _ := strings.Cut(i.Module, ".")
		if i.Conditional || i.Level > 0 || i.Function != "" || slices.Contains(unknown, top) || c.brings(i, top) {
			continue
		}
		if requirements == nil || !requirements.bring(top) {
			unknown = append(unknown, top)
		}
	}
	if len(unknown) == 0 {
		return
	}
	where, hint := "neither TorchServe nor the archive brings", "list it in a requirements file (-r), or install it on the server"
	if requirements != nil {
		where = fmt.Sprintf("neither TorchServe nor the archive nor %q brings", requirements.name)
	}
	names := strings.Join(unknown[:min(len(unknown), 2*maxNamed)], ", ")
	if more := len(unknown) - 2*maxNamed; more > 0 {
		names += fmt.Sprintf(" and %d more", more)
	}
	c.add(rules.HandlerImports, h.name,
		fmt.Sprintf("%q imports %s, which %s along", h.name, names, where), hint)
}

// checkRelativeImports finds an import that surely fails: of a handler whose
// own import failed, TorchServe looks for one of its own of the same name.
func (c *Check) checkRelativeImports() {
	h, module := c.handler, moduleName(c.subject.Manifest.Model.Handler)
	i := slices.IndexFunc(h.Imports, func(i pysource.Import) bool { return i.Level > 0 && !i.Conditional && i.Function == "" })
	if i < 0 || loaders[module] != "" || slices.Contains(torchServeHandlers, module) {
		return
	}
	from := strings.Repeat(".", h.Imports[i].Level) + h.Imports[i].Module
	c.add(rules.HandlerRelativeImport, h.name,
		fmt.Sprintf("%q has \"from %s import …\" in line %d, and TorchServe imports the handler as a module without a package", h.name, from, h.Imports[i].Line),
		fmt.Sprintf("import it by its name: packed files stand beside %q", h.name))
}

// brings says that a module is there without a requirements file.
func (c *Check) brings(i pysource.Import, top string) bool {
	if pysource.IsStandardLibrary(top) || slices.Contains(brought, top) {
		return true
	}
	inside := strings.ReplaceAll(i.Module, ".", "/")
	for _, name := range []string{
		top + ".py", top + "/__init__.py", top + ".so", top + ".pyc", inside + ".py", inside + "/__init__.py", inside + "/" + i.Name + ".py",
	} {
		if c.subject.has(name) {
			return true
		}
	}
	return slices.ContainsFunc(c.subject.Entries, func(e Entry) bool {
		return strings.HasPrefix(e.Name, top+"/") || strings.HasPrefix(e.Name, top+".")
	})
}
