package loadtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
)

// WorkerName is the name of the worker's file.
const WorkerName = "go-model-archiver-libtorch"

// WorkerVariable is the environment variable that names the worker.
const WorkerVariable = "GO_MODEL_ARCHIVER_WORKER"

// ErrNoWorker is wrapped by FindWorker's error when there is none to be found.
var ErrNoWorker = errors.New("no worker found")

// FindWorker returns the path of the worker: explicit if it is not empty, else
// what GO_MODEL_ARCHIVER_WORKER names, else the one beside the running program
// (links resolved), else the one in PATH. Of the first two, one that cannot be
// run is an error and no reason to look further.
func FindWorker(explicit string) (string, error) {
	if explicit != "" {
		return named(explicit, "--worker")
	}
	if path := os.Getenv(WorkerVariable); path != "" {
		return named(path, WorkerVariable)
	}
	if self, err := os.Executable(); err == nil {
		if self, err = filepath.EvalSymlinks(self); err == nil {
			if path := filepath.Join(filepath.Dir(self), WorkerName); runnable(path) == nil {
				return path, nil
			}
		}
	}
	if path, err := exec.LookPath(WorkerName); err == nil {
		return filepath.Abs(path)
	}
	return "", fmt.Errorf("%w: %s is neither beside this program nor in PATH", ErrNoWorker, WorkerName)
}

func named(path, by string) (string, error) {
	if err := runnable(path); err != nil {
		return "", fmt.Errorf("%w: %s names %q: %w", ErrNoWorker, by, path, err)
	}
	return filepath.Abs(path)
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
