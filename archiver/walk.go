package archiver

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// maxDepth bounds how deep the folders of an extra folder may lie.
const maxDepth = 200

// folder is an extra folder being walked.
type folder struct {
	root   string
	above  []place  // from root down to where the walk is
	links  []string // names in it, for the notes
	hidden []string
	empty  []string
}

// place is a folder on the way of a walk.
type place struct {
	info fs.FileInfo
	path string // another than the walk's own where links were followed
}

// addFolder adds the contents of the folder root under their names in it.
func (pl *planner) addFolder(root string) error {
	f := &folder{root: root}
	found, err := pl.walk(f, "", root)
	if err != nil {
		return err
	}
	if !found {
		pl.note(NoteDropped, root, "the folder %q is empty", root)
	}
	pl.noteList(NoteDropped, root, f.hidden, "hidden and cache folders in %q are left out: %s")
	slices.Sort(f.empty)
	pl.noteList(NoteDropped, root, f.empty, "empty folders in %q are left out: %s")
	pl.noteList(NoteLinks, root, f.links, "links in %q are followed: %s")
	return nil
}

func (pl *planner) noteList(kind NoteKind, path string, names []string, format string) {
	if len(names) > 0 {
		pl.note(kind, path, format, path, some(names))
	}
}

// walk adds what the sub-folder dir of f holds, "" being f itself, and says
// whether there was anything but empty folders. It is found at path, which
// has no links but those of f's root.
func (pl *planner) walk(f *folder, dir, path string) (found bool, err error) {
	if len(f.above) == maxDepth {
		pl.problem(nil, "", "the folders in %q lie more than %d deep", f.root, maxDepth)
		return true, nil
	}
	info, list, err := readFolder(path, pl.limit-pl.visited)
	if err != nil {
		pl.problem(err, "", "the folder %q cannot be read: %v", filepath.Join(f.root, dir), cause(err))
		return true, nil
	}
	f.above = append(f.above, place{info, path})
	defer func() { f.above = f.above[:len(f.above)-1] }()

	var empty []string
	for _, d := range list {
		if err := pl.visit(); err != nil {
			return false, err
		}
		name := filepath.Join(dir, d.Name())
		full, err := pl.walkOne(f, name, d)
		if err != nil {
			return false, err
		}
		found = found || full
		if !full {
			empty = append(empty, name)
		}
	}
	if found {
		f.empty = append(f.empty, empty...) // the topmost empty ones
	}
	return found, nil
}

// walkOne adds one file or folder of a folder.
func (pl *planner) walkOne(f *folder, name string, d fs.DirEntry) (found bool, err error) {
	here := f.above[len(f.above)-1]
	source, path := filepath.Join(f.root, name), filepath.Join(here.path, d.Name())
	link := d.Type()&fs.ModeSymlink != 0
	info, err := os.Stat(path)
	switch {
	case isTemp(d.Name()):
		pl.noteTemp(source)
		return true, nil
	case err == nil && info.IsDir() && droppedFolder(d.Name()):
		f.hidden = append(f.hidden, name)
		return true, nil
	case pl.excluded(name):
		return true, nil
	case err != nil:
		err = missing(path, err)
		pl.problem(err, "remove it, or exclude it", "%q in an extra folder %v", source, err)
		return true, nil
	case pl.output.is(info):
		pl.noteDestination(source)
		return true, nil
	}
	if link && info.IsDir() {
		to, problem := f.follow(source, path, info)
		if problem != nil {
			pl.problems.add(problem)
			return true, nil
		}
		path = to
	}
	if link {
		f.links = append(f.links, name)
	}
	if info.IsDir() {
		return pl.walk(f, name, path)
	}
	pl.addExtraFile(filepath.ToSlash(name), source, info)
	return true, nil
}

// droppedFolder says whether torch-model-archiver drops a sub-folder of that
// name.
func droppedFolder(name string) bool {
	return name == "__MACOSX" || name == "__pycache__" || strings.HasPrefix(name, ".")
}

// follow gives the path of the folder target that a link leads to. It must lie
// in f, and the link must not lie in it.
func (f *folder) follow(source, link string, target fs.FileInfo) (string, *Problem) {
	if slices.ContainsFunc(f.above, func(up place) bool { return os.SameFile(up.info, target) }) {
		return "", &Problem{
			Message: fmt.Sprintf("%q in an extra folder is a link to a folder that it is in", source),
			Hint:    "remove it, or exclude it",
			Err:     syscall.ELOOP,
		}
	}
	to, err := filepath.EvalSymlinks(link)
	if err != nil {
		return "", &Problem{Message: fmt.Sprintf("the link %q cannot be followed: %v", source, cause(err)), Err: err}
	}
	if !liesIn(f.above[0].info, to) {
		return "", &Problem{
			Message: fmt.Sprintf("%q is a link to the folder %q, which is outside %q", source, to, f.root),
			Hint:    "copy the folder to where the link is, or exclude the link",
		}
	}
	return to, nil
}

// liesIn says whether one of the folders above path is dir. It goes up in the
// file system: the same folder has many names where the working directory or
// dir was reached by a link.
func liesIn(dir fs.FileInfo, path string) bool {
	at, err := os.Stat(path)
	for err == nil && !os.SameFile(at, dir) {
		path += "/.."
		below := at
		if at, err = os.Stat(path); err == nil && os.SameFile(at, below) {
			return false // the root of the file system
		}
	}
	return err == nil
}

// readFolder lists a folder in the order of names, and gives up when it has
// more than limit entries.
func readFolder(path string, limit int) (fs.FileInfo, []fs.DirEntry, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_DIRECTORY, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	var list []fs.DirEntry
	for len(list) <= limit {
		some, err := f.ReadDir(1024)
		list = append(list, some...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
	}
	slices.SortFunc(list, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return info, list, nil
}
