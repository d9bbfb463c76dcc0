package archiver

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func contextCancelled(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx, cancel
}

func TestEveryProblemIsToldOf(t *testing.T) {
	inTree(t, map[string]string{
		"a/x.txt": "one", "b/x.txt": "two", "export": "a file", "folder.pt/": "", "out/m.mar": "old",
	})
	err := mustFail(t, Spec{
		ModelName: "-m", Version: "\xff", Handler: "nohandler.py", SerializedFile: "folder.pt", ModelFile: "nomodel.py",
		RequirementsFile: "noreq.txt", ConfigFile: "noconf.yaml", ExtraFiles: "a/x.txt,b/x.txt,noextra.txt",
		Runtime: "ruby", Format: "rar", ExportPath: "export", Exclude: []string{"[a"},
	})
	wantInError(t, err,
		`"-m" is not a model name`, `the model version "\xff" is not valid UTF-8`, `unknown runtime "ruby"`,
		`unknown archive format "rar"`, `the export path "export" is a file, not a folder`,
		`the exclude pattern "[a" is malformed`,
		`the handler "nohandler.py" does not exist`, `the serialized file "folder.pt" is a folder, not a regular file`,
		`the model file "nomodel.py" does not exist`, `the requirements file "noreq.txt" does not exist`,
		`the config file "noconf.yaml" does not exist`, `the extra file "noextra.txt" does not exist`,
		`"a/x.txt" and "b/x.txt" differ and both become the entry "x.txt"`)
	if !errors.Is(err, ErrNameClash) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the kinds of problems cannot be told from %v", err)
	}
	if n := len(err.(interface{ Unwrap() []error }).Unwrap()); n != 13 {
		t.Errorf("%d problems, want 13", n)
	}
	if _, err := os.Stat("MAR-INF"); err == nil {
		t.Error("planning wrote something")
	}
}

func TestAProblemHasAMessageAndAHint(t *testing.T) {
	inTree(t, nil)
	err := mustFail(t, packing(func(s *Spec) { s.Handler = "image_clasifier" }))
	var p *Problem
	if !errors.As(err, &p) {
		t.Fatalf("%T holds no *Problem", err)
	}
	if p.Message != `the handler "image_clasifier.py" does not exist` || !strings.Contains(p.Hint, "image_classifier") {
		t.Errorf("problem is %+v", p)
	}
}

func TestModelNames(t *testing.T) {
	inTree(t, nil)
	for _, name := range []string{"a", "7", "A-b_c.d", "x..", "0.1"} {
		mustPlan(t, packing(func(s *Spec) { s.ModelName = name }))
	}
	for _, name := range []string{"", ".a", "_a", "-a", "a/b", "a b", "ä", "a\n", "..", "a:b"} {
		err := mustFail(t, packing(func(s *Spec) { s.ModelName = name }))
		wantInError(t, err, "is not a model name")
	}
}

func TestAnExistingDestinationNeedsForce(t *testing.T) {
	inTree(t, map[string]string{"m.mar": "old", "m.tar.gz": "old", "m/": ""})
	for _, format := range Formats() {
		s := packing(func(s *Spec) { s.Format = format })
		err := mustFail(t, s)
		if !errors.Is(err, ErrExists) {
			t.Errorf("%s: %v is not ErrExists", format, err)
		}
		wantInError(t, err, `"m`+format.Extension()+`" already exists`, "--force")

		s.Force = true
		wantNotes(t, mustPlan(t, s), "overwrite: overwritten")
	}
}

func TestAnExistingDestinationOfTheWrongKindIsRefused(t *testing.T) {
	inTree(t, map[string]string{"m.mar/": "", "m": "a file", "elsewhere/": "", "n.mar": "-> elsewhere", "l.mar": "-> l.mar"})
	if err := syscall.Mkfifo("p.mar", 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		format Format
		want   string
	}{
		{"m", Default, `"m.mar" is to become a file and is a folder`},
		{"n", Default, `"n.mar" is to become a file and is a folder`},
		{"p", Default, `"p.mar" is to become a file and is a fifo`},
		{"m", NoArchive, `"m" is to become a folder and is a file`},
		{"l", Default, `the destination "l.mar" cannot be used`},
	} {
		err := mustFail(t, packing(func(s *Spec) { s.ModelName, s.Format, s.Force = c.name, c.format, true }))
		wantInError(t, err, c.want)
	}
}

func TestADestinationThatIsADanglingLinkIsFree(t *testing.T) {
	inTree(t, map[string]string{"m.mar": "-> store.mar"})
	wantNotes(t, mustPlan(t, packing(func(*Spec) {})))
}

func TestExportPaths(t *testing.T) {
	inTree(t, map[string]string{"file": "", "lost": "-> nowhere"})
	p := mustPlan(t, packing(func(s *Spec) { s.ExportPath = "new/deep" }))
	wantNotes(t, p, `export-path: "new/deep" does not exist`)
	if _, err := os.Stat("new"); err == nil {
		t.Error("planning made the export path")
	}
	for path, want := range map[string]string{
		"file":     `the export path "file" is a file, not a folder`,
		"file/sub": `the export path "file/sub" cannot be used: not a directory`,
		"lost":     `the export path "lost" is a link to nothing`,
	} {
		wantInError(t, mustFail(t, packing(func(s *Spec) { s.ExportPath = path })), want)
	}
}

