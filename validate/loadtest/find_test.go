package loadtest_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// program makes an executable file of that name in a folder of its own.
func program(t *testing.T, name string) string {
	t.Helper()
	return programIn(t, t.TempDir(), name)
}

func programIn(t *testing.T, folder, name string) string {
	t.Helper()
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFindWorker(t *testing.T) {
	flag, variable, inPath := program(t, "flag"), program(t, "variable"), program(t, loadtest.WorkerName)
	t.Setenv("PATH", filepath.Dir(inPath))
	find := func(explicit, want string) {
		t.Helper()
		if got, err := loadtest.FindWorker(explicit); got != want || err != nil {
			t.Errorf("FindWorker(%q) = %q, %v, want %q", explicit, got, err, want)
		}
	}
	find("", inPath)
	t.Setenv(loadtest.WorkerVariable, variable)
	find("", variable)
	find(flag, flag)

	t.Chdir(filepath.Dir(flag))
	find("flag", flag) // the worker starts in another folder
}

func TestAVersionPicksAWorker(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	version := func(folder, version string) string {
		return programIn(t, folder, loadtest.WorkerName+"-"+version)
	}
	plain := programIn(t, two, loadtest.WorkerName)
	old, ten, nine := version(one, "1.13.1"), version(one, "2.10.0"), version(one, "2.9.1")
	short, long, shadowed := version(two, "2.6"), version(two, "2.6.0"), version(two, "1.13.1")
	version(two, "2.99-rc1")
	version(two, "")
	if err := os.WriteFile(filepath.Join(two, loadtest.WorkerName+"-2.11.0"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", one+":relative:"+two+":"+one+":/nonexistent")
	for wanted, path := range map[string]string{
		"1.13.1": old, "1": old, "2": ten, "2.9": nine, "2.10": ten, "2.6": short, "2.6.0": long, "": plain,
	} {
		if got, err := loadtest.FindWorker(wanted); got != path || err != nil {
			t.Errorf("FindWorker(%q) = %q, %v, want %q", wanted, got, err, path)
		}
	}
	t.Setenv(loadtest.WorkerVariable, "2.9")
	if got, err := loadtest.FindWorker(""); got != nine || err != nil {
		t.Errorf("the variable gives %q, %v", got, err)
	}
	if got, want := loadtest.Candidates(), []loadtest.Candidate{
		{Path: ten, Version: "2.10.0"}, {Path: nine, Version: "2.9.1"}, {Path: old, Version: "1.13.1"},
		{Path: plain}, {Path: long, Version: "2.6.0"}, {Path: short, Version: "2.6"}, {Path: shadowed, Version: "1.13.1"},
	}; !slices.Equal(got, want) {
		t.Errorf("candidates %v, want %v", got, want)
	}
	for _, wanted := range []string{"2.11", "2.1", "3", "2.99"} {
		_, err := loadtest.FindWorker(wanted)
		if !errors.Is(err, loadtest.ErrNoWorker) || !strings.Contains(err.Error(), "--worker asks for libtorch "+wanted) ||
			!strings.Contains(err.Error(), `there is 2.10.0 ("`+ten+`"), 2.9.1 (`) {
			t.Errorf("FindWorker(%q): %v", wanted, err)
		}
	}
	if err := os.Remove(plain); err != nil {
		t.Fatal(err)
	}
	t.Setenv(loadtest.WorkerVariable, "")
	if _, err := loadtest.FindWorker(""); !errors.Is(err, loadtest.ErrNoWorker) || !strings.Contains(err.Error(), "there is 2.10.0") {
		t.Errorf("without the plain name: %v", err)
	}
}

func TestFindWorkerFails(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ flag, variable, words string }{
		{"", "", "neither beside this program nor in PATH"},
		{"/nonexistent/worker", program(t, "w"), `--worker names "/nonexistent/worker": there is no such file`},
		{plain, "", "it is no program"},
		{t.TempDir(), "", "it is no program"},
		{"2.6", "", "--worker asks for libtorch 2.6, and no go-model-archiver-libtorch-VERSION is beside this program or in PATH"},
		{"./2.6", "", `--worker names "./2.6": there is no such file`},
		{"", "/nonexistent/worker", `GO_MODEL_ARCHIVER_WORKER names "/nonexistent/worker"`},
	} {
		t.Setenv(loadtest.WorkerVariable, test.variable)
		_, err := loadtest.FindWorker(test.flag)
		if !errors.Is(err, loadtest.ErrNoWorker) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("FindWorker(%q) with %q: %v, want %q", test.flag, test.variable, err, test.words)
		}
	}
}

func TestWithoutAWorkerNothingIsTried(t *testing.T) {
	result, findings := loadTest(t, testtools.Testdata("models", "scripted.pt"), nil,
		func(c *loadtest.Config) { c.Worker = "/nonexistent/worker" })
	if result.Stage != protocol.StageNone || !has(findings, rules.WorkerMissing) {
		t.Fatalf("stage %s, findings %v", result.Stage, findings)
	}
	if rule, _ := rules.Lookup(rules.WorkerMissing); !rule.Inconclusive {
		t.Error("a missing worker says nothing about the model")
	}
	if !strings.Contains(findings[0].Hint, "make worker") {
		t.Errorf("hint %q", findings[0].Hint)
	}
}

func TestMisnamedWorkers(t *testing.T) {
	for _, test := range []struct {
		path, libtorch string
		want           bool
	}{
		{"/bin/go-model-archiver-libtorch", "1.13.1", false},
		{"/bin/go-model-archiver-libtorch-2.6", "2.6.0", false},
		{"/bin/go-model-archiver-libtorch-2.6.0", "2.6.0", false},
		{"/bin/go-model-archiver-libtorch-2.16.0", "2.16.0a0+git", false},
		{"/bin/go-model-archiver-libtorch-mine", "1.13.1", false},
		{"/bin/another-2.6.0", "1.13.1", false},
		{"/bin/go-model-archiver-libtorch-2.6.0", "1.13.1", true},
		{"/bin/go-model-archiver-libtorch-1.1", "1.13.1", true},
		{"/bin/go-model-archiver-libtorch-2.6.0", "2.6", true},
	} {
		if got := loadtest.Misnamed(test.path, test.libtorch); got != test.want {
			t.Errorf("%s with libtorch %s: %t", test.path, test.libtorch, got)
		}
	}
}
