package archiver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"unicode/utf8"

	"go-model-archiver/manifest"
)

// addNamed adds a file that has its own flag, when it was given, and returns
// its name for the manifest.
func (pl *planner) addNamed(role Role, file string) string {
	if file == "" {
		return ""
	}
	e := pl.addSource(role, file, "")
	if e == nil {
		return ""
	}
	return e.Name
}

// addSource adds the file of a flag of its own; nil after a problem.
func (pl *planner) addSource(role Role, file, hint string) *Entry {
	name := filepath.Base(file)
	info, err := statRegular(file)
	if err != nil {
		pl.problem(err, hint, "the %s %q %v", role, file, err)
		return nil
	}
	if pl.output.is(info) {
		pl.problem(nil, "use another --export-path", "the %s %q is the archive to be written", role, file)
		return nil
	}
	for _, x := range pl.excludes {
		if x.matches(name) {
			pl.problem(nil, "an extra file can be excluded, this one the manifest names",
				"the %s %q is excluded by %q", role, file, x.pattern)
			return nil
		}
	}
	e := newEntry(role, name, file, info)
	if role == RoleSerialized {
		if err := e.keepOpen(); err != nil {
			pl.problem(err, "", "the %s %q cannot be opened: %v", role, file, cause(err))
			return nil
		}
	}
	kept := pl.addEntry(e)
	if kept != e && e.file != nil {
		e.file.Close()
	}
	return kept
}

func newEntry(role Role, name, source string, info fs.FileInfo) *Entry {
	return &Entry{
		Name:    name,
		Role:    role,
		Source:  source,
		Size:    info.Size(),
		Mode:    info.Mode().Perm(),
		ModTime: info.ModTime(),
		info:    info,
	}
}

// keepOpen opens the source for good and takes size and times from the
// descriptor, so that whoever reads it later reads what was planned.
func (e *Entry) keepOpen() error {
	f, err := openRegular(e.Source)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return errors.Join(err, f.Close())
	}
	if !info.Mode().IsRegular() {
		return errors.Join(ErrSourceChanged, f.Close())
	}
	*e = *newEntry(e.Role, e.Name, e.Source, info)
	e.file = f
	return nil
}

// addEntry takes e into the plan, unless its name is taken: then the entry that
// has it is returned, and different bytes are a problem.
func (pl *planner) addEntry(e *Entry) *Entry {
	switch {
	case !utf8.ValidString(e.Name):
		pl.problem(nil, "rename it", "%q: the name is not valid UTF-8", e.Source)
		return nil
	case e.Name == manifest.Path && e.Role != RoleManifest:
		pl.note(NoteDropped, e.Source, "%q is left out: the archive gets a manifest of its own", e.Source)
		return nil
	}
	if old := pl.entries[e.Name]; old != nil {
		pl.compare(old, e)
		return old
	}
	if inside := pl.folders[e.Name]; inside != nil {
		pl.folderClash(e, inside)
	}
	pl.entries[e.Name] = e
	pl.plan.Entries = append(pl.plan.Entries, e)
	for dir := path.Dir(e.Name); dir != "." && pl.folders[dir] == nil; dir = path.Dir(dir) {
		pl.folders[dir] = e
		if file := pl.entries[dir]; file != nil {
			pl.folderClash(file, e)
		}
	}
	return e
}

func (pl *planner) folderClash(file, inside *Entry) {
	other := fmt.Sprintf("%q needs a folder", inside.Source)
	if inside.Role == RoleManifest {
		other = "the manifest needs a folder"
	}
	pl.problem(ErrNameClash, "rename one", "%q becomes the entry %q, where %s of that name",
		file.Source, file.Name, other)
}

func (pl *planner) compare(old, e *Entry) {
	same, err := sameContent(pl.ctx, old, e)
	switch {
	case err != nil:
		pl.problem(err, "", "%q and %q cannot be compared: %v", old.Source, e.Source, err)
	case !same:
		pl.problem(ErrNameClash, "rename one, or leave one out",
			"%q and %q differ and both become the entry %q", old.Source, e.Source, e.Name)
	}
}

// sameContent says whether two sources hold the same bytes, and reads no more
// of them than it must.
func sameContent(ctx context.Context, a, b *Entry) (bool, error) {
	if os.SameFile(a.info, b.info) {
		return true, nil
	}
	if a.Size != b.Size {
		return false, nil
	}
	x, err := a.Open()
	if err != nil {
		return false, err
	}
	y, err := b.Open()
	if err != nil {
		return false, errors.Join(err, x.Close())
	}
	same, err := sameBytes(ctx, x, y)
	return same, errors.Join(err, x.Close(), y.Close())
}

// sameBytes compares two readers of the same length.
func sameBytes(ctx context.Context, a, b io.Reader) (bool, error) {
	bufA, bufB := make([]byte, 128<<10), make([]byte, 128<<10)
	for {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		n, err := io.ReadFull(a, bufA)
		if err == io.EOF {
			return true, nil
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return false, err
		}
		if _, err := io.ReadFull(b, bufB[:n]); err != nil {
			return false, err
		}
		if !bytes.Equal(bufA[:n], bufB[:n]) {
			return false, nil
		}
	}
}
