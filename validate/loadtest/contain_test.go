package loadtest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// A confined thread writes where it is let and nowhere else: CUDA talks to its
// driver by writing to files of devices.
func TestConfineThreadLetsSomeFilesBeWritten(t *testing.T) {
	folder := t.TempDir()
	device, other := filepath.Join(folder, "device"), filepath.Join(folder, "other")
	for _, path := range []string{device, other} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write := func(path string) error {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err == nil {
			file.Close()
		}
		return err
	}
	result := make(chan [3]error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		err := confineThread([]string{device})
		result <- [3]error{err, write(device), write(other)}
	}()
	switch errs := <-result; {
	case errs[0] != nil:
		t.Fatal(errs[0])
	case errs[1] != nil:
		t.Errorf("the file that may be written: %v", errs[1])
	case !errors.Is(errs[2], fs.ErrPermission):
		t.Errorf("another file: %v", errs[2])
	}
	if err := write(other); err != nil {
		t.Errorf("another thread is confined too: %v", err)
	}
}

func TestConfineThreadNamesAFileThatIsNotThere(t *testing.T) {
	done := make(chan error)
	go func() {
		runtime.LockOSThread()
		done <- confineThread([]string{"/nonexistent/device"})
	}()
	if err := <-done; !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}
