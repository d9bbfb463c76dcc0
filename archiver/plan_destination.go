package archiver

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// ownFiles tells the files of this run from its sources.
type ownFiles struct {
	destination fs.FileInfo // nil when there is none yet
	tempFolder  fs.FileInfo // where Write makes temporary files; nil when it is still to be made
	tempPrefix  string      // of their names
}

// isDestination says whether info is the archive or folder to be written.
func (o *ownFiles) isDestination(info fs.FileInfo) bool {
	return o.destination != nil && os.SameFile(o.destination, info)
}

// isTemp says whether name, a file or folder in the folder dir, is one that
// Write makes beside the destination, be it for this run or another.
func (o *ownFiles) isTemp(dir fs.FileInfo, name string) bool {
	digits, hasPrefix := strings.CutPrefix(name, o.tempPrefix)
	digits, hasSuffix := strings.CutSuffix(digits, tempSuffix)
	return hasPrefix && hasSuffix && isRandom(digits) &&
		o.tempFolder != nil && os.SameFile(o.tempFolder, dir)
}

// checkDestination decides where the archive goes and whether it may.
func (pl *planner) checkDestination() {
	s := &pl.plan.Spec
	pl.plan.Destination = filepath.Join(s.ExportPath, s.ModelName+s.Format.Extension())
	dir, err := os.Stat(orDot(s.ExportPath))
	switch {
	case err == nil && !dir.IsDir():
		pl.problem(syscall.ENOTDIR, "", "the export path %q is %s, not a folder", s.ExportPath, kind(dir.Mode()))
		return
	case errors.Is(err, fs.ErrNotExist):
		pl.missingExportPath()
		return
	case err != nil:
		pl.problem(err, "", "the export path %q cannot be used: %v", s.ExportPath, cause(err))
		return
	}
	if modelNames.MatchString(s.ModelName) {
		pl.checkExisting()
	}
}

func (pl *planner) missingExportPath() {
	path := pl.plan.Spec.ExportPath
	if _, err := os.Lstat(path); err == nil {
		pl.problem(fs.ErrNotExist, "", "the export path %q is a link to nothing", path)
		return
	}
	pl.note(NoteExportPathMade, path, "the export path %q does not exist and is made", path)
}

// checkExisting looks at what stands at the destination.
func (pl *planner) checkExisting() {
	path, folder := pl.plan.Destination, pl.plan.Spec.Format == NoArchive
	real, err := followLinks(path)
	if err == nil {
		pl.own.tempPrefix = tempPrefix(real)
		pl.own.tempFolder, err = os.Stat(filepath.Dir(real))
	}
	if err != nil {
		pl.problem(err, "", "the destination %q cannot be used: %v", path, cause(err))
		return
	}
	info, err := os.Stat(real)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		pl.problem(err, "", "the destination %q cannot be used: %v", path, cause(err))
		return
	case !pl.plan.Spec.Force:
		pl.problem(ErrExists, "use --force to overwrite it", "%q already exists", path)
	case folder && !info.IsDir():
		pl.problem(syscall.ENOTDIR, "remove it, or use another --export-path",
			"%q is to become a folder and is %s", path, kind(info.Mode()))
	case !folder && !info.Mode().IsRegular():
		pl.problem(nil, "remove it, or use another --export-path",
			"%q is to become a file and is %s", path, kind(info.Mode()))
	case folder:
		pl.note(NoteOverwrite, path, "files of %q are overwritten", path)
	default:
		pl.note(NoteOverwrite, path, "%q is overwritten", path)
	}
	pl.own.destination = info
}
