package archiver

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const kills = 200

func TestAKillLeavesTheOldArchiveOrTheNewOneAndTheNextRunCleansUp(t *testing.T) {
	store, weights := t.TempDir(), weightsFile(t, 2<<20)
	formats := []Format{Default, ZipStore, TGZ}
	took := map[Format]time.Duration{}
	for _, f := range formats {
		start := time.Now()
		if out, err := packer(t, string(f), store, weights, "force").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		took[f] = time.Since(start)
	}
	completed, litter := 0, 0
	for i := range kills {
		f := formats[i%len(formats)]
		destination := filepath.Join(store, "bert"+f.Extension())
		cmd := packer(t, string(f), store, weights, "force")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(took[f]))
		if err := cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
			t.Fatal(err)
		}
		if exitCode(t, cmd.Wait()) == exitDone {
			completed++
		}
		if err := intact(destination); err != nil {
			t.Fatalf("after kill %d: %v", i, err)
		}
		if len(names(t, store)) > 2 {
			litter++
		}
	}
	t.Logf("%d runs of %d were through; after %d there was a temp file", completed, kills, litter)
	if litter == 0 {
		t.Error("no kill met a run that was writing")
	}
	for _, f := range formats {
		if out, err := packer(t, string(f), store, weights, "force").CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	if got := names(t, store); len(got) != 2 {
		t.Errorf("litter after the next run: %q", got)
	}
}

func TestAKilledNewFolderIsWholeOrNotThere(t *testing.T) {
	weights := weightsFile(t, 2<<20)
	want, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	store := t.TempDir()
	for range 30 {
		cmd := packer(t, string(NoArchive), store, weights)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(60 * time.Millisecond))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		folder := filepath.Join(store, "bert")
		if !isFolder(folder) {
			continue
		}
		got, err := os.ReadFile(filepath.Join(folder, filepath.Base(weights)))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("the weights are broken: %d bytes, %v", len(got), err)
		}
		if _, err := os.Stat(filepath.Join(folder, "MAR-INF", "MANIFEST.json")); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := packer(t, string(NoArchive), store, weights).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, err := os.ReadDir(store); len(got) != 1 || err != nil {
		t.Errorf("litter after the next run: %v, %v", got, err)
	}
}

func TestAKilledMergeLeavesWholeFiles(t *testing.T) {
	store, weights := t.TempDir(), weightsFile(t, 2<<20)
	kept := filepath.Join(store, "bert", "unpacked", "weights.bin")
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFileT(t, kept, []byte("kept"))
	want, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	for range 30 {
		cmd := packer(t, string(NoArchive), store, weights, "force")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(60 * time.Millisecond))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		got, err := os.ReadFile(filepath.Join(store, "bert", filepath.Base(weights)))
		if err == nil && !bytes.Equal(got, want) {
			t.Fatalf("the weights are broken: %d bytes", len(got))
		}
	}
	if out, err := packer(t, string(NoArchive), store, weights, "force").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := strings.Join(names(t, store), " "); got !=
		"bert bert/MAR-INF bert/MAR-INF/MANIFEST.json bert/model.pt bert/unpacked bert/unpacked/weights.bin" {
		t.Errorf("got %s", got)
	}
}

func TestATerminatedRunRemovesItsTempFileAtOnce(t *testing.T) {
	store := t.TempDir()
	weights := filepath.Join(t.TempDir(), "model.pt")
	writeFileT(t, weights, nil)
	if err := os.Truncate(weights, 2<<30); err != nil { // surely not done at once
		t.Fatal(err)
	}
	cmd := packer(t, string(Default), store, weights)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for len(names(t, store)) == 0 {
		time.Sleep(time.Millisecond)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, cmd.Wait()); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
	if got := names(t, store); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
}

func TestOfFiftyRunsAtOnceOneWinsAndNoneDisturbsAnother(t *testing.T) {
	weights := weightsFile(t, 1<<20)
	for _, format := range Formats() {
		for _, force := range []bool{false, true} {
			store := t.TempDir()
			count := atOnce(t, 50, func(int) []string {
				args := []string{string(format), store, weights}
				if force {
					args = append(args, "force")
				}
				return args
			})
			want := map[int]int{exitDone: 1, exitExists: 49}
			if force {
				want = map[int]int{exitDone: 50}
			}
			if fmt.Sprint(count) != fmt.Sprint(want) {
				t.Errorf("%s, force=%v: exit codes %v, want %v", format, force, count, want)
			}
			if format == Default {
				if err := intact(filepath.Join(store, "bert.mar")); err != nil {
					t.Error(err)
				}
			}
			if got, err := os.ReadDir(store); len(got) != 1 || err != nil {
				t.Errorf("%s, force=%v: litter: %v, %v", format, force, got, err)
			}
		}
	}
}

// atOnce starts n packers and counts their exit codes.
func atOnce(t *testing.T, n int, args func(i int) []string) map[int]int {
	codes := make([]int, n)
	var all sync.WaitGroup
	for i := range codes {
		cmd := packer(t, args(i)...)
		all.Go(func() { codes[i] = exitCode(t, cmd.Run()) })
	}
	all.Wait()
	count := map[int]int{}
	for _, code := range codes {
		count[code]++
	}
	return count
}

