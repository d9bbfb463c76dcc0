package deflate

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// niceness of threads in the background: a ninth of the weight of others.
const niceness = 10

// inBackground says that others come first.
func (w *Writer) inBackground() bool {
	if w.Background == nil {
		return false
	}
	select {
	case <-w.Background:
		return false
	default:
		return true
	}
}

// runInBackground runs f on a thread of low priority. A priority once lowered
// can't be raised again, so the thread ends with f: its goroutine keeps it
// locked. A priority that is lower already stays.
func runInBackground(f func() bool) bool {
	done := make(chan bool)
	go func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			// The main thread can't end. While it is held, f gets another.
			defer runtime.UnlockOSThread()
			done <- runInBackground(f)
			return
		}
		_ = unix.Setpriority(unix.PRIO_PROCESS, 0, niceness) // on Linux of the thread alone
		done <- f()
	}()
	return <-done
}
