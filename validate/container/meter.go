package container

import (
	"io"
	"sync"
)

// meter counts what is written to w or read from r, for a Progress.
type meter struct {
	w        io.WriterAt
	r        io.Reader
	total    int64
	progress Progress

	mu   sync.Mutex
	done int64
}

func (m *meter) WriteAt(p []byte, off int64) (int, error) {
	n, err := m.w.WriteAt(p, off)
	m.add(n)
	return n, err
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.add(n)
	return n, err
}

func (m *meter) add(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += int64(n)
	m.progress(m.done, m.total)
}
