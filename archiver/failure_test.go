package archiver

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// tee lets a test act while an entry is read.
type tee func(p []byte) error

func (f tee) Write(p []byte) (int, error) { return len(p), f(p) }

// once calls f for the first write only.
func once(f func() error) tee {
	done := false
	return func([]byte) error {
		if done {
			return nil
		}
		done = true
		return f()
	}
}

var errStop = errors.New("stop here")

// failures are the ways in which a packaging can fail; each changes a plan so
// that it must, and says with which error.
var failures = []struct {
	name string
	want error
	set  func(t *testing.T, p *Plan, cancel func()) func(context.Context) error
}{
	{"source shrinks", ErrSourceChanged, whileReading(func(path string) error { return os.Truncate(path, 1<<20) })},
	{"source grows", ErrSourceChanged, whileReading(func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteString("more")
		return errors.Join(err, f.Close())
	})},
	{"source changes", ErrSourceChanged, whileReading(func(path string) error {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		_, err = f.WriteAt([]byte("other"), 0)
		return errors.Join(err, f.Close())
	})},
	{"source is replaced before", ErrSourceChanged, func(t *testing.T, p *Plan, _ func()) func(context.Context) error {
		path := p.Entries[3].Source
		data := read(t, p.Entries[3])
		writeFileT(t, path+".new", data)
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
		return nil
	}},
	{"source is removed before", fs.ErrNotExist, func(t *testing.T, p *Plan, _ func()) func(context.Context) error {
		if err := os.Remove(p.Entries[3].Source); err != nil {
			t.Fatal(err)
		}
		return nil
	}},
	{"source fails with EIO", unix.EIO, func(t *testing.T, p *Plan, _ func()) func(context.Context) error {
		// Nothing is mapped at address 0, and reading there is this error.
		f, err := os.Open("/proc/self/mem")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		p.Entries[3] = &Entry{Name: "model.pt", Source: f.Name(), Size: 4096, Mode: 0o644, file: f, info: info}
		return nil
	}},
	{"tee fails", errStop, func(_ *testing.T, p *Plan, _ func()) func(context.Context) error {
		p.Entries[3].Tee = tee(func([]byte) error { return errStop })
		return nil
	}},
	{"gate refuses", errStop, func(*testing.T, *Plan, func()) func(context.Context) error {
		return func(context.Context) error { return errStop }
	}},
	{"cancelled while reading", context.Canceled, func(_ *testing.T, p *Plan, cancel func()) func(context.Context) error {
		p.Entries[3].Tee = once(func() error { cancel(); return nil })
		return nil
	}},
	{"cancelled in the gate", context.Canceled, func(_ *testing.T, _ *Plan, cancel func()) func(context.Context) error {
		return func(context.Context) error { cancel(); return nil }
	}},
}

// whileReading changes the source of the weights when their first bytes are read.
func whileReading(change func(path string) error) func(*testing.T, *Plan, func()) func(context.Context) error {
	return func(_ *testing.T, p *Plan, _ func()) func(context.Context) error {
		e := p.Entries[3]
		e.Tee = once(func() error { return change(e.Source) })
		return nil
	}
}

func TestAFailureLeavesTheDestinationAsItWasAndNoLitter(t *testing.T) {
	for _, failure := range failures {
		for _, format := range Formats() {
			for _, force := range []bool{false, true} {
				t.Run(fmt.Sprint(failure.name, "/", format, "/force=", force), func(t *testing.T) {
					p := testPlan(t, format)
					store := filepath.Dir(p.Destination)
					if force {
						p.Spec.Force = true
						putOld(t, p)
					}
					before := snapshot(t, store)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					gate := failure.set(t, p, cancel)
					if _, err := Write(ctx, p, Options{}, gate); !errors.Is(err, failure.want) {
						t.Errorf("got %v, want %v", err, failure.want)
					}
					if after := snapshot(t, store); after != before {
						t.Errorf("before:\n%s\nafter:\n%s", before, after)
					}
				})
			}
		}
	}
}

// putOld puts an older archive or folder at the plan's destination.
func putOld(t *testing.T, p *Plan) {
	t.Helper()
	old := p.Destination
	if p.Spec.Format == NoArchive {
		old = filepath.Join(p.Destination, "model.pt")
	}
	if err := os.MkdirAll(filepath.Dir(old), 0o755); err != nil {
		t.Fatal(err)
	}
	writeFileT(t, old, []byte("the old one"))
}

// snapshot describes everything below dir; a missing dir is as an empty one.
func snapshot(t *testing.T, dir string) string {
	t.Helper()
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	var b strings.Builder
	for _, name := range names(t, dir) {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		data := ""
		if info.Mode().IsRegular() {
			content, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			data = fmt.Sprintf("%x", sha256.Sum256(content))
		}
		fmt.Fprintln(&b, name, info.Mode(), data)
	}
	return b.String()
}

func TestAnExistingDestinationWithoutForceIsKept(t *testing.T) {
	for _, format := range Formats() {
		p := testPlan(t, format)
		putOld(t, p)
		before := snapshot(t, filepath.Dir(p.Destination))
		_, err := Write(t.Context(), p, Options{}, nil)
		if !errors.Is(err, ErrExists) || !strings.Contains(err.Error(), p.Destination) {
			t.Errorf("%s: got %v", format, err)
		}
		if after := snapshot(t, filepath.Dir(p.Destination)); after != before {
			t.Errorf("%s: before:\n%s\nafter:\n%s", format, before, after)
		}
	}
}

