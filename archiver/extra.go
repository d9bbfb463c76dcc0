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

const (
	// maxEntries bounds how many files and folders planning looks at.
	maxEntries = 1_000_000
	// maxDepth bounds how deep the folders of an extra folder may lie.
	maxDepth = 200
)

// addExtraFiles adds the files of a comma list of paths, folders and
// wildcards; empty items and spaces around one don't count. A path that exists
// is taken literally, whatever signs it holds.
func (pl *planner) addExtraFiles(list string) error {
	for item := range strings.SplitSeq(list, ",") {
		path := strings.TrimSpace(item)
		if path == "" {
			continue
		}
		if _, err := os.Lstat(path); err != nil && item != path {
			if _, err := os.Lstat(item); err == nil {
				path = item // the spaces belong to the name
			}
		}
		if err := pl.addExtra(path); err != nil {
			return err
		}
	}
	return nil
}

func (pl *planner) addExtra(path string) error {
	if _, err := os.Lstat(path); err == nil || !isWildcard(path) {
		return pl.addPath(path, false)
	}
	matches, err := glob(pl.ctx, path, pl.limit)
	if err != nil {
		return fmt.Errorf("wildcard %q: %w", path, err)
	}
	if len(matches) == 0 {
		pl.note(NoteNoMatch, path, "the wildcard %q matches nothing", path)
	}
	for _, match := range matches {
		if err := pl.addPath(match, true); err != nil {
			return err
		}
	}
	return nil
}

// addPath adds a file, or what a folder holds. What a wildcard happened to
// match may be the old archive or the folder to be written; what was named
// may not.
func (pl *planner) addPath(path string, matched bool) error {
	if err := pl.visit(); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		if !pl.excluded(filepath.Base(path)) {
			err = missing(path, err)
			pl.problem(err, "", "the extra file %q %v", path, err)
		}
		return nil
	}
	if pl.own.isDestination(info) && (matched || !info.IsDir()) {
		if matched {
			pl.noteDestination(path)
		} else {
			pl.problem(nil, "leave it out of --extra-files", "the extra file %q is the archive to be written", path)
		}
		return nil
	}
	if info.IsDir() {
		return pl.addFolder(path)
	}
	dir, err := os.Stat(filepath.Dir(path))
	if err == nil && matched && pl.own.isTemp(dir, filepath.Base(path)) {
		return nil
	}
	pl.addExtraFile(filepath.Base(path), path, info)
	return nil
}

func (pl *planner) noteDestination(path string) {
	pl.note(NoteDropped, path, "%q is left out: it is the archive to be written", path)
}

func (pl *planner) addExtraFile(name, path string, info fs.FileInfo) {
	if pl.excluded(name) {
		return
	}
	if err := usable(path, info); err != nil {
		pl.problem(err, "", "the extra file %q %v", path, err)
		return
	}
	pl.addEntry(newEntry(RoleExtra, name, path, info))
}

// visit counts a file or folder that was looked at.
func (pl *planner) visit() error {
	if err := pl.ctx.Err(); err != nil {
		return err
	}
	if pl.visited++; pl.visited > pl.limit {
		return &Problem{
			Message: fmt.Sprintf("the extra files are more than %d files and folders", pl.limit),
			Hint:    "name the files that the model needs",
		}
	}
	return nil
}

// folder is an extra folder being walked.
type folder struct {
	root    string
	real    string        // root without links, once a link to a folder was met
	above   []fs.FileInfo // from root down to where the walk is
	links   []string
	hidden  []string
	empty   []string
	ownTemp bool
}

// addFolder adds the contents of the folder root under their names in it.
func (pl *planner) addFolder(root string) error {
	f := &folder{root: root}
	found, err := pl.walk(f, "")
	if err != nil {
		return err
	}
	if !found {
		f.empty = []string{"."}
	}
	pl.noteList(NoteDropped, root, f.hidden, "hidden and cache folders in %q are left out: %s")
	pl.noteList(NoteDropped, root, f.empty, "empty folders in %q are left out: %s")
	pl.noteList(NoteLinks, root, f.links, "links in %q are followed: %s")
	return nil
}

