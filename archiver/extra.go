package archiver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxEntries bounds how many files and folders planning looks at.
const maxEntries = 1_000_000

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
	matches, err := glob(pl.ctx, path, pl.limit-pl.visited)
	if errors.Is(err, errTooManyNames) {
		return pl.tooMany()
	}
	if err != nil {
		return err
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
	if matched && isTemp(filepath.Base(path)) {
		pl.noteTemp(path)
		return nil
	}
	info, err := os.Stat(path)
	if err != nil {
		if !pl.excluded(filepath.Base(path)) {
			err = missing(path, err)
			pl.problem(err, "", "the extra file %q %v", path, err)
		}
		return nil
	}
	if pl.output.is(info) && (matched || !info.IsDir()) {
		if matched {
			pl.noteDestination(path)
		} else {
			pl.problem(nil, "leave it out of --extra-files", "the extra file %q is the archive to be written", path)
		}
		return nil
	}
	if info.IsDir() {
		if matched && pl.excluded(filepath.Base(path)) {
			return nil
		}
		return pl.addFolder(path)
	}
	pl.addExtraFile(filepath.Base(path), path, info)
	return nil
}

func (pl *planner) noteDestination(path string) {
	pl.note(NoteDropped, path, "%q is left out: it is the archive to be written", path)
}

func (pl *planner) noteTemp(path string) {
	pl.note(NoteDropped, path, "%q is left out: it is a temporary file of this or another run", path)
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
		return pl.tooMany()
	}
	return nil
}

func (pl *planner) tooMany() error {
	return &Problem{
		Message: fmt.Sprintf("the extra files are more than %d files and folders", pl.limit),
		Hint:    "name the files that the model needs",
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
