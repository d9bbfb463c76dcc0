// Package container opens what a model comes in (a .mar, a .tar.gz, a
// no-archive folder or a bare model file), finds what is wrong with it, and
// hands its content to the checks of package validate. Containers are
// untrusted: nothing in them is unpacked to a path, and what has to be inflated
// goes to temporary files without a name.
package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
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

	entries  []entry
	unpacked unpacked
	identity torchscript.Identity // of a file
	told     map[string]*tally    // of the findings about entries, by rule
	close    []io.Closer

	unreadable bool
	expanded   *os.File // the sparse entries of a tar, or nil
	inflated   int64    // bytes that had to be, so far
	progress   Progress
}

// entry is one file of a container.
type entry struct {
	name             string
	size, compressed int64
	data             io.ReaderAt
	packed           *archiver.ArchiveFile // where it is in a zip
	damaged          bool                  // as Verify found
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
	c := &Container{Path: path, Size: info.Size(), progress: progress, told: map[string]*tally{}}
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
	c.unreadable = c.Format != "" && len(c.entries) == 0 && len(c.Findings) > 0
	if c.Format != "" && !c.unreadable {
		c.checkNames()
		c.checkUnpacking()
		c.readManifest()
	}
	c.countEntries()
	return c, nil
}

// Holds says that there is an archive or a model to look at, be it a damaged
// one or what came in its place. Where there is none, it is a file of text or
// of nothing that is known, and what says which.
func (c *Container) Holds() (what string, ok bool) {
	other := slices.Contains([]torchscript.Kind{torchscript.Text, torchscript.JSON, torchscript.XML, torchscript.Unknown}, c.identity.Kind)
	return c.identity.Words, c.Format != "" || c.identity.Damaged() || !other
}

// Readable says that the container could be opened, be it that entries of it
// are damaged: else a finding says why not.
func (c *Container) Readable() bool { return !c.unreadable }

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

// tally is a finding about the first entry that a rule tells of, and how many
// more there are.
type tally struct{ finding, more int }

// addEntry adds a finding about an entry. Further ones of the rule are counted:
// an archive of thousands of entries gives one finding.
func (c *Container) addEntry(id, message, hint string) {
	if t := c.told[id]; t != nil {
		t.more++
		return
	}
	c.told[id] = &tally{finding: len(c.Findings)}
	c.add(id, c.Path, message, hint)
}

// countEntries completes the findings of addEntry.
func (c *Container) countEntries() {
	defer clear(c.told)
	for _, t := range c.told {
		switch f := &c.Findings[t.finding]; {
		case t.more == 1:
			f.Message += "; the same holds for one more entry"
		case t.more > 1:
			f.Message += fmt.Sprintf("; the same holds for %d more entries", t.more)
		}
	}
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
	c.identity = id
	lower := strings.ToLower(c.Path)
	switch {
	case strings.HasSuffix(lower, ".tar.gz") || strings.HasSuffix(lower, ".tgz") || id.Kind == torchscript.Gzip:
		if strings.HasSuffix(c.Path, ".mar") {
			c.addName("a gzip file", `and TorchServe takes what ends in ".mar" for a zip file`, ".tar.gz")
		}
		return c.openTGZ(ctx, f)
	case strings.HasSuffix(lower, ".tar") && id.Kind == torchscript.Tar:
		c.addName("a tar file", `and TorchServe takes what does not end in ".mar" for a .tar.gz`, ".tar.gz, compressed with gzip")
		c.Format = archiver.TGZ
		return c.listTar(ctx, f)
	case strings.HasSuffix(lower, ".mar") || id.Kind == torchscript.Archive:
		if !strings.HasSuffix(c.Path, ".mar") && id.Kind == torchscript.Archive {
			c.addName("a zip file", `and TorchServe takes what does not end in ".mar" for a .tar.gz`, ".mar")
		}
		return c.openZip(ctx, f)
	default:
		c.entries = []entry{{name: filepath.Base(c.Path), size: c.Size, data: f, file: f}}
		return nil
	}
}

// addName tells of an archive that its name hides from the server.
func (c *Container) addName(what, why, ending string) {
	c.add(rules.ArchiveName, c.Path, fmt.Sprintf("%q is %s, %s", c.Path, what, why), "name it "+ending)
}

// entry is that of a name as the manifest or a check has it, or nil.
func (c *Container) entry(name string) *entry {
	name = path.Clean(name)
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
	if e.damaged {
		return nil, validate.ErrDamaged
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
	s := validate.Subject{Manifest: c.cleanManifest(), ManifestUnread: c.Manifest == nil && c.entry(manifest.Path) != nil, ReadEntry: c.read}
	if c.Format != "" {
		for _, e := range c.entries {
			s.Entries = append(s.Entries, validate.Entry{Name: e.name, Size: e.size, Open: e.open})
		}
	}
	e := c.serialized()
	if e == nil || e.damaged {
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

// cleanManifest is the manifest with the names that its files have in the
// container: "model.pt" for "./model.pt".
func (c *Container) cleanManifest() *manifest.Manifest {
	if c.Manifest == nil { // as TorchServe goes on without one
		return &manifest.Manifest{Runtime: manifest.Python, Model: &manifest.Model{}}
	}
	m, model := *c.Manifest, *c.Manifest.Model
	for _, name := range []*string{&model.SerializedFile, &model.ModelFile, &model.RequirementsFile, &model.ConfigFile} {
		if *name != "" {
			*name = path.Clean(*name)
		}
	}
	m.Model = &model
	return &m
}

// modelPath names the model in messages.
func (c *Container) modelPath(e *entry) string {
	if file, inFolder := e.data.(lazyFile); inFolder {
		return string(file)
	}
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
		if err = c.requireRoom(e.size); err != nil {
			break
		}
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
	if e.damaged {
		return nil, validate.ErrDamaged
	}
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
	if e := c.serialized(); e != nil {
		if err := c.inspectModel(ctx, e, in); err != nil {
			return nil, err
		}
	}
	in.Findings = append([]rules.Finding{}, c.Findings...)
	return in, nil
}

func (c *Container) inspectModel(ctx context.Context, e *entry, in *validate.Inspection) error {
	data, err := c.random(ctx, e)
	if err != nil {
		return c.damagedOr(ctx, cmp.Or(errors.Unwrap(err), err), "is damaged")
	}
	in.Inflated = c.inflated
	in.Model, err = validate.InspectModel(data, e.size, c.modelPath(e))
	return err
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
