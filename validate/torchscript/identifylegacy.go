package torchscript

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"slices"

	"go-model-archiver/validate/pickle"
)

// legacyMagic is how a file that torch.save wrote before PyTorch 1.6 starts:
// a pickle of the number 0x1950a86a20f9469cfc6c.
const legacyMagic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."

// legacyPickle tells what such a file holds: after the magic number come
// pickles of the protocol's version, of facts about the system, of the object
// and of the storages' keys, then the storages.
func (f file) legacyPickle() (Identity, bool, error) {
	if !f.hasPrefix(legacyMagic) {
		return Identity{}, false, nil
	}
	d := pickle.NewDecoder(io.NewSectionReader(f.r, 0, f.size), identifyMemory)
	sizes := map[string]int64{}
	d.Referred = func(id pickle.Value) {
		if key, size, ok := legacyStorage(id); ok {
			sizes[key] = size
		}
	}
	kind, state := Checkpoint, State{}
	for i := range 5 {
		v, err := d.Next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return legacy(kind).damaged(DamageTruncated, "it ends within its pickles"), true, nil
		case errors.Is(err, pickle.ErrMalformed), errors.Is(err, pickle.ErrTooLarge):
			return legacy(kind), true, nil
		case err != nil:
			return Identity{}, false, err
		}
		if i == 3 {
			kind, state = savedKind(v), stateOf(v)
		}
	}
	need := int64(0)
	for _, size := range sizes {
		need += size
	}
	if have := f.size - d.Offset(); have < need {
		return legacy(kind).damaged(DamageTruncated, fmt.Sprintf("its tensors need %d bytes, and %d are there", need, have)), true, nil
	}
	id := legacy(kind)
	id.State = state
	return id, true, nil
}

// maxLegacyStorage is more bytes than any storage has.
const maxLegacyStorage = 1 << 44

// legacyStorage returns the key of a storage and how many bytes it takes in the
// file, its count of elements included.
func legacyStorage(id pickle.Value) (key string, size int64, ok bool) {
	t, kind, ok := stored(pickle.Persistent{ID: id})
	if !ok {
		return "", 0, false
	}
	n, ok := id.(pickle.Tuple)[4].(int64)
	if !ok || n < 0 || n > maxLegacyStorage/kind.size {
		return "", 0, false
	}
	return t.Storage, 8 + n*kind.size, true
}

func legacy(k Kind) Identity {
	id := identity(k)
	id.Legacy = true
	id.Words += " in its format from before PyTorch 1.6"
	return id
}

// tarEntries bounds how many entries of a tar file are looked at.
const tarEntries = 64

// The tar files that torch.save wrote before PyTorch 0.1.10 start with what
// tells of the system, and all of legacyTar follow.
const legacyTarStart = "sys_info"

var legacyTar = []string{"pickle", "storages", "tensors"}

// identifyTar tells such a tar file from others.
func identifyTar(r io.ReadSeeker) (Identity, bool, error) {
	found, cut, err := tarNames(r)
	if err != nil {
		return Identity{}, false, err
	}
	id := identity(Tar)
	missing := slices.DeleteFunc(slices.Clone(legacyTar), func(name string) bool { return found[name] })
	if len(missing) == 0 || len(missing) < len(legacyTar) && found[legacyTarStart] {
		id = identity(Checkpoint)
		id.Legacy = true
		id.Words = "a checkpoint in PyTorch's tar format from before 0.1.10"
	}
	switch {
	case cut:
		return id.damaged(DamageTruncated, "it ends within one of its entries"), true, nil
	case len(missing) > 0 && id.Legacy:
		return id.damaged(DamageTruncated, fmt.Sprintf("it ends before its entry %q", missing[0])), true, nil
	}
	return id, true, nil
}

// tarNames returns the names of a tar's first entries, and whether its end is
// missing.
func tarNames(r io.ReadSeeker) (found map[string]bool, cut bool, err error) {
	found = map[string]bool{}
	tr := tar.NewReader(r)
	for range tarEntries {
		h, err := tr.Next()
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, tar.ErrHeader):
			return found, false, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			return found, true, nil
		case err != nil:
			return nil, false, err
		}
		if h.Name == legacyTarStart || slices.Contains(legacyTar, h.Name) {
			found[h.Name] = true
		}
	}
	return found, false, nil
}

// pickle knows a pickle of protocol 2 or newer by its first opcodes.
func (f file) pickle() (Identity, bool, error) {
	if len(f.head) < 4 || f.head[0] != 0x80 || f.head[1] < 2 || f.head[1] > 5 {
		return Identity{}, false, nil
	}
	if !pickle.LooksLike(f.head, int64(len(f.head)) == f.size) {
		return Identity{}, false, nil
	}
	return identity(Pickle), true, nil
}
