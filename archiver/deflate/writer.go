// Package deflate compresses on all cores: it cuts its input into blocks of
// BlockSize, compresses each by itself and writes them, in order, as one
// deflate stream (RFC 1951) that every inflater reads.
//
// The stream depends on the input alone, not on the number of cores, and each
// block starts at a byte of its own with an empty window, so that a reader who
// knows the offsets can start at any block.
package deflate

import (
	"io"
	"runtime"
	"sync"
	"sync/atomic"
)

// BlockSize is the number of input bytes in each block but the last.
const BlockSize = 1 << 20

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
	dst     io.Writer
	written int64   // by whoever writes to dst; read after Close
	offsets []int64 // where in the stream each block starts

	cur    *block
	blocks chan *block // all free blocks
	idle   []*encoder

	queue   chan *block // in order, to the goroutine that writes
	work    chan *block
	running sync.WaitGroup
	failure atomic.Pointer[error]
}

// block is a piece of input on its way through the Writer.
type block struct {
	in   []byte
	out  []byte
	done chan struct{}
}

// NewWriter returns a Writer that writes one deflate stream to dst. Full
// blocks are compressed by as many goroutines as GOMAXPROCS allows; an input
// that fits in one block is compressed by Close, without any.
func NewWriter(dst io.Writer) *Writer {
	cores := runtime.GOMAXPROCS(0)
	w := &Writer{blocks: make(chan *block, cores+2), idle: make([]*encoder, cores)}
	for range cap(w.blocks) {
		w.blocks <- &block{done: make(chan struct{}, 1)}
	}
	w.Reset(dst)
	return w
}

// Reset begins a new stream on dst. It must follow NewWriter or Close.
func (w *Writer) Reset(dst io.Writer) {
	w.dst, w.written, w.offsets = dst, 0, w.offsets[:0]
	w.failure.Store(nil)
}

// Write compresses p. The error may be that of an earlier block.
func (w *Writer) Write(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		b, err := w.room()
		if err != nil {
			return n, err
		}
		k := copy(b.in[len(b.in):cap(b.in)], p[n:])
		b.in = b.in[:len(b.in)+k]
		n += k
	}
	return n, nil
}

// ReadFrom compresses r until io.EOF, reading straight into the blocks.
func (w *Writer) ReadFrom(r io.Reader) (int64, error) {
	var n int64
	for {
		b, err := w.room()
		if err != nil {
			return n, err
		}
		k, err := r.Read(b.in[len(b.in):cap(b.in)])
		b.in = b.in[:len(b.in)+k]
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
	if w.queue == nil { // a single block
		if w.cur != nil && len(w.cur.in) > 0 {
			w.compress(w.cur, 0)
			w.emit(w.cur)
		}
	} else {
		if w.cur != nil && len(w.cur.in) > 0 {
			w.submit(w.cur)
			w.cur = nil
		}
		w.stop()
	}
	if w.cur != nil {
		w.release(w.cur)
		w.cur = nil
	}
	w.write(endOfStream)
	return w.err()
}

// Offsets tells where in the finished stream each block starts, the first at
// 0. It is valid between Close and Reset.
func (w *Writer) Offsets() []int64 { return w.offsets }

// Written is the length of the finished stream.
func (w *Writer) Written() int64 { return w.written }

// room returns the current block, which then has room for a byte at least.
func (w *Writer) room() (*block, error) {
	if err := w.err(); err != nil {
		return nil, err
	}
	if w.cur != nil && len(w.cur.in) == cap(w.cur.in) {
		if w.queue == nil {
			w.start()
		}
		w.submit(w.cur)
		w.cur = nil
	}
	if w.cur == nil {
		w.cur = <-w.blocks
		if w.cur.in == nil {
			w.cur.in = make([]byte, 0, BlockSize)
		}
	}
	return w.cur, nil
}

func (w *Writer) submit(b *block) {
	w.work <- b
	w.queue <- b
}

func (w *Writer) start() {
	w.work = make(chan *block, cap(w.blocks))
	w.queue = make(chan *block, cap(w.blocks))
	for i := range w.idle {
		w.running.Go(func() {
			for b := range w.work {
				w.compress(b, i)
				b.done <- struct{}{}
			}
		})
	}
	w.running.Go(func() {
		for b := range w.queue {
			<-b.done
			w.emit(b)
			w.release(b)
		}
	})
}

func (w *Writer) stop() {
	close(w.work)
	close(w.queue)
	w.running.Wait()
	w.work, w.queue = nil, nil
}

func (w *Writer) compress(b *block, worker int) {
	if w.err() != nil {
		return
	}
	if w.idle[worker] == nil {
		w.idle[worker] = newEncoder()
	}
	out, err := w.idle[worker].encode(b.out[:0], b.in)
	b.out = out
	w.fail(err)
}

func (w *Writer) emit(b *block) {
	w.offsets = append(w.offsets, w.written)
	w.write(b.out)
}

func (w *Writer) release(b *block) {
	b.in = b.in[:0]
	w.blocks <- b
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
