// Package container opens what a model comes in (a .mar, a .tar.gz, a
// no-archive folder or a bare model file), finds what is wrong with it, and
// hands its content to the checks of package validate. Containers are
// untrusted: nothing in them is unpacked to a path, and what has to be inflated
// goes to temporary files without a name.
package container

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go-model-archiver/archiver"
	"go-model-archiver/manifest"
	"go-model-archiver/validate"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/torchscript"
)

// Container is an open container. The caller must call Close.
type Container struct {
	Path string
	// Format is the archive's, or "" for a bare model file.
	Format archiver.Format
	Size   int64 // bytes
	// Manifest is nil where there is none that can be read.
	Manifest *manifest.Manifest
	Findings []rules.Finding

	entries []entry
	kind    torchscript.Kind // of a bare file
	close   []io.Closer

	inflated int64 // bytes that had to be, so far
	progress Progress
}

// entry is one file of a container.
type entry struct {
	name             string
	size, compressed int64
	data             io.ReaderAt
	packed           *archiver.ArchiveFile // where it is in a zip
	file             *os.File              // where the entry stands in a file as it is, or nil
	offset           int64                 // in file
}

// Progress is told how many of all bytes of an inflate are done.
type Progress func(done, total int64)

// Open looks at path and opens what it is. The error is one of reading;
// whatever is wrong with the content is a finding.
func Open(ctx context.Context, path string) (*Container, error) {
	return OpenWithProgress(ctx, path, func(done, total int64) {})
}

// OpenWithProgress does what Open does, and tells how far an inflate is, then
// and later.
func OpenWithProgress(ctx context.Context, path string, progress Progress) (*Container, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	c := &Container{Path: path, Size: info.Size(), progress: progress}
	switch {
	case info.IsDir():
		err = c.openFolder()
	case !info.Mode().IsRegular():
		err = fmt.Errorf("%q is neither a file nor a folder", path)
	default:
		err = c.openFile(ctx)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	if c.Format != "" {
		c.readManifest()
		c.checkNames()
	}
	return c, nil
}

// Holds says that there is an archive or a model to look at, be it a damaged
// one: false is a file of text or of nothing that is known.
func (c *Container) Holds() bool {
	return !slices.Contains([]torchscript.Kind{torchscript.Text, torchscript.JSON, torchscript.XML, torchscript.Unknown}, c.kind)
}

// Close releases the container and its temporary files.
func (c *Container) Close() error {
	var errs []error
	for _, x := range c.close {
		errs = append(errs, x.Close())
	}
	return errors.Join(errs...)
}

func (c *Container) add(id, file, message, hint string) {
	c.Findings = append(c.Findings, rules.New(id, file, message, hint))
}

func (c *Container) openFile(ctx context.Context) error {
	f, err := os.Open(c.Path)
	if err != nil {
		return err
	}
	c.close = append(c.close, f)
	id, err := torchscript.Identify(f, c.Size, c.Path)
	if err != nil {
		return fmt.Errorf("read %q: %w", c.Path, err)
	}
	lower := strings.ToLower(c.Path)
	switch {
	case strings.HasSuffix(lower, ".tar.gz") || strings.HasSuffix(lower, ".tgz") || id.Kind == torchscript.Gzip:
		return c.openTGZ(ctx, f)
	case strings.HasSuffix(lower, ".mar") || id.Kind == torchscript.Archive:
		return c.openZip(ctx, f)
	default:
		c.kind = id.Kind
		c.entries = []entry{{name: filepath.Base(c.Path), size: c.Size, data: f, file: f}}
		return nil
	}
}

// openFolder lists a no-archive folder.
func (c *Container) openFolder() error {
	c.Format = archiver.NoArchive
	c.Size = 0
	return filepath.WalkDir(c.Path, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if len(c.entries) == maxEntries {
			return fmt.Errorf("%q has more than %d files", c.Path, maxEntries)
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		name, err := filepath.Rel(c.Path, path)
		if err != nil {
			return err
		}
		c.Size += info.Size()
		c.entries = append(c.entries, entry{name: filepath.ToSlash(name), size: info.Size(), data: lazyFile(path)})
		return nil
	})
}

// lazyFile opens its file for each read, so that a folder of many files needs
// one descriptor.
type lazyFile string

func (l lazyFile) ReadAt(p []byte, off int64) (int, error) {
	f, err := os.Open(string(l))
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, off)
}

func (c *Container) entry(name string) *entry {
	// The last one of a name is what stays where an archive is unpacked.
	for i := range slices.Backward(c.entries) {
		if c.entries[i].name == name {
			return &c.entries[i]
		}
	}
	return nil
}

// serialized is the entry of the serialized file, or nil.
func (c *Container) serialized() *entry {
	switch {
	case c.Format == "":
		return &c.entries[0]
	case c.Manifest == nil || c.Manifest.Model.SerializedFile == "":
		return nil
	}
	return c.entry(c.Manifest.Model.SerializedFile)
}

