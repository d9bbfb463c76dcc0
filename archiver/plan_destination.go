package archiver

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// outputPath is what stands at the destination, links to it followed.
type outputPath struct {
	path string
	old  fs.FileInfo // nil when there was nothing yet
}

// is says whether info, of a file or folder of that name, is the archive or
// folder to be written. Another run may have made it a moment ago.
func (o *outputPath) is(info fs.FileInfo) bool {
	if info.Name() == filepath.Base(o.path) {
		if now, err := os.Stat(o.path); err == nil && os.SameFile(now, info) {
			return true
		}
	}
	return o.old != nil && os.SameFile(o.old, info)
}

// isTemp says whether Write, of this or another run, named the file or folder.
func isTemp(name string) bool {
	stem, ok := strings.CutSuffix(name, tempSuffix)
	dot := strings.LastIndexByte(stem, '.')
	return ok && dot > 0 && name[0] == '.' && isRandom(stem[dot+1:])
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
	target, err := followLinks(path)
	if err != nil {
		pl.problem(err, "", "the destination %q cannot be used: %v", path, cause(err))
		return
	}
	pl.output.path = target
	info, err := os.Stat(target)
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
	pl.output.old = info
}
