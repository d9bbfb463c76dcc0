package torchscript

import (
	"fmt"
	"strconv"
	"strings"

	"go-model-archiver/validate/pickle"
)

// The bounds of a walk over data.pkl: how deep modules may lie in each other,
// and how many bytes the names of all tensors may have.
const (
	maxDepth     = 128
	maxNameBytes = 8 << 20
)

// torchClasses is where libtorch puts classes that are written in C++.
const torchClasses = "__torch__.torch.classes."

// tree collects what the objects of data.pkl and constants.pkl hold.
type tree struct {
	classes  map[string]*class
	class    string
	training bool
	tensors  []Tensor
	devices  set
	customs  set
	// undefined are classes of TorchScript that no code defines.
	undefined set

	folder    string                 // of the storages
	visited   map[pickle.Value]bool  // objects and containers
	places    map[*pickle.Object]int // tensors by what made them
	storages  map[string]string      // the first tensor in each
	nameBytes int
}

func newTree(classes map[string]*class) *tree {
	return &tree{
		classes: classes, devices: set{}, customs: set{}, undefined: set{},
		visited: map[pickle.Value]bool{}, places: map[*pickle.Object]int{}, storages: map[string]string{},
	}
}

// readData reads the root module from data.pkl and the constants.
func (t *tree) readData(dir zipDirectory, recs *records) error {
	v, err := loadEntry(dir, *recs.data)
	if err != nil {
		return err
	}
	root, ok := v.(*pickle.Object)
	if !ok {
		return fmt.Errorf("entry %q does not hold a module", recs.data.name)
	}
	t.class = className(root)
	if state, ok := root.State.(*pickle.Dict); ok {
		training, _ := state.Get("training")
		t.training = training == true
	}
	t.folder = "data/"
	if err := t.object("", root, Attribute, 0); err != nil {
		return err
	}
	if v, err = loadEntry(dir, *recs.constants); err != nil {
		return err
	}
	t.folder = "constants/"
	constants, _ := v.(pickle.Tuple)
	for i, c := range constants {
		if err := t.value("CONSTANTS.c"+strconv.Itoa(i), c, Constant, 0); err != nil {
			return err
		}
	}
	return nil
}

// loadEntry reads the pickle in an entry.
func loadEntry(dir zipDirectory, e zipEntry) (pickle.Value, error) {
	r, err := dir.open(e)
	if err != nil {
		return nil, err
	}
	v, err := pickle.Load(r, pickle.DefaultMemory)
	if err != nil {
		return nil, fmt.Errorf("entry %q: %w", e.name, err)
	}
	return v, nil
}

// className returns the qualified name of an object's class, or "".
func className(o *pickle.Object) string {
	g, ok := o.Class()
	if !ok {
		return ""
	}
	return g.String()
}

// value looks at anything that an attribute may hold; role is what it is there.
func (t *tree) value(name string, v pickle.Value, role Role, depth int) error {
	if depth > maxDepth {
		return fmt.Errorf("attribute %q lies deeper than %d levels", tail(name), maxDepth)
	}
	switch v := v.(type) {
	case *pickle.Object:
		if isRebuilt(v) {
			return t.tensor(name, v, role)
		}
		if container, ok := untagged(v); ok {
			return t.value(name, container, role, depth+1)
		}
		return t.object(name, v, role, depth)
	case pickle.Tuple:
		return t.items(name, v, role, depth)
	case *pickle.List:
		if t.visit(v) {
			return t.items(name, v.Items, role, depth)
		}
	case *pickle.Dict:
		if t.visit(v) {
			return t.pairs(name, v.Pairs, role, depth)
		}
	}
	return nil
}

// untagged returns the list or dict that is written as a call which gives it
// its type.
func untagged(o *pickle.Object) (pickle.Value, bool) {
	class, _ := o.Class()
	args, _ := o.Args.(pickle.Tuple)
	if class.Module != "torch.jit._pickle" || len(args) == 0 {
		return nil, false
	}
	return args[0], true
}

// visit reports whether a container is met for the first time.
func (t *tree) visit(v pickle.Value) bool {
	if t.visited[v] {
		return false
	}
	t.visited[v] = true
	return true
}

