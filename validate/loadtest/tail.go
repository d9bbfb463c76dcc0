package loadtest

import "sync"

// keptStderr bounds what is kept of the worker's stderr.
const keptStderr = 64 << 10

// tail is a writer that keeps the last keptStderr bytes. It may be read while
// it is written to.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p[max(0, len(p)-keptStderr):]...)
	if over := len(t.kept) - keptStderr; over > 0 {
		t.kept = t.kept[:copy(t.kept, t.kept[over:])]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
