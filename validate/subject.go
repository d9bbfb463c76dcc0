package validate

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"go-model-archiver/archiver"
	"go-model-archiver/manifest"
)

// The bounds, in bytes, of what checks read. A file beyond its bound is not
// looked at, which is told.
const (
	maxSource   = 4 << 20
	maxSettings = 1 << 20
	maxLabels   = 8 << 20
)

// setupConfig is the entry that older Hugging Face handlers read.
const setupConfig = "setup_config.json"

// ErrDamaged is what reading an entry gives whose damage was told already.
var ErrDamaged = errors.New("the entry is damaged")

// Subject is a model with everything that stands around it.
type Subject struct {
	Manifest *manifest.Manifest
	// ManifestUnread is set where the archive has a manifest that can't be
	// read: what it names is not known.
	ManifestUnread bool
	// Model is, or holds, the serialized file, or is nil; the caller keeps it
	// open.
	Model *os.File
	// ModelOffset and ModelSize say which bytes of Model are the serialized
	// file.
	ModelOffset, ModelSize int64
	// ModelPath names the serialized file in messages.
	ModelPath string
	// ReadEntry returns the content of an entry of at most limit bytes, or
	// fs.ErrNotExist, or ErrDamaged.
	ReadEntry func(name string, limit int64) ([]byte, error)
	// Entries are the files of the archive; nil where they are not known, so
	// that nothing is said of those that no setting names.
	Entries []Entry
}

// Entry is one file of an archive.
type Entry struct {
	Name string
	Size int64 // bytes
	// Open opens the content, or returns ErrDamaged. What also is an io.ReaderAt is looked at in
	// parts, anything else is read from its beginning.
	Open func() (io.ReadCloser, error)
}

// model is the serialized file's content.
func (s *Subject) model() *io.SectionReader {
	return io.NewSectionReader(s.Model, s.ModelOffset, s.ModelSize)
}

// size is an entry's size in bytes, or 0 where it is not known.
func (s *Subject) size(name string) int64 {
	i := slices.IndexFunc(s.Entries, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return 0
	}
	return s.Entries[i].Size
}

// has says that there is an entry of that name.
func (s *Subject) has(name string) bool {
	_, err := s.ReadEntry(name, 0)
	return !errors.Is(err, fs.ErrNotExist)
}

// handlerFile is the entry that holds the handler, without the function or the
// class that may follow a colon and without the folders that the server cuts
// off; a built-in handler has none.
func (s *Subject) handlerFile() string {
	file, _, _ := strings.Cut(s.Manifest.Model.Handler, ":")
	switch {
	case s.Manifest.Runtime == manifest.LSP:
		file += ".so"
	case path.Ext(file) != ".py":
		file += ".py"
	}
	return path.Base(file)
}

// compiled says that an entry is a compiled module of that name, such as
// "h.cpython-311-x86_64-linux-gnu.so".
func (s *Subject) compiled(module string) bool {
	return slices.ContainsFunc(s.Entries, func(e Entry) bool {
		ending, ok := strings.CutPrefix(e.Name, module+".")
		return ok && !strings.Contains(ending, "/") && slices.Contains([]string{".so", ".pyd"}, path.Ext("."+ending))
	})
}

// builtin says that TorchServe brings the handler: no entry holds it.
func (s *Subject) builtin() bool {
	return archiver.BuiltinHandler(s.Manifest.Runtime, s.Manifest.Model.Handler)
}
