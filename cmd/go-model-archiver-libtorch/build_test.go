package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

// noTorch is a python without torch.
func noTorch(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "python")
	if err := os.WriteFile(path, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// scripts/build-worker says what is missing and how to get it.
func TestBuildWorkerFails(t *testing.T) {
	python, empty := noTorch(t), t.TempDir()
	for name, test := range map[string]struct {
		args, env []string
		words     []string
	}{
		"a folder that is not there":  {[]string{"/nonexistent"}, nil, []string{`LIBTORCH names "/nonexistent", which does not exist`}},
		"the variable":                {nil, []string{"LIBTORCH=/nonexistent"}, []string{`"/nonexistent", which does not exist`}},
		"a folder without a libtorch": {[]string{empty}, nil, []string{`no libtorch in "` + empty + `"`, "virtual environment"}},
		"a python without torch":      {[]string{python}, nil, []string{`the python "` + python + `" has no torch`, "pip install torch"}},
		"two libtorches":              {[]string{"/usr", "/opt"}, nil, []string{"usage:"}},
		"an unknown flag":             {[]string{"-x"}, nil, []string{"usage:"}},
		"no compiler":                 {[]string{"/usr"}, []string{"CXX=nonesuch"}, []string{"no C++ compiler", "apt-get install g++"}},
	} {
		t.Run(name, func(t *testing.T) {
			output := filepath.Join(t.TempDir(), "worker")
			script := exec.Command(filepath.Join(testtools.Root(), "scripts", "build-worker"), append([]string{"-o", output}, test.args...)...)
			script.Env = append(os.Environ(), test.env...)
			said, err := script.CombinedOutput()
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 {
				t.Errorf("ended with %v\n%s", err, said)
			}
			for _, words := range test.words {
				if !strings.Contains(string(said), words) {
					t.Errorf("%s\nlacks %q", said, words)
				}
			}
			if _, err := os.Stat(output); err == nil {
				t.Error("made a worker")
			}
		})
	}
}