func TestADestinationThatAppearsMeanwhileIsKept(t *testing.T) {
	for _, format := range Formats() {
		p := testPlan(t, format)
		_, err := Write(t.Context(), p, Options{}, func(context.Context) error {
			putOld(t, p)
			return nil
		})
		if !errors.Is(err, ErrExists) {
			t.Errorf("%s: got %v", format, err)
		}
		if got := names(t, filepath.Dir(p.Destination)); len(got) > 2 {
			t.Errorf("%s: litter in %q", format, got)
		}
	}
}

func TestWhereTheFileSystemHasNoExclusiveRenameALinkServes(t *testing.T) {
	dir := t.TempDir()
	from, to := filepath.Join(dir, "from"), filepath.Join(dir, "to")
	for _, make := range []func(string) error{
		func(path string) error { return os.WriteFile(path, []byte("new"), 0o644) },
		func(path string) error { return os.Mkdir(path, 0o755) },
	} {
		if err := errors.Join(make(from), linkNew(from, to)); err != nil {
			t.Fatal(err)
		}
		if got := names(t, dir); len(got) != 1 || got[0] != "to" {
			t.Errorf("got %q", got)
		}
		if err := make(from); err != nil {
			t.Fatal(err)
		}
		if err := linkNew(from, to); !errors.Is(err, fs.ErrExist) {
			t.Errorf("onto an existing one: %v", err)
		}
		if err := errors.Join(os.RemoveAll(from), os.RemoveAll(to)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestADestinationOfTheWrongKindIsRefused(t *testing.T) {
	for _, format := range Formats() {
		p := testPlan(t, format)
		p.Spec.Force = true
		var err error
		if format == NoArchive {
			err = errors.Join(os.MkdirAll(filepath.Dir(p.Destination), 0o755), os.WriteFile(p.Destination, nil, 0o644))
		} else {
			err = os.MkdirAll(p.Destination, 0o755)
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, err = Write(t.Context(), p, Options{}, nil); err == nil || !strings.Contains(err.Error(), p.Destination) {
			t.Errorf("%s: got %v", format, err)
		}
	}
}

func TestTheModeIsThatOfTheReplacedFileOrOfTheUmask(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	p := testPlan(t, Default)
	mustWrite(t, p, Options{})
	wantMode(t, p.Destination, 0o640)
	if err := os.Chmod(p.Destination, 0o606); err != nil {
		t.Fatal(err)
	}
	p.Spec.Force = true
	mustWrite(t, p, Options{})
	wantMode(t, p.Destination, 0o606)
}

func wantMode(t *testing.T, path string, want fs.FileMode) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != want {
		t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
	}
}

func TestALinkAtTheDestinationIsWrittenThrough(t *testing.T) {
	for _, exists := range []bool{true, false} {
		p := testPlan(t, Default)
		p.Spec.Force = exists
		dir := filepath.Dir(p.Destination)
		elsewhere := filepath.Join(dir, "elsewhere")
		if err := os.MkdirAll(elsewhere, 0o755); err != nil {
			t.Fatal(err)
		}
		if exists {
			writeFileT(t, filepath.Join(elsewhere, "real.mar"), []byte("old"))
		}
		if err := os.Symlink("elsewhere/real.mar", p.Destination); err != nil {
			t.Fatal(err)
		}
		mustWrite(t, p, Options{})
		checkZip(t, p)
		if info, err := os.Lstat(p.Destination); err != nil || info.Mode()&fs.ModeSymlink == 0 {
			t.Errorf("the link is gone: %v, %v", info, err)
		}
		if got := names(t, elsewhere); len(got) != 1 {
			t.Errorf("got %q", got)
		}
	}
	p := testPlan(t, Default)
	if err := errors.Join(os.MkdirAll(filepath.Dir(p.Destination), 0o755), os.Symlink(filepath.Base(p.Destination), p.Destination)); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), p, Options{}, nil); err == nil {
		t.Error("a link to itself was written through")
	}
}

func TestResultSaysWhatWasWritten(t *testing.T) {
	for _, format := range []Format{Default, ZipStore, TGZ} {
		p := testPlan(t, format)
		r := mustWrite(t, p, Options{SHA256: true})
		data, err := os.ReadFile(p.Destination)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if r.Path != p.Destination || r.Format != format || r.Size != int64(len(data)) || r.SHA256 != hex.EncodeToString(sum[:]) {
			t.Errorf("got %+v for %d bytes, %x", r, len(data), sum)
		}
	}
}

func TestTeeGetsEveryByteAndProgressCountsThem(t *testing.T) {
	for _, format := range Formats() {
		p := testPlan(t, format)
		var copied bytes.Buffer
		p.Entries[3].Tee = &copied
		var n int64
		mustWrite(t, p, Options{Progress: func(k int64) { n += k }})
		if !bytes.Equal(copied.Bytes(), read(t, p.Entries[3])) {
			t.Errorf("%s: the tee got %d bytes", format, copied.Len())
		}
		if want := totalSize(p.Entries); n != want {
			t.Errorf("%s: progress of %d bytes, want %d", format, n, want)
		}
	}
}
