package deflate

import (
	"bytes"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// niceThreads counts the threads of this process that have a low priority.
func niceThreads(t *testing.T) int {
	t.Helper()
	paths, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no threads are listed: %v", err)
	}
	n := 0
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it ended
		}
		_, rest, _ := strings.Cut(string(data), ") ")
		if fields := strings.Fields(rest); fields[16] == "10" { // proc(5): nice is field 19
			n++
		}
	}
	return n
}

// watcher calls saw for each write.
type watcher struct {
	io.Writer
	saw func()
}

func (w watcher) Write(p []byte) (int, error) {
	w.saw()
	return w.Writer.Write(p)
}

func TestThreadsHaveALowPriorityInTheBackgroundAlone(t *testing.T) {
	data := make([]byte, 40*BlockSize)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(data)
	// nice compresses data, in the background until so many blocks are written.
	nice := func(blocks int) (most int, out []byte) {
		over := make(chan struct{})
		if blocks == 0 {
			close(over)
		}
		before, writes := niceThreads(t), 0
		var b bytes.Buffer
		w := NewWriter(watcher{&b, func() {
			most = max(most, niceThreads(t)-before)
			if writes++; writes == blocks {
				close(over)
			}
		}})
		w.Background = over
		if _, err := w.Write(data); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); niceThreads(t) > before; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("threads of low priority are left")
			}
		}
		return most, b.Bytes()
	}
	none, want := nice(0)
	some, got := nice(10)
	if none > 0 || some == 0 {
		t.Errorf("%d threads have a low priority outside the background, and %d in it", none, some)
	}
	if !bytes.Equal(got, want) {
		t.Error("the bytes depend on the priority")
	}
}
