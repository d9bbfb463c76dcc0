// Package torchscript reads TorchScript files without libtorch: what a file
// given as a model really is, and of a TorchScript file its code, signature
// and tensors. Files are untrusted: every size, count and depth is bounded,
// and nothing that a file holds is executed.
package torchscript

import (
	"bytes"
	"io"
	"path"
	"strings"
)

// headSize is how much of a file's start tells what it is.
const headSize = 4096

// Identify tells what the file of a size is, from its bytes; name only helps
// where those leave a doubt. What is not known is Unknown and not damaged:
// weights in a format of one's own are legitimate. The error is one of reading.
func Identify(r io.ReaderAt, size int64, name string) (Identity, error) {
	if size == 0 {
		return identity(Empty).damaged(DamageEmpty, "it has no bytes"), nil
	}
	head := make([]byte, min(size, headSize))
	if err := readFull(r, head, 0); err != nil {
		return Identity{}, err
	}
	f := file{r: r, size: size, head: head, ext: strings.ToLower(path.Ext(name))}
	for _, look := range []func() (Identity, bool, error){
		f.zip, f.legacyPickle, f.magic, f.elf, f.tar, f.pointer, f.page,
		f.safetensors, f.pickle, f.onnx, f.text,
	} {
		if id, ok, err := look(); ok || err != nil {
			return id, err
		}
	}
	return identity(Unknown), nil
}

// file is what the looks at a file share.
type file struct {
	r    io.ReaderAt
	size int64
	head []byte
	ext  string
}

func (f file) hasPrefix(s string) bool { return bytes.HasPrefix(f.head, []byte(s)) }

// at reports whether s stands at a byte of the head.
func (f file) at(offset int, s string) bool {
	return len(f.head) >= offset+len(s) && string(f.head[offset:offset+len(s)]) == s
}

// signature is a format that is known by fixed bytes.
type signature struct {
	offset int
	magic  string
	kind   Kind
	words  string
}

var signatures = []signature{
	{0, "ftrt", TensorRT, ""},
	{0, "ptrt", TensorRT, ""},
	{4, "PTMF", Mobile, "a PyTorch mobile model in flatbuffer format"},
	{4, "ET12", OtherModel, "an ExecuTorch program"},
	{4, "TFL3", OtherModel, "a TensorFlow Lite model"},
	{0, "GGUF", OtherModel, "a GGUF model"},
	{0, "\x89HDF\r\n\x1a\n", OtherModel, "an HDF5 file"},
	{0, "\x93NUMPY", OtherModel, "a NumPy array"},
	{0, "\xcf\xfa\xed\xfe", SharedLibrary, "a Mach-O file"},
	{0, "\xca\xfe\xba\xbe", SharedLibrary, "a Mach-O or Java class file"},
	{0, "\x1f\x8b\x08", Gzip, ""},
	{0, "\x28\xb5\x2f\xfd", Compressed, "a zstd file"},
	{0, "\xfd7zXZ\x00", Compressed, "an xz file"},
	{0, "BZh", Compressed, "a bzip2 file"},
	{0, "7z\xbc\xaf\x27\x1c", Compressed, "a 7-zip file"},
	{0, "Rar!\x1a\x07", Compressed, "a RAR file"},
}

// magic knows formats by their first bytes.
func (f file) magic() (Identity, bool, error) {
	for _, s := range signatures {
		if f.at(s.offset, s.magic) {
			id := identity(s.kind)
			if s.words != "" {
				id.Words = s.words
			}
			return id, true, nil
		}
	}
	return Identity{}, false, nil
}

// tar knows a tar file by its header's magic (POSIX ustar and GNU).
func (f file) tar() (Identity, bool, error) {
	if !f.at(257, "ustar") {
		return Identity{}, false, nil
	}
	return identifyTar(io.NewSectionReader(f.r, 0, f.size))
}
