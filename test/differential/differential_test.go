// Package differential runs the same command lines through the real
// torch-model-archiver 0.12.0 and through go-model-archiver, in identical
// fresh folders, and compares what they leave.
package differential

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
)

// run is one command line with its two folders.
type run struct {
	difference
	args     []string
	original outcome
	before   tree
	// The folders: fresh, equal, one for each tool.
	originalDir, oursDir string
}

// outcome is what a tool said.
type outcome struct {
	Code   int    `json:"code"`
	Stdout string `json:"stdout"`
	Stderr string `json:"stderr"`
}

func TestDifferential(t *testing.T) {
	runs := prepare(t)
	runOriginal(t, runs)
	var archives []string
	for _, r := range runs {
		name := r.line
		if name == "" {
			name = "no arguments"
		}
		t.Run(name, func(t *testing.T) {
			archives = append(archives, r.test(t)...)
		})
	}
	t.Run("readers", func(t *testing.T) { testReaders(t, archives) })
}

// prepare makes the folders of every command line.
func prepare(t *testing.T) []*run {
	t.Helper()
	var runs []*run
	add := func(d difference) {
		r := &run{difference: d, args: words(t, d.line)}
		root := filepath.Join(t.TempDir(), strconv.Itoa(len(runs)))
		r.originalDir, r.oursDir = filepath.Join(root, "original"), filepath.Join(root, "ours")
		for _, dir := range []string{r.originalDir, r.oursDir} {
			if d.real {
				makeReal(t, dir, r.args)
			} else {
				makeDummy(t, dir, r.args)
			}
		}
		r.before = readFolder(t, r.oursDir)
		runs = append(runs, r)
	}
	for _, line := range same {
		add(difference{line: line})
	}
	for _, line := range sameReal {
		add(difference{line: line, real: true})
	}
	for _, d := range differences {
		add(d)
	}
	return runs
}

// runOriginal runs every command line through the original.
func runOriginal(t *testing.T, runs []*run) {
	t.Helper()
	type job struct {
		Dir  string   `json:"dir"`
		Args []string `json:"args"`
	}
	jobs := make([]job, len(runs))
	for i, r := range runs {
		jobs[i] = job{r.originalDir, r.args}
	}
	input, err := json.Marshal(jobs)
	check(t, err)
	cmd := exec.Command(testtools.Python(t), filepath.Join(testtools.Root(), "test", "differential", "original.py"))
	cmd.Stdin = bytes.NewReader(input)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "PYTHONDONTWRITEBYTECODE=1")
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("original.py: %v\n%s", err, stderrOf(err))
	}
	var outcomes []outcome
	check(t, json.Unmarshal(output, &outcomes))
	for i, r := range runs {
		r.original = outcomes[i]
	}
}

func stderrOf(err error) string {
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return string(exit.Stderr)
	}
	return ""
}

// test runs ours, compares, and returns the archives that ours wrote.
func (r *run) test(t *testing.T) []string {
	ours := r.runOurs(t)
	wantOurs := r.original.Code
	if r.reason != "" {
		wantOurs = r.ours
		if r.original.Code != r.difference.original {
			t.Errorf("the original exits with %d, the table says %d\n%s", r.original.Code, r.difference.original, r.original.Stderr)
		}
	}
	if ours.Code != wantOurs {
		t.Errorf("exit code %d, want %d\n%s\nthe original (%d) said:\n%s", ours.Code, wantOurs, ours.Stderr, r.original.Code, r.original.Stderr)
		return nil
	}
	after := readFolder(t, r.oursDir)
	got, err := written(r.before, after)
	if err != nil {
		t.Fatal(err)
	}
	if ours.Code != 0 {
		r.testFailure(t, ours, got)
		return nil
	}
	r.testSuccess(t, got)
	return r.archives(after)
}

// testFailure wants words on stderr, nothing written, and nothing on stdout
// but the report of a load test.
func (r *run) testFailure(t *testing.T, ours outcome, got tree) {
	t.Helper()
	if ours.Stderr == "" || ours.Stdout != "" && ours.Code < 3 {
		t.Errorf("a failure belongs on stderr; stdout: %q, stderr: %q", ours.Stdout, ours.Stderr)
	}
	for _, problem := range compare(tree{}, got) {
		t.Errorf("after a failure, %s", problem)
	}
}

func (r *run) testSuccess(t *testing.T, got tree) {
	t.Helper()
	if r.original.Code != 0 || r.unlike {
		if len(got) == 0 {
			t.Error("nothing was written")
		}
		return
	}
	want, err := written(r.before, readFolder(t, r.originalDir))
	if err != nil {
		t.Fatalf("the original's %v", err)
	}
	for _, name := range r.added {
		entry := "m.mar!" + name
		if got[entry].content != r.before[name].content {
			t.Errorf("%q is missing or holds other bytes", entry)
		}
		delete(got, entry)
	}
	for _, problem := range compare(want, got) {
		t.Error(problem)
	}
}

// archives are the paths of the archives that ours wrote.
func (r *run) archives(after tree) []string {
	var paths []string
	for name, f := range after {
		if r.before[name] != f && (strings.HasSuffix(name, ".mar") || strings.HasSuffix(name, ".tar.gz")) {
			paths = append(paths, filepath.Join(r.oursDir, name))
		}
	}
	return paths
}

// runOurs runs go-model-archiver; with dummy files nothing is load-tested and
// every finding is ignored.
func (r *run) runOurs(t *testing.T) outcome {
	t.Helper()
	args := r.args
	if !r.real {
		args = append([]string{"--load-test=off", "--ignore", "*"}, args...)
	}
	cmd := exec.Command(testtools.Main(t), args...)
	cmd.Dir = r.oursDir
	cmd.Env = append(os.Environ(), "GO_MODEL_ARCHIVER_WORKER="+testtools.Worker(t))
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return outcome{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// TestOriginalInOneProcess checks that running the original many times in one
// process is running it as a command.
func TestOriginalInOneProcess(t *testing.T) {
	command := filepath.Join(filepath.Dir(testtools.Python(t)), "torch-model-archiver")
	for _, line := range []string{"$m --extra-files extra", "$m --extra-files missing.txt", "$m stray"} {
		t.Run(line, func(t *testing.T) {
			r := &run{difference: difference{line: line}, args: words(t, line), originalDir: t.TempDir()}
			makeDummy(t, r.originalDir, r.args)
			before := readFolder(t, r.originalDir)
			runOriginal(t, []*run{r})
			inOneProcess, err := written(before, readFolder(t, r.originalDir))
			check(t, err)

			dir := t.TempDir()
			makeDummy(t, dir, r.args)
			cmd := exec.Command(command, r.args...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "TMPDIR="+t.TempDir())
			output, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != r.original.Code {
				t.Errorf("exit code %d, in one process %d\n%s", code, r.original.Code, output)
			}
			asCommand, err := written(before, readFolder(t, dir))
			check(t, err)
			for _, problem := range compare(asCommand, inOneProcess) {
				t.Error(problem)
			}
		})
	}
}
