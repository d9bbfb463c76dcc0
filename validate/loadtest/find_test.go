package loadtest_test

import (
	"errors"
	"os"
	"path/filepath"
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
	path := filepath.Join(t.TempDir(), name)
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
