package loadtest_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go-model-archiver/validate/loadtest"
)

func TestExamineTriesTheWorker(t *testing.T) {
	e := loadtest.Examine(context.Background(), worker(t), time.Minute)
	if e.Problem != "" || e.Libtorch == "" || e.Description == nil || e.Seconds <= 0 {
		t.Fatalf("%+v", e)
	}
	d := e.Description
	if d.GFLOPS <= 0 || d.BLAS == "" || !slices.Contains(d.Devices, "cpu") || !strings.Contains(d.Config, "PyTorch built with") {
		t.Errorf("%+v", d)
	}
	noWorkersOf(t, os.Getpid())
}

func TestExamineSaysWhatIsWrong(t *testing.T) {
	fake := func(script string) string {
		path := filepath.Join(t.TempDir(), "worker")
		if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const hello = `echo '{"protocol":3,"libtorch":"2.6.0"}'; read line; `
	for name, test := range map[string]struct {
		path, problem string
		described     bool
	}{
		"no program":          {filepath.Join(t.TempDir(), "worker"), "cannot be started", false},
		"silence":             {fake("sleep 60"), "did not answer within 2s", false},
		"nonsense":            {fake("echo Segmentation fault"), "sent what it should not", false},
		"another protocol":    {fake(`echo '{"protocol":99}'`), "speaks version 99 of the protocol", false},
		"another reply":       {fake(hello + `echo '{"loaded":{}}'`), "sent what it should not", false},
		"a failure":           {fake(hello + `echo '{"failure":{"stage":"open","message":"no CPU"}}'; sleep 9`), "no CPU", false},
		"death":               {fake(hello + `kill -SEGV $$`), "SIGSEGV", false},
		"death while loading": {fake(hello + `echo '{"described":{"gflops":9}}'; read line; kill -ABRT $$`), "SIGABRT", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := loadtest.Examine(context.Background(), test.path, 2*time.Second)
			if !strings.Contains(e.Problem, test.problem) || (e.Description != nil) != test.described {
				t.Errorf("problem %q (%+v), want %q", e.Problem, e, test.problem)
			}
		})
	}
}