func (t *tree) items(name string, items []pickle.Value, role Role, depth int) error {
	for i, v := range items {
		if !interesting(v) {
			continue
		}
		if err := t.child(name, strconv.Itoa(i), v, role, depth); err != nil {
			return err
		}
	}
	return nil
}

func (t *tree) pairs(name string, pairs []pickle.Pair, role Role, depth int) error {
	for _, p := range pairs {
		if !interesting(p.Value) {
			continue
		}
		if err := t.child(name, fmt.Sprint(keyText(p.Key)), p.Value, role, depth); err != nil {
			return err
		}
	}
	return nil
}

// keyText returns what a key adds to a name.
func keyText(key pickle.Value) any {
	switch key.(type) {
	case string, int64, bool, float64:
		return key
	}
	return "?"
}

// interesting reports whether tensors may lie below a value.
func interesting(v pickle.Value) bool {
	switch v := v.(type) {
	case *pickle.Object, *pickle.List, *pickle.Dict:
		return true
	case pickle.Tuple:
		return len(v) > 0
	}
	return false
}

// child looks at an attribute or item of what has a name.
func (t *tree) child(name, key string, v pickle.Value, role Role, depth int) error {
	if name != "" {
		key = name + "." + key
	}
	if t.nameBytes += len(key); t.nameBytes > maxNameBytes {
		return fmt.Errorf("the names of its tensors have more than %d bytes", maxNameBytes)
	}
	return t.value(key, v, role, depth+1)
}

// object looks at the attributes of a module or of any other object. Its
// tensors come before its submodules, as in named_parameters.
func (t *tree) object(name string, o *pickle.Object, role Role, depth int) error {
	if !t.visit(o) {
		return nil
	}
	class := className(o)
	switch {
	case strings.HasPrefix(class, torchClasses):
		t.customs.add(class)
	case strings.HasPrefix(class, "__torch__.") && t.classes[class] == nil:
		t.undefined.add(class)
	}
	if class == "torch.device" {
		t.device(o)
	}
	state, ok := o.State.(*pickle.Dict)
	if !ok || role == Constant {
		for _, v := range []pickle.Value{o.Args, o.State} {
			if err := t.value(name, v, role, depth+1); err != nil {
				return err
			}
		}
		return t.pairs(name, o.Pairs, role, depth)
	}
	info := t.classes[class]
	for _, tensors := range []bool{true, false} {
		for _, p := range state.Pairs {
			key, ok := p.Key.(string)
			if !ok || !interesting(p.Value) || isTensor(p.Value) != tensors {
				continue
			}
			if err := t.child(name, key, p.Value, info.role(key), depth); err != nil {
				return err
			}
		}
	}
	return nil
}

// device notes the device that an attribute holds.
func (t *tree) device(o *pickle.Object) {
	args, _ := o.Args.(pickle.Tuple)
	if len(args) == 1 {
		name, _ := args[0].(string)
		t.devices.add(name)
	}
}

// tensor notes a tensor, or one more name of it.
func (t *tree) tensor(name string, o *pickle.Object, role Role) error {
	if i, ok := t.places[o]; ok {
		t.tensors[i].Aliases = append(t.tensors[i].Aliases, name)
		return nil
	}
	found, ok := rebuilt(o)
	if !ok {
		class, _ := o.Class()
		return fmt.Errorf("tensor %q is made by %q in a way that is not known", tail(name), class)
	}
	found.Name, found.Role = name, role
	if found.Device != "meta" {
		found.Storage = t.folder + found.Storage
		if first, ok := t.storages[found.Storage]; ok {
			found.Shared = first
		} else {
			t.storages[found.Storage] = name
		}
	}
	t.places[o] = len(t.tensors)
	t.tensors = append(t.tensors, found)
	return nil
}

// tail shortens a name for a message.
func tail(name string) string { return name[max(0, len(name)-100):] }

// missingStorages returns the storages that tensors need and the zip has not.
func missingStorages(dir zipDirectory, root string, tensors []Tensor) ([]string, error) {
	missing := map[string]bool{}
	for _, t := range tensors {
		if t.Storage != "" {
			missing[t.Storage] = true
		}
	}
	err := dir.walk(func(e zipEntry) error {
		if rel, ok := strings.CutPrefix(e.name, root+"/"); ok {
			delete(missing, rel)
		}
		return nil
	})
	return sorted(missing), err
}