// read returns the content of an entry of at most limit bytes.
func (c *Container) read(name string, limit int64) ([]byte, error) {
	e := c.entry(name)
	if e == nil {
		return nil, fmt.Errorf("%q: %w", name, fs.ErrNotExist)
	}
	if e.size > limit {
		return nil, fmt.Errorf("%q has %d bytes; at most %d are read", name, e.size, limit)
	}
	data := make([]byte, e.size)
	if _, err := e.data.ReadAt(data, 0); err != nil && !(errors.Is(err, io.EOF)) {
		return nil, fmt.Errorf("read %q of %q: %w", name, c.Path, err)
	}
	return data, nil
}

// Subject is the container's model with all that stands around it. A deflated
// model is inflated to a temporary file, for libtorch.
func (c *Container) Subject(ctx context.Context) (validate.Subject, error) {
	s := validate.Subject{Manifest: c.Manifest, ReadEntry: c.read}
	if s.Manifest == nil { // as TorchServe goes on without one
		s.Manifest = &manifest.Manifest{Runtime: manifest.Python, Model: &manifest.Model{}}
	}
	if c.Format != "" {
		for _, e := range c.entries {
			s.Entries = append(s.Entries, validate.Entry{Name: e.name, Size: e.size, Open: e.open})
		}
	}
	e := c.serialized()
	if e == nil {
		return s, nil
	}
	s.ModelPath, s.ModelSize = c.modelPath(e), e.size
	if c.Format == "" {
		s.Manifest = &manifest.Manifest{Model: &manifest.Model{SerializedFile: e.name}}
	}
	var err error
	s.Model, s.ModelOffset, err = c.modelFile(ctx, e)
	return s, err
}

// modelPath names the model in messages.
func (c *Container) modelPath(e *entry) string {
	if c.Format == "" {
		return c.Path
	}
	return c.Path + "/" + e.name
}

// modelFile returns a file that has the serialized file from offset on.
func (c *Container) modelFile(ctx context.Context, e *entry) (f *os.File, offset int64, err error) {
	path, inFolder := e.data.(lazyFile)
	switch {
	case e.file != nil:
		return e.file, e.offset, nil
	case inFolder:
		if f, err = os.Open(string(path)); err == nil {
			c.close = append(c.close, f)
		}
	default:
		if f, err = c.temp(); err == nil {
			err = e.packed.Unpack(ctx, &meter{w: f, total: e.size, progress: c.progress})
			c.inflated += e.size
		}
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read %q of %q: %w", e.name, c.Path, err)
	}
	e.file = f
	return f, 0, nil
}

func (e entry) open() (io.ReadCloser, error) {
	return section{io.NewSectionReader(e.data, 0, e.size)}, nil
}

// section is an entry as validate.Entry wants it: an io.ReaderAt too.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }

// Inspect says what the container holds. A deflated model in an archive of
// others has to be inflated for that; ctx ends it.
func (c *Container) Inspect(ctx context.Context) (*validate.Inspection, error) {
	in := &validate.Inspection{
		SchemaVersion: validate.SchemaVersion, Path: c.Path, Format: string(c.Format), Size: c.Size,
		Manifest: c.Manifest, Entries: []validate.InspectedEntry{},
	}
	if c.Format != "" {
		for _, e := range c.entries {
			in.Entries = append(in.Entries, validate.InspectedEntry{Name: e.name, Size: e.size, Compressed: e.compressed})
		}
	}
	e := c.serialized()
	if e == nil {
		return in, nil
	}
	data, err := c.random(ctx, e)
	if err != nil {
		return nil, err
	}
	in.Inflated = c.inflated
	in.Model, err = validate.InspectModel(data, e.size, c.modelPath(e))
	return in, err
}

// random is the serialized file for reads at any offset.
func (c *Container) random(ctx context.Context, e *entry) (io.ReaderAt, error) {
	if e.packed == nil || e.packed.Indexed() {
		return e.data, nil
	}
	f, offset, err := c.modelFile(ctx, e)
	return io.NewSectionReader(f, offset, e.size), err
}

// Code calls show with the name and the text of each code file of the model.
func (c *Container) Code(ctx context.Context, show func(name string, text io.Reader) error) error {
	e := c.serialized()
	if e == nil {
		return fmt.Errorf("%q holds no serialized file", c.Path)
	}
	data, err := c.random(ctx, e)
	if err != nil {
		return err
	}
	m, err := torchscript.Open(data, e.size)
	if err != nil {
		return fmt.Errorf("%q: %w", c.modelPath(e), err)
	}
	for i, name := range m.CodeFiles() {
		text, err := m.Code(i)
		if err != nil {
			return err
		}
		if err := show(name, text); err != nil {
			return err
		}
	}
	return nil
}