// TestSpecialFilesAreRefusedAndNotOpened would hang if one were opened.
func TestSpecialFilesAreRefusedAndNotOpened(t *testing.T) {
	inTree(t, map[string]string{
		"ex/null": "-> /dev/null", "ex/self": "-> self", "ex/a": "-> b", "ex/b": "-> a", "ex/lost": "-> nowhere",
	})
	if err := syscall.Mkfifo("ex/fifo", 0o644); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", "ex/socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for path, want := range map[string]string{
		"ex/null":   `"ex/null" is a device, not a regular file`,
		"ex/fifo":   `"ex/fifo" is a fifo, not a regular file`,
		"ex/socket": `"ex/socket" is a socket, not a regular file`,
		"ex/self":   `"ex/self" is a link that leads back to itself`,
		"ex/a":      `"ex/a" is a link that leads back to itself`,
		"ex/lost":   `"ex/lost" is a link to nothing`,
	} {
		wantInError(t, mustFail(t, packing(func(s *Spec) { s.SerializedFile = path })), "the serialized file "+want)
		wantInError(t, mustFail(t, packing(func(s *Spec) { s.ExtraFiles = path })), "the extra file "+want)
		_, inFolder, _ := strings.Cut(want, `" `)
		wantInError(t, mustFail(t, packing(func(s *Spec) { s.ExtraFiles = "ex" })), `"`+path+`"`, inFolder)

		p := mustPlan(t, packing(func(s *Spec) { s.ExtraFiles, s.Exclude = "ex", []string{"null", "fifo", "s*", "[ab]", "lost"} }))
		wantNames(t, p)
	}
}

func TestAFileThatMayNotBeReadIsAProblem(t *testing.T) {
	inTree(t, map[string]string{"secret.pt": "weights", "ex/secret/": ""})
	for _, path := range []string{"secret.pt", "ex/secret"} {
		if err := os.Chmod(path, 0); err != nil {
			t.Fatal(err)
		}
	}
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with its user
		if os.Geteuid() == 0 {
			const nobody = 65534
			if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, ^uintptr(0), nobody, ^uintptr(0)); errno != 0 {
				result <- errno
				return
			}
		}
		_, err := NewPlan(t.Context(), packing(func(s *Spec) { s.SerializedFile, s.ExtraFiles = "secret.pt", "ex" }))
		result <- err
	}()
	err := <-result
	if !errors.Is(err, fs.ErrPermission) {
		t.Fatalf("error is %v", err)
	}
	wantInError(t, err, `the serialized file "secret.pt" cannot be read: permission denied`,
		`the folder "ex/secret" cannot be read: permission denied`)
}

func TestProblemsAreCountedWhereTheyAreTooMany(t *testing.T) {
	inTree(t, map[string]string{"ex/": ""})
	for i := range maxProblems + 7 {
		if err := os.Symlink("nowhere", "ex/"+strings.Repeat("x", i+1)); err != nil {
			t.Fatal(err)
		}
	}
	err := mustFail(t, packing(func(s *Spec) { s.ExtraFiles = "ex" }))
	wantInError(t, err, "and 7 more problems")
	if n := strings.Count(err.Error(), "\n"); n != maxProblems {
		t.Errorf("%d lines", n)
	}
}

func TestASourceThatChangesAfterPlanningIsFoundWhenItIsOpened(t *testing.T) {
	inTree(t, map[string]string{"a.txt": "a"})
	p := mustPlan(t, packing(func(s *Spec) { s.ExtraFiles = "a.txt" }))
	future := time.Now().Add(time.Hour)
	if err := os.Chtimes("a.txt", future, future); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Entry("a.txt").Open(); !errors.Is(err, ErrSourceChanged) {
		t.Errorf("Open says %v", err)
	}
}

func TestARefusedPlanLeavesNoFileOpen(t *testing.T) {
	inTree(t, map[string]string{"m.pt": "weights", "caf\xe9.pt": ""})
	for _, s := range []Spec{
		packing(func(s *Spec) { s.SerializedFile, s.ExtraFiles = "m.pt", "nothing" }),
		packing(func(s *Spec) { s.SerializedFile = "caf\xe9.pt" }),
	} {
		before := openDescriptors(t)
		mustFail(t, s)
		if after := openDescriptors(t); after != before {
			t.Errorf("%d descriptors, before it were %d", after, before)
		}
	}
}

func openDescriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

func TestAFileThatTheKernelMakesUpIsRefused(t *testing.T) {
	p := mustPlan(t, packing(func(s *Spec) { s.ExtraFiles = "/proc/self/status" }))
	if _, err := p.Entry("status").Open(); err == nil || !strings.Contains(err.Error(), `"/proc/self/status" says that it is empty and is not`) {
		t.Errorf("Open says %v", err)
	}
}

func TestAFifoInTheFilesPlaceDoesNotBlock(t *testing.T) {
	inTree(t, map[string]string{"a.txt": "a"})
	p := mustPlan(t, packing(func(s *Spec) { s.ExtraFiles = "a.txt" }))
	if err := os.Remove("a.txt"); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo("a.txt", 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Entry("a.txt").Open(); !errors.Is(err, ErrSourceChanged) {
		t.Errorf("Open says %v", err)
	}
}
