package archiver

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestAFolderHoldsTheEntriesWithTheirModesAndTimes(t *testing.T) {
	p := testPlan(t, NoArchive)
	if err := os.Chmod(p.Entries[0].Source, 0o755); err != nil {
		t.Fatal(err)
	}
	p.Entries[0] = pathEntry(t, p.Entries[0].Name, p.Entries[0].Source)
	r := mustWrite(t, p, Options{SHA256: true})
	compareFolder(t, p)
	if r.Size != totalSize(p.Entries) || r.SHA256 != "" {
		t.Errorf("got %+v", r)
	}
	if got := names(t, filepath.Dir(p.Destination)); len(got) != len(p.Entries)+3 {
		t.Errorf("got %q", got)
	}
}

func compareFolder(t *testing.T, p *Plan) {
	t.Helper()
	for _, e := range p.Entries {
		path := filepath.Join(p.Destination, e.Name)
		got, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(got, read(t, e)) {
			t.Errorf("%q has other bytes: %v", e.Name, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != e.Mode || !info.ModTime().Equal(e.ModTime) {
			t.Errorf("%q: mode %v, time %v; want %v, %v", e.Name, info.Mode(), info.ModTime(), e.Mode, e.ModTime)
		}
	}
}

func TestAReproducibleFolderHasTheSameModesAndTimesUnderAnyUmask(t *testing.T) {
	epoch := time.Unix(1700000000, 0).UTC()
	for _, umask := range []int{0o022, 0o077, 0o002} {
		func() {
			defer syscall.Umask(syscall.Umask(umask))
			p := testPlan(t, NoArchive)
			p.Spec.Epoch = &epoch
			for _, e := range p.Entries {
				e.ModTime, e.Mode = epoch, 0o644
			}
			mustWrite(t, p, Options{})
			compareFolder(t, p)
			for _, name := range []string{"", "vocab", "MAR-INF"} {
				info, err := os.Stat(filepath.Join(p.Destination, name))
				if err != nil {
					t.Fatal(err)
				}
				if info.Mode() != fs.ModeDir|0o755 || !info.ModTime().Equal(epoch) {
					t.Errorf("umask %o: %q has mode %v and time %v", umask, name, info.Mode(), info.ModTime())
				}
			}
		}()
	}
}

func TestAMergeReplacesEntriesAndTouchesNothingElse(t *testing.T) {
	p := testPlan(t, NoArchive)
	p.Spec.Force = true
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	writeFileT(t, elsewhere, []byte("not to be written to"))
	for _, name := range []string{"weights/big.bin", "vocab/other.txt", "handler.py"} {
		path := filepath.Join(p.Destination, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFileT(t, path, []byte("old "+name))
	}
	if err := os.Symlink(elsewhere, filepath.Join(p.Destination, "model.pt")); err != nil {
		t.Fatal(err)
	}
	mustWrite(t, p, Options{})
	compareFolder(t, p)
	for path, want := range map[string]string{
		filepath.Join(p.Destination, "weights/big.bin"): "old weights/big.bin",
		filepath.Join(p.Destination, "vocab/other.txt"): "old vocab/other.txt",
		elsewhere: "not to be written to",
	} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", path, got, err)
		}
	}
	if got := names(t, filepath.Dir(p.Destination)); len(got) != len(p.Entries)+3+3 {
		t.Errorf("got %q", got)
	}
}

func TestAMergeIntoItsOwnSourceKeepsTheWeights(t *testing.T) {
	p := testPlan(t, NoArchive)
	p.Spec.Force = true
	if err := os.MkdirAll(p.Destination, 0o755); err != nil {
		t.Fatal(err)
	}
	want := read(t, p.Entries[3])
	path := filepath.Join(p.Destination, "model.pt")
	writeFileT(t, path, want)
	p.Entries[3] = pathEntry(t, "model.pt", path)
	mustWrite(t, p, Options{})
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("the weights are lost: %v", err)
	}
}

func TestWhatWouldStopAMergeIsFoundBeforeAnythingIsTouched(t *testing.T) {
	for name, block := range map[string]func(dir string) error{
		"a file where a folder is needed":    func(dir string) error { return os.WriteFile(filepath.Join(dir, "vocab"), nil, 0o644) },
		"a folder where a file is needed":    func(dir string) error { return os.MkdirAll(filepath.Join(dir, "model.pt"), 0o755) },
		"a link to nothing for a folder":     func(dir string) error { return os.Symlink("nothing", filepath.Join(dir, "vocab")) },
		"a folder on another file system":    func(dir string) error { return os.Symlink("/proc/self", filepath.Join(dir, "vocab")) },
		"a file where MAR-INF is to be made": func(dir string) error { return os.WriteFile(filepath.Join(dir, "MAR-INF"), nil, 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			p := testPlan(t, NoArchive)
			p.Spec.Force = true
			if err := os.MkdirAll(p.Destination, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := block(p.Destination); err != nil {
				t.Fatal(err)
			}
			before := strings.Join(names(t, filepath.Dir(p.Destination)), "\n")
			_, err := Write(t.Context(), p, Options{}, nil)
			if err == nil || !strings.Contains(err.Error(), p.Destination) {
				t.Errorf("got %v", err)
			}
			if after := strings.Join(names(t, filepath.Dir(p.Destination)), "\n"); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}
