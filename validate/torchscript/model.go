package torchscript

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
)

// ErrNotTorchScript is wrapped by Open's error for other files; Identify says
// what they are.
var ErrNotTorchScript = errors.New("not a TorchScript file")

// Model is what a TorchScript file holds.
type Model struct {
	// Root is the folder in which all entries of the file lie.
	Root string
	// FormatVersion is the file format's version, and MinPyTorch the oldest
	// PyTorch release that reads it, such as "1.6", or "" where the version
	// is newer than this program knows.
	FormatVersion int
	MinPyTorch    string
	// ByteOrder is "little" or "big", or "" where the file does not say
	// (before PyTorch 2.1).
	ByteOrder string
	// Class is the qualified name of the root module's class.
	Class string
	// Forward is the method that load tests and handlers run, or nil.
	Forward *Method
	// Methods are all methods of the root module's class, forward included.
	Methods []Method
	// Tensors are those of the root module and its submodules in the order
	// of its attributes, then the constants of the code.
	Tensors []Tensor
	// Training is set where the root module was saved in training mode; a
	// module with a __getstate__ of its own does not tell.
	Training bool
	// TrainingOperators are those, such as "aten::dropout", that the code
	// lets compute as in training whatever mode the module is in: tracing
	// writes the mode down.
	TrainingOperators []string
	// CodeDevices are the devices that the code names, such as "cuda:0",
	// which tracing writes down, and "cuda" where it calls cuda().
	CodeDevices []string
	// Operators are the operators that the code calls, such as "aten::add",
	// without overloads. Those that code writes as Python does, such as
	// indexing and conversions to int, are left out.
	Operators []string
	// Keywords are the arguments that the code gives to operators by name,
	// such as "aten::add(alpha)".
	Keywords []string
	// CustomClasses are the C++ classes that the code or the data need,
	// such as "__torch__.torch.classes.tensorrt.Engine".
	CustomClasses []string
	// MissingStorages are the entries that tensors need and the file lacks;
	// libtorch refuses such a file.
	MissingStorages []string
	// MissingClasses are those of the module and of what it holds that the
	// code does not define; libtorch refuses them too.
	MissingClasses []string
	// Size is that of the file, DebugSize that of its debug files.
	Size, DebugSize int64

	dir  zipDirectory
	code []zipEntry
}

// Method is a method of a module's class.
type Method struct {
	Name string
	// Arguments are those after self.
	Arguments []protocol.Argument
	// Returns is the type of the result, as TorchScript writes it.
	Returns string
}

// Role says what a tensor is to its module.
type Role string

// The roles of a tensor.
const (
	Parameter Role = "parameter"
	Buffer    Role = "buffer"
	// Attribute is a tensor in any other attribute, such as a list or an
	// object of a C++ class.
	Attribute Role = "attribute"
	// Constant is a tensor that the code holds: those of frozen models.
	Constant Role = "constant"
)

// Tensor is a tensor that is stored in the file.
type Tensor struct {
	// Name is the path of attributes from the root module, as in
	// named_parameters, or for a constant its name in the code.
	Name   string
	Role   Role
	DType  string // without "torch.", such as "float32"
	Shape  []int64
	Device string // such as "cpu" or "cuda:0"
	// Elements is the product of the shape, Bytes what they take.
	Elements, Bytes int64
	// Storage is the entry that holds the elements, below the root folder;
	// Shared is the name of an earlier tensor in the same one, or "".
	Storage string
	Shared  string
	// Aliases are other attributes that are this very tensor.
	Aliases []string
}

// MissingRecord is the error that a record is not there which libtorch needs.
type MissingRecord string

func (m MissingRecord) Error() string { return fmt.Sprintf("the file has no %s", string(m)) }

// Open reads the TorchScript file of a size, all but its tensors' elements. The
// error wraps ErrNotTorchScript, says what is wrong with the file, or is one of
// reading.
func Open(r io.ReaderAt, size int64) (*Model, error) {
	m, err := open(r, size)
	if err == nil {
		return m, nil
	}
	if errors.Is(err, errNoDirectory) || errors.As(err, new(MissingRecord)) {
		return nil, fmt.Errorf("%w: %w", ErrNotTorchScript, err)
	}
	return nil, fmt.Errorf("read TorchScript: %w", err)
}