func TestMergesAtOnceDoNotMix(t *testing.T) {
	const files = 500
	store, weights := t.TempDir(), weightsFile(t, 1<<10)
	if err := os.Mkdir(filepath.Join(store, "bert"), 0o755); err != nil {
		t.Fatal(err)
	}
	count := atOnce(t, 20, func(i int) []string {
		extra := t.TempDir()
		for k := range files {
			writeFileT(t, filepath.Join(extra, fmt.Sprintf("%03d.txt", k)), []byte(fmt.Sprint(i)))
		}
		return []string{string(NoArchive), store, weights, "force", "extra=" + extra}
	})
	if count[exitDone] != 20 {
		t.Errorf("exit codes %v", count)
	}
	seen := map[string]int{}
	for k := range files {
		content, err := os.ReadFile(filepath.Join(store, "bert", fmt.Sprintf("%03d.txt", k)))
		if err != nil {
			t.Fatal(err)
		}
		seen[string(content)]++
	}
	if len(seen) != 1 {
		t.Errorf("files of several runs: %v", seen)
	}
}

func TestADiskThatIsOrGetsFullLeavesTheOldArchive(t *testing.T) {
	weights := weightsFile(t, 8<<20)
	for _, c := range []struct{ option, want string }{
		{"tmpfs=4m", "not enough space"},
		{"tmpfs=12m", "no space left"},
	} {
		for _, format := range Formats() {
			store := t.TempDir()
			code, out := packOnSmallDisk(t, string(format), store, weights, c.option, "fill", "force")
			if code != exitFailed || !strings.Contains(out, c.want) {
				t.Errorf("%s, %s: exit code %d:\n%s", format, c.option, code, out)
			}
			if !strings.Contains(out, ": the old one\n") || strings.Contains(out, "\n.") {
				t.Errorf("%s, %s: then there was:\n%s", format, c.option, out)
			}
		}
	}
}

func TestHolesNeedNoSpace(t *testing.T) {
	sparse := filepath.Join(t.TempDir(), "model.pt")
	writeFileT(t, sparse, nil)
	if err := os.Truncate(sparse, 256<<20); err != nil {
		t.Fatal(err)
	}
	for _, format := range Formats() {
		if code, out := packOnSmallDisk(t, string(format), t.TempDir(), sparse, "tmpfs=12m", "force"); code != exitDone {
			t.Errorf("%s: exit code %d:\n%s", format, code, out)
		}
	}
}

func TestAReadOnlyDestinationIsAnErrorThatLeavesTheOldArchive(t *testing.T) {
	weights := weightsFile(t, 1<<20)
	for _, format := range Formats() {
		code, out := packOnSmallDisk(t, string(format), t.TempDir(), weights, "tmpfs=4m", "readonly", "force")
		if code != exitFailed || !strings.Contains(out, "read-only") || !strings.Contains(out, ": the old one\n") {
			t.Errorf("%s: exit code %d:\n%s", format, code, out)
		}
	}
}

// packOnSmallDisk runs the helper where it may mount a file system: as root in
// a mount namespace of its own, as anybody else in a user namespace too.
func packOnSmallDisk(t *testing.T, args ...string) (int, string) {
	t.Helper()
	cmd := packer(t, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWNS | syscall.CLONE_NEWUSER,
			UidMappings: []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}},
		}
	}
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("a process that may mount a small disk can't be started (run as root, or allow user namespaces): %v", err)
	}
	code := exitCode(t, err)
	if code == exitNoMount {
		t.Fatalf("a small disk can't be mounted (run as root, or allow user namespaces): %s", out)
	}
	return code, string(out)
}

func TestAWriteThatFailsMidwayLeavesNothing(t *testing.T) {
	for _, format := range Formats() {
		store, weights := t.TempDir(), weightsFile(t, 8<<20)
		out, err := packer(t, string(format), store, weights, "limit").CombinedOutput()
		if code := exitCode(t, err); code != exitFailed || !strings.Contains(string(out), "too large") {
			t.Errorf("%s: exit code %d: %s", format, code, out)
		}
		if got := names(t, store); len(got) > 0 {
			t.Errorf("%s: left: %q", format, got)
		}
	}
}

// weightsFile makes a file of n bytes of weights, named model.pt.
func weightsFile(t testing.TB, n int) string {
	t.Helper()
	data := make([]byte, n)
	fillWeights(data)
	path := filepath.Join(t.TempDir(), "model.pt")
	writeFileT(t, path, data)
	return path
}

// intact reads a whole archive of two entries and checks its sums.
func intact(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if strings.HasSuffix(path, ".mar") {
		return intactZip(f)
	}
	g, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	r := tar.NewReader(g)
	for range 2 {
		if _, err := r.Next(); err != nil {
			return err
		}
	}
	_, err = io.Copy(io.Discard, g)
	return err
}

func intactZip(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	z, err := zip.NewReader(f, info.Size())
	if err != nil {
		return err
	}
	if len(z.File) != 2 {
		return fmt.Errorf("%d entries", len(z.File))
	}
	for _, e := range z.File {
		r, err := e.Open()
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			return err
		}
	}
	return nil
}
