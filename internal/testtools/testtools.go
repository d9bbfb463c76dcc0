// Package testtools finds what the tests need beside Go: the Python of
// build/venv, the worker in bin, and commands of the system. What is missing
// fails the test with the way to get it; nothing is ever skipped.
package testtools

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
)

// Root is the folder that holds go.mod.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Testdata joins elem to the path of the testdata folder.
func Testdata(elem ...string) string {
	return filepath.Join(append([]string{Root(), "testdata"}, elem...)...)
}

// Python is the interpreter that has PyTorch, torch-model-archiver and
// TorchServe.
func Python(t testing.TB) string {
	return need(t, filepath.Join(Root(), "build", "venv", "bin", "python"))
}

// Worker is the worker binary that make worker built.
func Worker(t testing.TB) string {
	return need(t, filepath.Join(Root(), "bin", "go-model-archiver-libtorch"))
}

// Main is the main binary that make build built.
func Main(t testing.TB) string {
	return need(t, filepath.Join(Root(), "bin", "go-model-archiver"))
}

// Command is the path of a command of the system, such as unzip or java.
func Command(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("this test needs %s; make test installs it", name)
	}
	return path
}

func need(t testing.TB, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("this test needs %s; make test makes it", path)
	}
	return path
}
