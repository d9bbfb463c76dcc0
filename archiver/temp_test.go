package archiver

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestSweepRemovesWhatDeadRunsLeftAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "bert.mar")
	living, err := newTemp(path, createFile(0o666))
	if err != nil {
		t.Fatal(err)
	}
	defer living.close()
	livingFolder, err := newTemp(path, createFolder)
	if err != nil {
		t.Fatal(err)
	}
	defer livingFolder.close()
	for _, name := range []string{
		"bert.mar",                                // the archive
		"0123456789abcdef.tmp",                    // not hidden
		".bert.mar.0123456789abcde.tmp",           // a digit short
		".bert.mar.0123456789abcdefg.tmp",         // a letter too much
		".bert.mar.x.mar.0123456789abcdef.tmp",    // of another archive
		".bert.tar.gz.0123456789abcdef.tmp",       // of another format
		".bert.mar.0123456789abcdef.tmp.mar",      // not temporary
		".bert.mar.0123456789abcdef.bak",          // not ours
		"elsewhere.bert.mar.0123456789abcdef.tmp", // not ours
	} {
		writeFileT(t, filepath.Join(dir, name), []byte("keep"))
	}
	if err := os.Symlink("bert.mar", filepath.Join(dir, ".bert.mar.00000000000000aa.tmp")); err != nil {
		t.Fatal(err)
	}
	kept := strings.Join(names(t, dir), "\n")

	writeFileT(t, filepath.Join(dir, ".bert.mar.00000000000000bb.tmp"), []byte("dead"))
	dead := filepath.Join(dir, ".bert.mar.00000000000000cc.tmp")
	if err := errors.Join(os.Mkdir(dead, 0o755), os.WriteFile(filepath.Join(dead, "model.pt"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	sweep(path)
	if got := strings.Join(names(t, dir), "\n"); got != kept {
		t.Errorf("got\n%s\nwant\n%s", got, kept)
	}
}

func TestATempFileIsNeverSweptBetweenItsMakingAndItsLocking(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bert.mar")
	stop := make(chan struct{})
	var sweeper sync.WaitGroup
	sweeper.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				sweep(path)
			}
		}
	})
	for i := range 500 {
		create := createFile(0o666)
		if i%2 == 1 {
			create = createFolder
		}
		made, err := newTemp(path, create)
		if err != nil {
			t.Fatal(err)
		}
		if !stillThere(made.file, made.path) {
			t.Fatal("a temp file in use was swept")
		}
		if err := made.close(); err != nil {
			t.Fatal(err)
		}
	}
	close(stop)
	sweeper.Wait()
	if got := names(t, filepath.Dir(path)); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
}

func TestTheTempNameSuitsTheModelStoreAndTheFileSystem(t *testing.T) {
	dir := t.TempDir()
	for _, base := range []string{"a.mar", strings.Repeat("x", maxName-4) + ".mar"} {
		made, err := newTemp(filepath.Join(dir, base), createFile(0o666))
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Base(made.path)
		if name[0] != '.' || strings.HasSuffix(name, ".mar") || strings.HasSuffix(name, ".tar.gz") || len(name) > maxName {
			t.Errorf("%q", name)
		}
		if err := made.close(); err != nil {
			t.Fatal(err)
		}
	}
}
