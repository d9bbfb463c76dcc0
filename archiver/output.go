package archiver

import (
	"bytes"
	"io"
	"os"
)

const (
	// bufferSize is what is read, or collected for writing, at once.
	bufferSize = 1 << 20
	// writeBackEvery is how much is written between two hints to the kernel.
	writeBackEvery = 8 << 20
	// holeSize is the smallest piece of zeros that is left out of a file.
	holeSize = 256 << 10
)

// output collects small writes to a new file, hands large ones through, and
// can change what was written before. Large pieces of zeros become holes, as
// cp leaves them. finish must be called at the end.
type output struct {
	file    *os.File
	buf     []byte
	flushed int64 // bytes in the file
	hinted  int64 // bytes whose write-back has begun
}

func newOutput(f *os.File) *output {
	return &output{file: f, buf: make([]byte, 0, bufferSize)}
}

// reset begins a new file, after finish.
func (o *output) reset(f *os.File) {
	*o = output{file: f, buf: o.buf[:0]}
}

// offset is where the next byte goes.
func (o *output) offset() int64 { return o.flushed + int64(len(o.buf)) }

func (o *output) Write(p []byte) (int, error) {
	if len(o.buf)+len(p) <= cap(o.buf) {
		o.buf = append(o.buf, p...)
		return len(p), nil
	}
	if err := o.flush(); err != nil {
		return 0, err
	}
	if len(p) < cap(o.buf)/2 {
		o.buf = append(o.buf, p...)
		return len(p), nil
	}
	return o.put(p)
}

// ReadFrom copies r through the buffer.
func (o *output) ReadFrom(r io.Reader) (int64, error) {
	var n int64
	for {
		if len(o.buf) == cap(o.buf) {
			if err := o.flush(); err != nil {
				return n, err
			}
		}
		k, err := r.Read(o.buf[len(o.buf):cap(o.buf)])
		o.buf = o.buf[:len(o.buf)+k]
		n += int64(k)
		if err == io.EOF {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
}

// patch overwrites what was written at off.
func (o *output) patch(off int64, p []byte) error {
	if n := min(int64(len(p)), o.flushed-off); n > 0 {
		if _, err := o.file.WriteAt(p[:n], off); err != nil {
			return err
		}
		off, p = off+n, p[n:]
	}
	if len(p) > 0 {
		copy(o.buf[off-o.flushed:], p)
	}
	return nil
}

func (o *output) flush() error {
	if len(o.buf) == 0 {
		return nil
	}
	_, err := o.put(o.buf)
	o.buf = o.buf[:0]
	return err
}

func (o *output) put(p []byte) (n int, err error) {
	if len(p) >= holeSize && p[0] == 0 && bytes.Equal(p[1:], p[:len(p)-1]) {
		n = len(p)
		_, err = o.file.Seek(int64(n), io.SeekCurrent)
	} else {
		n, err = o.file.Write(p)
	}
	o.flushed += int64(n)
	if o.flushed-o.hinted >= writeBackEvery {
		writeBack(o.file, o.hinted, o.flushed-o.hinted)
		o.hinted = o.flushed
	}
	return n, err
}

// finish writes what is left, a hole at the end too.
func (o *output) finish() error {
	if err := o.flush(); err != nil {
		return err
	}
	return o.file.Truncate(o.flushed)
}
