package loadtest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// WorkerName is the name of the worker's file. A worker of a certain libtorch
// has its version behind it: go-model-archiver-libtorch-2.6.0.
const WorkerName = "go-model-archiver-libtorch"

// WorkerVariable is the environment variable that names the worker.
const WorkerVariable = "GO_MODEL_ARCHIVER_WORKER"

// ErrNoWorker is wrapped by FindWorker's error when there is none to be found.
var ErrNoWorker = errors.New("no worker found")

// Candidate is a file that is named like a worker.
type Candidate struct {
	Path string
	// Version is that of the name, or empty for plain WorkerName.
	Version string
}

// FindWorker returns the path of the worker: explicit if it is not empty, else
// what GO_MODEL_ARCHIVER_WORKER names, else the one beside the running program
// (links resolved), else the one in PATH. The first two are a path, or a
// version such as "2.6", which stands for the worker of that name in the last
// two places, the newest of those that begin with it. One that cannot be run
// is an error and no reason to look further.
func FindWorker(explicit string) (string, error) {
	if explicit != "" {
		return named(explicit, "--worker")
	}
	if name := os.Getenv(WorkerVariable); name != "" {
		return named(name, WorkerVariable)
	}
	for _, folder := range workerFolders() {
		if path := filepath.Join(folder, WorkerName); runnable(path) == nil {
			return path, nil
		}
	}
	err := fmt.Errorf("%w: %s is neither beside this program nor in PATH", ErrNoWorker, WorkerName)
	if candidates := Candidates(); len(candidates) > 0 {
		err = fmt.Errorf("%w; %s", err, listed(candidates))
	}
	return "", err
}

func named(name, by string) (string, error) {
	if isVersion.MatchString(name) {
		return ofVersion(name, by)
	}
	if err := runnable(name); err != nil {
		return "", fmt.Errorf("%w: %s names %q: %w", ErrNoWorker, by, name, err)
	}
	return filepath.Abs(name)
}

var isVersion = regexp.MustCompile(`^[0-9]+(\.[0-9]+)*$`)

// ofVersion picks the newest worker whose version is the wanted one or begins
// with it; among equals the first place wins.
func ofVersion(version, by string) (string, error) {
	candidates := Candidates()
	var best *Candidate
	for i, c := range candidates {
		if c.Version == version {
			return c.Path, nil
		}
		if strings.HasPrefix(c.Version, version+".") && (best == nil || compareVersions(c.Version, best.Version) > 0) {
			best = &candidates[i]
		}
	}
	if best == nil {
		return "", fmt.Errorf("%w: %s asks for libtorch %s, and %s", ErrNoWorker, by, version, listed(candidates))
	}
	return best.Path, nil
}

// listed says which workers of a version there are.
func listed(candidates []Candidate) string {
	var words []string
	for _, c := range candidates {
		if c.Version != "" {
			words = append(words, fmt.Sprintf("%s (%q)", c.Version, c.Path))
		}
	}
	if words == nil {
		return fmt.Sprintf("no %s-VERSION is beside this program or in PATH", WorkerName)
	}
	return "there is " + strings.Join(words, ", ")
}

// Candidates lists what is named like a worker beside the running program and
// in PATH, in that order; in each folder the plain name comes first, then the
// versions, the newest first. A file that has several names is listed with each.
func Candidates() []Candidate {
	var found []Candidate
	for _, folder := range workerFolders() {
		found = append(found, candidatesIn(folder)...)
	}
	return found
}

// workerFolders are the folders to look into, each once; relative ones of PATH
// are left out, as os/exec does.
func workerFolders() []string {
	var folders []string
	add := func(folder string) {
		if !slices.Contains(folders, folder) {
			folders = append(folders, folder)
		}
	}
	if self, err := os.Executable(); err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			add(filepath.Dir(self))
		}
	}
	for _, folder := range filepath.SplitList(os.Getenv("PATH")) {
		if filepath.IsAbs(folder) {
			add(filepath.Clean(folder))
		}
	}
	return folders
}

func candidatesIn(folder string) []Candidate {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil // many a PATH names a folder that is not there
	}
	var found []Candidate
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		version := VersionOfName(path)
		if (version != "" || e.Name() == WorkerName) && runnable(path) == nil {
			found = append(found, Candidate{Path: path, Version: version})
		}
	}
	slices.SortFunc(found, func(a, b Candidate) int {
		if a.Version == "" || b.Version == "" {
			return strings.Compare(a.Version, b.Version)
		}
		return compareVersions(b.Version, a.Version)
	})
	return found
}

// VersionOfName is the version in the name of a worker's file, or empty.
func VersionOfName(path string) string {
	version, ok := strings.CutPrefix(filepath.Base(path), WorkerName+"-")
	if !ok || !isVersion.MatchString(version) {
		return ""
	}
	return version
}

// Misnamed says that the name of a worker's file has another version than its
// libtorch, as a link that was left behind has. A name may leave out the end:
// 2.6 fits 2.6.0.
func Misnamed(path, libtorch string) bool {
	rest, ok := strings.CutPrefix(libtorch, VersionOfName(path))
	return !ok || VersionOfName(path) != "" && rest != "" && '0' <= rest[0] && rest[0] <= '9'
}

// compareVersions compares dotted numbers: 2.10 is newer than 2.9.
func compareVersions(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		return cmp.Or(cmp.Compare(len(x), len(y)), strings.Compare(x, y))
	})
}

func runnable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.New("there is no such file")
	case err != nil:
		return err
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return errors.New("it is no program")
	}
	return nil
}
