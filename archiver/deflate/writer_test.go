package deflate

import (
	"bytes"
	"compress/flate"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func TestEveryLengthInflatesToItself(t *testing.T) {
	data := make([]byte, pointEvery*BlockSize+17)
	rng := rand.NewChaCha8([32]byte{1})
	_, _ = rng.Read(data[:BlockSize/2])
	copy(data[BlockSize:], strings.Repeat("def forward(self, x): return x\n", 10000))
	w := NewWriter(nil)
	for _, n := range []int{0, 1, 100, BlockSize - 1, BlockSize, BlockSize + 1, 2 * BlockSize, pointEvery * BlockSize, len(data)} {
		var out bytes.Buffer
		w.Reset(&out)
		if _, err := w.ReadFrom(iotest.HalfReader(bytes.NewReader(data[:n]))); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if last := w.Points()[len(w.Points())-1]; last.In >= int64(max(n, 1)) {
			t.Errorf("%d bytes have a point at %d", n, last.In)
		}
		if got := int64(out.Len()); got != w.Written() || got > MaxSize(int64(n)) {
			t.Errorf("%d bytes became %d; Written says %d and MaxSize %d", n, got, w.Written(), MaxSize(int64(n)))
		}
		back, err := io.ReadAll(flate.NewReader(&out))
		if err != nil || !bytes.Equal(back, data[:n]) {
			t.Errorf("%d bytes don't inflate to themselves: %v", n, err)
		}
	}
}

func TestTheFirstErrorOfTheDestinationIsReturnedAndNothingLeaks(t *testing.T) {
	before := runtime.NumGoroutine()
	full := errors.New("disk full")
	for _, room := range []int{0, 1, BlockSize, 3 * BlockSize} {
		w := NewWriter(&limited{room, full})
		rng := rand.NewChaCha8([32]byte{2})
		_, err := w.ReadFrom(io.LimitReader(rng, 40*BlockSize))
		if err != nil && !errors.Is(err, full) {
			t.Errorf("ReadFrom: got %v", err)
		}
		if err := w.Close(); !errors.Is(err, full) {
			t.Errorf("Close with room for %d: got %v", room, err)
		}
	}
	waitForGoroutines(t, before)
}

func TestAnErrorOfTheSourceLeavesNothingRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	broken := errors.New("i/o error")
	w := NewWriter(io.Discard)
	src := io.MultiReader(io.LimitReader(zeros{}, 5*BlockSize), iotest.ErrReader(broken))
	if _, err := w.ReadFrom(src); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if err := w.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	waitForGoroutines(t, before)
}

func TestTheStreamDoesNotDependOnTheCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	var first []byte
	for _, cores := range []int{1, 2, 7} {
		runtime.GOMAXPROCS(cores)
		var out bytes.Buffer
		w := NewWriter(&out)
		if _, err := io.Copy(w, io.LimitReader(rand.NewChaCha8([32]byte{3}), 9*BlockSize+5)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = out.Bytes()
		} else if !bytes.Equal(first, out.Bytes()) {
			t.Errorf("%d cores give another stream", cores)
		}
	}
}

func TestTheStreamInflatesFromEveryPoint(t *testing.T) {
	data := make([]byte, 70*BlockSize+1234)
	_, _ = rand.NewChaCha8([32]byte{4}).Read(data[:2*BlockSize])
	copy(data[30*BlockSize:], bytes.Repeat([]byte("a line that comes again\n"), 400000))
	var out bytes.Buffer
	w := NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	points := w.Points()
	if len(points) < 3 || points[0] != (Point{}) || points[1].In != BlockSize || points[len(points)-1].In != 64*BlockSize {
		t.Fatalf("got %v", points)
	}
	for _, p := range points {
		got, err := io.ReadAll(flate.NewReader(bytes.NewReader(out.Bytes()[p.Out:])))
		if err != nil || !bytes.Equal(got, data[p.In:]) {
			t.Errorf("from %v on: %v", p, err)
		}
	}
}

func waitForGoroutines(t *testing.T, want int) {
	t.Helper()
	for range 100 {
		if runtime.NumGoroutine() <= want {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left of %d", runtime.NumGoroutine(), want)
}

// limited takes room bytes and then fails.
type limited struct {
	room int
	err  error
}

func (l *limited) Write(p []byte) (int, error) {
	n := min(len(p), l.room)
	l.room -= n
	if n < len(p) {
		return n, l.err
	}
	return n, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
