package archiver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"go-model-archiver/manifest"
)

// The tests start their own binary as a process that packs one model, so that
// it can be killed, limited or given another view of the file systems.
const helperVar = "ARCHIVER_TEST_PACK"

func TestMain(m *testing.M) {
	if args := os.Getenv(helperVar); args != "" {
		os.Exit(pack(strings.Split(args, "\n")))
	}
	os.Exit(m.Run())
}

// The exit codes of the helper.
const (
	exitDone = iota
	exitFailed
	exitExists
	exitInterrupted
	exitNoMount
)

// pack packs a file: its arguments are the format, the export path, the
// serialized file, and options: "force"; "extra=FOLDER"; "tmpfs=SIZE" mounts a small disk with
// an older archive at the export path first; "fill" fills it up while the
// weights are read, "readonly" makes it so; "limit" lets no file grow beyond 1 MiB.
func pack(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	spec := Spec{ModelName: "bert", Version: "1.0", Runtime: manifest.Python, Handler: "base_handler",
		Format: Format(args[0]), ExportPath: args[1], SerializedFile: args[2]}
	var fill bool
	for _, option := range args[3:] {
		name, size, _ := strings.Cut(option, "=")
		var err error
		switch name {
		case "force":
			spec.Force = true
		case "extra":
			spec.ExtraFiles = size
		case "fill":
			fill = true
		case "tmpfs":
			err = mountSmallDisk(spec, size)
			defer list(spec.ExportPath)
		case "readonly":
			err = syscall.Mount("", spec.ExportPath, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, "")
		case "limit":
			signal.Ignore(syscall.SIGXFSZ)
			err = unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 1 << 20, Max: 1 << 20})
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return exitNoMount
		}
	}
	p, err := NewPlan(ctx, spec)
	if err == nil {
		defer p.Close()
		if fill {
			p.Serialized().Tee = once(func() error { return fillDisk(spec.ExportPath) })
		}
		_, err = Write(ctx, p, Options{SHA256: true}, nil)
	}
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, ErrExists):
		return exitExists
	}
	fmt.Fprintln(os.Stderr, err)
	return exitFailed
}

// mountSmallDisk mounts a tmpfs for this process alone, and puts an older
// archive or folder on it.
func mountSmallDisk(spec Spec, size string) error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("tmpfs", spec.ExportPath, "tmpfs", 0, "size="+size); err != nil {
		return err
	}
	old := filepath.Join(spec.ExportPath, "bert"+spec.Format.Extension())
	if spec.Format == NoArchive {
		if err := os.Mkdir(old, 0o755); err != nil {
			return err
		}
		old = filepath.Join(old, "model.pt")
	}
	return os.WriteFile(old, []byte("the old one"), 0o644)
}

// fillDisk leaves no room on the disk.
func fillDisk(folder string) error {
	f, err := os.Create(filepath.Join(folder, "filler"))
	if err != nil {
		return err
	}
	for buf := make([]byte, 64<<10); err == nil; {
		_, err = f.Write(buf)
	}
	return f.Close()
}

// list prints what a folder holds, with the first bytes of each file.
func list(folder string) {
	_ = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		data, _ := os.ReadFile(path)
		fmt.Printf("%s: %s\n", d.Name(), data[:min(len(data), 20)])
		return err
	})
}

// packer is a command that runs the helper.
func packer(t testing.TB, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperVar+"="+strings.Join(args, "\n"))
	return cmd
}

// exitCode is that of a command that ran; -1 if a signal ended it.
func exitCode(t testing.TB, err error) int {
	t.Helper()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return exitDone
}
