package torchscript

import (
	"compress/flate"
	"errors"
	"io"
	"strings"

	"go-model-archiver/validate/pickle"
)

// zip tells what a file that starts as a zip does is.
func (f file) zip() (Identity, bool, error) {
	if !f.hasPrefix(localSignature) && !f.hasPrefix(endSignature) {
		return Identity{}, false, nil
	}
	dir, err := findDirectory(f.r, f.size)
	if errors.Is(err, errNoDirectory) {
		id := identity(Zip).damaged(DamageTruncated, "its end, where a zip file keeps its list of entries, is missing")
		if strings.Contains(string(f.head), "/data.pkl") || strings.Contains(string(f.head), "/constants.pkl") ||
			strings.Contains(string(f.head), "/data/") || strings.Contains(string(f.head), "/code/") {
			id.Words = "the beginning of a file that PyTorch wrote"
		}
		return id, true, nil
	}
	c := contents{}
	if err == nil {
		err = dir.walk(c.add)
	}
	switch {
	case errors.Is(err, errBrokenZip):
		return identity(Zip).damaged(DamageBroken, err.Error()), true, nil
	case err != nil:
		return Identity{}, false, err
	}
	id, err := c.identify(dir)
	return id, true, err
}

// contents is what the names of a zip's entries tell.
type contents struct {
	root  string // of the first entry, as in libtorch
	first string
	has   map[string]bool
	data  zipEntry
	count int
}

// telling are the entries, below the root folder, that tell what a zip is.
var telling = map[string]bool{
	"data.pkl": true, "constants.pkl": true, "bytecode.pkl": true, "model.json": true,
	"version": true, "archive_format": true, ".data/extern_modules": true,
	"serialized_exported_program.json": true,
}

// telling at the top, in zips that have no root folder.
var tellingTop = map[string]bool{
	"serialized_exported_program.json": true, "MAR-INF/MANIFEST.json": true, "archive_format": true,
}

func (c *contents) add(e zipEntry) error {
	if c.count == 0 {
		c.first = e.name
		if i := strings.IndexByte(e.name, '/'); i >= 0 {
			c.root = e.name[:i]
		}
		c.has = map[string]bool{}
	}
	c.count++
	if tellingTop[e.name] {
		c.has["/"+e.name] = true
	}
	rel, ok := strings.CutPrefix(e.name, c.root+"/")
	switch {
	case !ok:
	case telling[rel]:
		c.has[rel] = true
		if rel == "data.pkl" {
			c.data = e
		}
	case strings.HasPrefix(rel, "data/aotinductor/"):
		c.has["aotinductor"] = true
	case strings.HasPrefix(rel, "models/"):
		c.has["models"] = true
	}
	return nil
}

func (c *contents) identify(dir zipDirectory) (Identity, error) {
	has := c.has
	switch {
	case has["archive_format"] && has["aotinductor"] && !has["models"]:
		return identity(Compiled), nil
	case has["archive_format"], has["/archive_format"], has["/serialized_exported_program.json"], has["serialized_exported_program.json"]:
		return identity(Export), nil
	case has["bytecode.pkl"]:
		id := identity(Mobile)
		id.Loadable = has["data.pkl"] && has["constants.pkl"]
		return id, nil
	case has["data.pkl"] && has["constants.pkl"], has["model.json"] && has["version"]:
		return identity(TorchScript), nil
	case has[".data/extern_modules"]:
		return identity(Package), nil
	case has["data.pkl"]:
		return c.saved(dir)
	case has["/MAR-INF/MANIFEST.json"]:
		return identity(Archive), nil
	}
	id := identity(Zip)
	if strings.HasSuffix(c.first, ".npy") && !strings.Contains(c.first, "/") {
		id.Kind, id.Words = OtherModel, "NumPy arrays (.npz)"
	}
	return id, nil
}

// saved tells what torch.save wrote from its pickle.
func (c *contents) saved(dir zipDirectory) (Identity, error) {
	r, err := dir.open(c.data)
	if errors.Is(err, errBrokenZip) {
		return identity(Checkpoint).damaged(DamageBroken, err.Error()), nil
	}
	if err != nil {
		return Identity{}, err
	}
	v, err := pickle.Load(r, identifyMemory)
	if err != nil && !isFormatError(err) {
		return Identity{}, err
	}
	id := identity(savedKind(v))
	id.State = stateOf(v)
	return id, nil
}

// identifyMemory bounds the values of a pickle that only has to be told apart.
const identifyMemory = 6 << 20

// isFormatError reports whether the error is about the bytes, not about
// reading them.
func isFormatError(err error) bool {
	return errors.Is(err, pickle.ErrMalformed) || errors.Is(err, pickle.ErrTooLarge) ||
		errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) ||
		errors.Is(err, errBrokenZip) || isCorrupt(err)
}

// isCorrupt reports whether compressed bytes are wrong.
func isCorrupt(err error) bool {
	var corrupt flate.CorruptInputError
	return errors.As(err, &corrupt)
}

// savedKind tells apart what torch.save was given.
func savedKind(v pickle.Value) Kind {
	pairs, isMapping := mapping(v)
	if o, ok := v.(*pickle.Object); ok && !isMapping {
		class, known := classOf(o)
		if _, ok := moduleState(o); ok && known && !isTensorMaker(class) {
			return Module
		}
	}
	if len(pairs) == 0 {
		return Checkpoint
	}
	for _, p := range pairs {
		if _, ok := p.Key.(string); !ok || !isTensor(p.Value) {
			return Checkpoint
		}
	}
	return StateDict
}

// classOf returns the class of an object. Before PyTorch 1.6, that of a module
// was a reference that held its source code too.
func classOf(o *pickle.Object) (pickle.Global, bool) {
	if ref, ok := o.Callable.(pickle.Persistent); ok {
		id, _ := ref.ID.(pickle.Tuple)
		if len(id) < 2 || id[0] != "module" {
			return pickle.Global{}, false
		}
		g, ok := id[1].(pickle.Global)
		return g, ok
	}
	return o.Class()
}

// moduleState returns the state of an object that is an nn.Module, known by
// the dicts that every module has.
func moduleState(o *pickle.Object) (*pickle.Dict, bool) {
	state, ok := o.State.(*pickle.Dict)
	if !ok {
		return nil, false
	}
	_, parameters := state.Get("_parameters")
	_, modules := state.Get("_modules")
	return state, parameters && modules
}

func isTensor(v pickle.Value) bool {
	o, ok := v.(*pickle.Object)
	if !ok {
		return false
	}
	class, ok := o.Class()
	return ok && isTensorMaker(class)
}

// isTensorMaker reports whether a global is one of the functions through which
// PyTorch pickles tensors and parameters.
func isTensorMaker(g pickle.Global) bool {
	return (g.Module == "torch._utils" || g.Module == "torch._tensor") && strings.HasPrefix(g.Name, "_rebuild_")
}