func (pl *planner) noteList(kind NoteKind, path string, names []string, format string) {
	if len(names) > 0 {
		pl.note(kind, path, format, path, some(names))
	}
}

// some quotes the first few names and counts the rest.
func some(names []string) string {
	const few = 5
	quoted := make([]string, 0, few)
	for _, name := range names[:min(few, len(names))] {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	text := strings.Join(quoted, ", ")
	if n := len(names) - few; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text
}

// walk adds what the sub-folder dir of f holds, "" being f itself, and says
// whether there was anything but empty folders.
func (pl *planner) walk(f *folder, dir string) (found bool, err error) {
	if len(f.above) == maxDepth {
		pl.problem(nil, "", "the folders in %q lie more than %d deep", f.root, maxDepth)
		return true, nil
	}
	info, list, err := readFolder(filepath.Join(f.root, dir), pl.limit-pl.visited)
	if err != nil {
		pl.problem(err, "", "the folder %q cannot be read: %v", filepath.Join(f.root, dir), cause(err))
		return true, nil
	}
	f.above = append(f.above, info)
	defer func() { f.above = f.above[:len(f.above)-1] }()

	var empty []string
	for _, d := range list {
		if err := pl.visit(); err != nil {
			return false, err
		}
		name := filepath.Join(dir, d.Name())
		some, err := pl.walkOne(f, name, d)
		if err != nil {
			return false, err
		}
		found = found || some
		if !some {
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
	path := filepath.Join(f.root, name)
	link := d.Type()&fs.ModeSymlink != 0
	info, err := os.Stat(path)
	switch {
	case pl.own.isTemp(f.above[len(f.above)-1], d.Name()):
		return true, nil
	case err == nil && info.IsDir() && droppedFolder(d.Name()):
		f.hidden = append(f.hidden, name)
		return true, nil
	case pl.excluded(name):
		return true, nil
	case err != nil:
		err = missing(path, err)
		pl.problem(err, "remove it, or exclude it", "%q in an extra folder %v", path, err)
		return true, nil
	case pl.own.isDestination(info):
		pl.noteDestination(path)
		return true, nil
	case info.IsDir() && link && !pl.mayFollow(f, path, info):
		return true, nil
	}
	if link {
		f.links = append(f.links, name)
	}
	if info.IsDir() {
		return pl.walk(f, name)
	}
	pl.addExtraFile(filepath.ToSlash(name), path, info)
	return true, nil
}

// droppedFolder says whether torch-model-archiver drops a sub-folder of that
// name.
func droppedFolder(name string) bool {
	return name == "__MACOSX" || name == "__pycache__" || strings.HasPrefix(name, ".")
}

// mayFollow says whether the link path, to the folder target, stays inside f
// and leads to no folder that it is in.
func (pl *planner) mayFollow(f *folder, path string, target fs.FileInfo) bool {
	if slices.ContainsFunc(f.above, func(up fs.FileInfo) bool { return os.SameFile(up, target) }) {
		pl.problem(syscall.ELOOP, "remove it, or exclude it", "%q in an extra folder is a link to a folder that it is in", path)
		return false
	}
	to, err := filepath.EvalSymlinks(path)
	if err == nil && f.real == "" {
		f.real, err = filepath.EvalSymlinks(f.root)
	}
	if err != nil {
		pl.problem(err, "", "the link %q cannot be followed: %v", path, cause(err))
		return false
	}
	if !inside(f.real, to) {
		pl.problem(nil, "copy the folder to where the link is, or exclude the link",
			"%q is a link to the folder %q, which is outside %q", path, to, f.root)
		return false
	}
	return true
}

// inside says whether path lies below dir; neither holds links.
func inside(dir, path string) bool {
	dir, errDir := filepath.Abs(dir)
	path, errPath := filepath.Abs(path)
	if errDir != nil || errPath != nil {
		return false
	}
	rel, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rel)
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