func open(r io.ReaderAt, size int64) (*Model, error) {
	dir, err := findDirectory(r, size)
	if err != nil {
		return nil, err
	}
	recs, err := readRecords(dir)
	if err != nil {
		return nil, err
	}
	m := &Model{Root: recs.root, Size: size, DebugSize: recs.debugSize, dir: dir, code: recs.code}
	if err := m.readVersion(recs); err != nil {
		return nil, err
	}
	scan, err := m.scanCode()
	if err != nil {
		return nil, err
	}
	tree := newTree(scan.classes)
	if err := tree.readData(dir, recs); err != nil {
		return nil, err
	}
	m.Class, m.Training, m.Tensors = tree.class, tree.training, tree.tensors
	if m.MissingStorages, err = missingStorages(dir, m.Root, m.Tensors); err != nil {
		return nil, err
	}
	m.MissingClasses = sorted(tree.undefined)
	m.TrainingOperators = sorted(scan.training)
	m.CodeDevices = sorted(scan.devices, tree.devices)
	m.Operators = sorted(scan.operators)
	m.Keywords = sorted(scan.keywords)
	m.CustomClasses = sorted(scan.customs, tree.customs)
	m.Methods, err = m.readMethods()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(m.Methods, func(f Method) bool { return f.Name == "forward" }); i >= 0 {
		m.Forward = &m.Methods[i]
	}
	return m, nil
}

// Namespaces returns those of the operators that do not come with PyTorch's
// core, such as "torchvision".
func (m *Model) Namespaces() []string {
	found := set{}
	for _, op := range m.Operators {
		if ns, _, ok := strings.Cut(op, "::"); ok && !coreNamespaces[ns] {
			found[ns] = true
		}
	}
	return sorted(found)
}

// coreNamespaces are those of libtorch itself.
var coreNamespaces = map[string]bool{
	"aten": true, "prim": true, "prims": true, "quantized": true, "_quantized": true,
	"inductor": true, "sparse": true, "mkldnn": true, "mkldnn_prepacked": true,
	"mkl": true, "xnnpack": true, "prepacked": true, "metal": true, "metal_prepacked": true,
	"vulkan": true, "vulkan_prepack": true, "rngprim": true, "static_runtime": true,
	"cuda": true, "profiler": true, "debugprims": true, "onednn": true, "c10d": true,
	"c10d_functional": true, "_c10d_functional": true, "symm_mem": true, "cudnn": true,
}

// Devices returns the devices of the tensors, sorted.
func (m *Model) Devices() []string {
	found := set{}
	for _, t := range m.Tensors {
		found[t.Device] = true
	}
	return sorted(found)
}

// Embedding returns the first parameter whose name ends in one of the given
// names, such as "position_embeddings.weight", at a dot or as a whole, and
// which has two dimensions: rows by width.
func (m *Model) Embedding(names ...string) (Tensor, bool) {
	for _, t := range m.Tensors {
		if t.Role != Parameter || len(t.Shape) != 2 {
			continue
		}
		for _, name := range append(t.Aliases[:len(t.Aliases):len(t.Aliases)], t.Name) {
			for _, want := range names {
				if name == want || strings.HasSuffix(name, "."+want) {
					return t, true
				}
			}
		}
	}
	return Tensor{}, false
}

// The names that Hugging Face's models and others like them give to their
// embeddings, for use with Embedding.
var (
	PositionEmbeddings = []string{"position_embeddings.weight", "embed_positions.weight", "wpe.weight"}
	WordEmbeddings     = []string{"word_embeddings.weight", "embed_tokens.weight", "wte.weight", "shared.weight"}
)

// CodeFiles returns the names of the files with the model's code, below the
// root folder.
func (m *Model) CodeFiles() []string {
	names := make([]string, len(m.code))
	for i, e := range m.code {
		names[i] = strings.TrimPrefix(e.name, m.Root+"/")
	}
	return names
}

// Code opens the i-th of CodeFiles. The text ends after its declared size at
// most, which may be large: read it as a stream.
func (m *Model) Code(i int) (io.Reader, error) { return m.dir.open(m.code[i]) }

// set is a set of words.
type set map[string]bool

// maxSet bounds how many names of a kind a model may use.
const maxSet = 10_000

// add adds a word that is neither empty nor long, as long as there is room.
func (s set) add(word string) {
	if len(word) > 0 && len(word) <= 256 && len(s) < maxSet {
		s[word] = true
	}
}

// sorted returns what is in any of the sets.
func sorted(sets ...set) []string {
	var words []string
	for _, s := range sets {
		for word := range s {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}
