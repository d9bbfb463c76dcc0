// Package deflate compresses on all cores: it cuts its input into blocks of
// BlockSize, compresses each by itself and writes them, in order, as one
// deflate stream (RFC 1951) that every inflater reads.
//
// The stream depends on the input alone, not on the number of cores. Each block
// starts at a byte of its own, and many, at least one in each 64, refer to
// nothing before them: a reader who knows these points can start at any.
package deflate

import (
	"io"
	"runtime"
	"sync"
	"sync/atomic"
)

// BlockSize is the number of input bytes in each block but the last.
const BlockSize = 1 << 20

// pointEvery is the number of blocks after which one surely starts afresh.
// Input that repeats itself at long distances pays for each such start: at
// every 64 MiB that is nothing.
const pointEvery = 64

// endOfStream is an empty final block with fixed codes.
var endOfStream = []byte{3, 0}

// MaxSize bounds the length of the stream that n bytes become.
func MaxSize(n int64) int64 {
	blocks := n/BlockSize + 1
	return n + blocks*maxBlockOverhead + int64(len(endOfStream))
}

// Writer compresses what is written to it. Close must be called, after errors
// too: it ends the goroutines. Its buffers and those of its encoders are kept
// for the next stream, so one Writer with Reset serves a whole archive.
type Writer struct {
	// Background, when set, lets other processes have the cores first until it
	// is closed.
	Background <-chan struct{}

	dst     io.Writer
	written int64 // by whoever writes to dst; read after Close
	emitted int64 // the input of what is written
	points  []Point

	cur      *block
	count    int // of blocks begun
	free     chan *block
	encoders []*encoder

	queue   chan *block // in order, to the goroutine that writes
	work    chan *block
	running sync.WaitGroup
	failure atomic.Pointer[error]
}

// Point is a place where an inflater can start.
type Point struct {
	In  int64 // offset in the input, a multiple of BlockSize
	Out int64 // offset in the stream
}

// block is a piece of input on its way through the Writer.
type block struct {
	buf   []byte // the end of the block before, then the input
	start int    // of the input in buf
	out   []byte
	alone bool // out refers to nothing before the input
	done  chan struct{}
}

func newBlock() *block {
	return &block{
		buf:  make([]byte, 0, window+BlockSize),
		out:  make([]byte, 0, BlockSize+maxBlockOverhead),
		done: make(chan struct{}, 1),
	}
}

func (b *block) room() []byte { return b.buf[len(b.buf) : b.start+BlockSize] }

// NewWriter returns a Writer that writes one deflate stream to dst. Full
// blocks are compressed by as many goroutines as GOMAXPROCS allows; an input
// that fits in one block is compressed by Close, without any.
func NewWriter(dst io.Writer) *Writer {
	cores := runtime.GOMAXPROCS(0)
	// Beside those being compressed one is read and one written; the others
	// keep the cores busy while the disk hesitates.
	w := &Writer{free: make(chan *block, cores+4), encoders: make([]*encoder, cores)}
	for range cap(w.free) {
		w.free <- nil // made when it is needed
	}
	w.Reset(dst)
	return w
}

// Reset begins a new stream on dst. It must follow NewWriter or Close.
func (w *Writer) Reset(dst io.Writer) {
	w.dst, w.written, w.emitted, w.points, w.count = dst, 0, 0, nil, 0
	w.failure.Store(nil)
}

// Write compresses p. The error may be that of an earlier block.
func (w *Writer) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		b, err := w.next()
		if err != nil {
			return n, err
		}
		k := copy(b.room(), p[n:])
		b.buf = b.buf[:len(b.buf)+k]
		n += k
	}
	return n, nil
}

// ReadFrom compresses r until io.EOF, reading straight into the blocks.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	var n int64
	for {
		b, err := w.next()
		if err != nil {
			return n, err
		}
		k, err := r.Read(b.room())
		b.buf = b.buf[:len(b.buf)+k]
		n += int64(k)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// Close ends the stream and waits until it is written. It returns the first
// error of the stream.
func (w *Writer) Close() error {
	last := w.cur
	w.cur = nil
	switch {
	case w.queue != nil:
		if last != nil {
			w.submit(last)
		}
		w.stop()
	case last != nil:
		w.compress(last, 0)
		w.emit(last)
		w.free <- last
	}
	w.write(endOfStream)
	return w.err()
}

// Points are the places where an inflater can start in the finished stream, in
// order; the first is that of a stream's start. It is valid after Close.
func (w *Writer) Points() []Point { return w.points }

// Written is the length of the finished stream.
func (w *Writer) Written() int64 { return w.written }

// next returns the current block, which then has room for a byte at least.
func (w *Writer) next() (*block, error) {
	if err := w.err(); err != nil {
		return nil, err
	}
	if w.cur != nil && len(w.cur.room()) > 0 {
		return w.cur, nil
	}
	b := <-w.free
	if b == nil {
		b = newBlock()
	}
	b.buf = b.buf[:0]
	if w.cur != nil && w.count%pointEvery != 0 {
		b.buf = append(b.buf, w.cur.buf[len(w.cur.buf)-window:]...)
	}
	b.start = len(b.buf)
	if w.cur != nil {
		if w.queue == nil {
			w.start()
		}
		w.submit(w.cur)
	}
	w.cur = b
	w.count++
	return b, nil
}

func (w *Writer) submit(b *block) {
	w.work <- b
	w.queue <- b
}

func (w *Writer) start() {
	w.work = make(chan *block, cap(w.free))
	w.queue = make(chan *block, cap(w.free))
	for i := range w.encoders {
		w.running.Go(func() { w.compressAll(i) })
	}
	w.running.Go(func() {
		for b := range w.queue {
			<-b.done
			w.emit(b)
			w.free <- b
		}
	})
}

func (w *Writer) stop() {
	close(w.work)
	close(w.queue)
	w.running.Wait()
	w.work, w.queue = nil, nil
}

// compressAll compresses what comes until no more comes.
func (w *Writer) compressAll(worker int) {
	background := w.inBackground()
	compress := func() (more bool) {
		for b := range w.work {
			w.compress(b, worker)
			b.done <- struct{}{}
			if background && !w.inBackground() {
				return true
			}
		}
		return false
	}
	if !background {
		compress()
	} else if runInBackground(compress) {
		w.compressAll(worker)
	}
}

func (w *Writer) compress(b *block, worker int) {
	if w.err() != nil {
		return
	}
	if w.encoders[worker] == nil {
		w.encoders[worker] = newEncoder()
	}
	var err error
	b.out, b.alone, err = w.encoders[worker].encode(b.out[:0], b.buf, b.start)
	w.fail(err)
}

func (w *Writer) emit(b *block) {
	// At an input's very end there is nothing left to start for.
	if begins := len(b.buf) > b.start || w.emitted == 0; b.alone && begins {
		w.points = append(w.points, Point{w.emitted, w.written})
	}
	w.write(b.out)
	w.emitted += int64(len(b.buf) - b.start)
}

func (w *Writer) write(p []byte) {
	if w.err() != nil {
		return
	}
	n, err := w.dst.Write(p)
	w.written += int64(n)
	w.fail(err)
}

func (w *Writer) err() error {
	if p := w.failure.Load(); p != nil {
		return *p
	}
	return nil
}

func (w *Writer) fail(err error) {
	if err != nil {
		w.failure.CompareAndSwap(nil, &err)
	}
}
