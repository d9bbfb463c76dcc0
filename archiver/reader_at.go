package archiver

import (
	"archive/zip"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"

	"go-model-archiver/archiver/deflate"
)

// ArchiveReader reads a file of an archive at any offset. It may be used by
// several goroutines, which then wait for one another.
type ArchiveReader struct {
	file *ArchiveFile

	mu       sync.Mutex
	stream   io.ReadCloser // inflates from pos on; nil before the first read
	pos      int64
	inflated int64
	// kept is what was inflated of a block of the index, from keptFrom on:
	// who reads a model jumps back and forth in a few blocks.
	kept     []byte
	keptFrom int64
}

// maxKept is the largest block that is kept. Ours have 1 MiB.
const maxKept = 4 << 20

// maxRecent is how many readers of an archive keep what they inflated: an archive
// may have a million files.
const maxRecent = 8

// recentReaders are the readers of an archive that were used last, in order.
type recentReaders struct {
	mu   sync.Mutex
	list []*ArchiveReader
}

// use makes r the last that was used, and the one that was not for longest forget
// what it keeps.
func (l *recentReaders) use(r *ArchiveReader) {
	var oldest *ArchiveReader
	l.mu.Lock()
	if n := len(l.list); n == 0 || l.list[n-1] != r {
		l.list = append(slices.DeleteFunc(l.list, func(other *ArchiveReader) bool { return other == r }), r)
		if len(l.list) > maxRecent {
			oldest = l.list[0]
			l.list = slices.Delete(l.list, 0, 1)
		}
	}
	l.mu.Unlock()
	if oldest != nil {
		oldest.forget()
	}
}

func (r *ArchiveReader) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stream, r.kept, r.keptFrom = nil, nil, 0
}

// Size is that of the inflated file.
func (r *ArchiveReader) Size() int64 { return r.file.Size() }

// Inflated is how many bytes had to be inflated so far, those that were
// skipped on the way included.
func (r *ArchiveReader) Inflated() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inflated
}

// ReadAt implements io.ReaderAt. Content that ends before Size is
// io.ErrUnexpectedEOF.
func (r *ArchiveReader) ReadAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, errors.New("negative offset")
	}
	if off >= r.Size() {
		return 0, io.EOF
	}
	want := p[:min(int64(len(p)), r.Size()-off)]
	n, err := r.readFull(want, off)
	if err == nil && n < len(p) {
		err = io.EOF
	}
	return n, err
}

func (r *ArchiveReader) readFull(p []byte, off int64) (int, error) {
	if r.file.Method == zip.Store {
		return r.file.data.ReadAt(p, off)
	}
	if r.file.recent != nil {
		r.file.recent.use(r)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for n < len(p) {
		start, end := r.block(off + int64(n))
		want := p[n:min(int64(len(p)), end-off)]
		m, err := r.readBlock(want, off+int64(n), start, end)
		n += m
		if err != nil {
			return n, unexpected(err)
		}
	}
	return n, nil
}

// block returns where the block of the index starts and ends that holds a byte
// of the file.
func (r *ArchiveReader) block(off int64) (start, end int64) {
	i := r.file.pointBefore(off)
	end = r.Size()
	if i+1 < len(r.file.points) {
		end = r.file.points[i+1].In
	}
	return r.file.points[i].In, end
}

// readBlock reads within one block.
func (r *ArchiveReader) readBlock(p []byte, off, start, end int64) (int, error) {
	if end-start > maxKept {
		if err := r.seek(off); err != nil {
			return 0, err
		}
		n, err := io.ReadFull(r.stream, p)
		r.advance(int64(n), err)
		return n, err
	}
	if r.keptFrom != start {
		r.kept, r.keptFrom = r.kept[:0], start
	}
	have := len(r.kept)
	if need := int(off-start) + len(p); need > have {
		if err := r.seek(start + int64(have)); err != nil {
			return 0, err
		}
		r.kept = slices.Grow(r.kept, need-have)[:need]
		n, err := io.ReadFull(r.stream, r.kept[have:])
		r.kept = r.kept[:have+n]
		r.advance(int64(n), err)
		if err != nil {
			return 0, err
		}
	}
	return copy(p, r.kept[off-start:]), nil
}

// pointBefore is the last point of the index that is not behind a byte of the
// file.
func (f *ArchiveFile) pointBefore(off int64) int {
	i, exact := slices.BinarySearchFunc(f.points, off, func(p deflate.Point, off int64) int {
		return int(min(1, max(-1, p.In-off)))
	})
	if !exact {
		i--
	}
	return i
}

// seek brings the stream to off: from where it is, or from the last point
// before off, whichever is nearer.
func (r *ArchiveReader) seek(off int64) error {
	points, i := r.file.points, r.file.pointBefore(off)
	if r.stream == nil || r.pos > off || r.pos < points[i].In {
		data := io.NewSectionReader(r.file.data, points[i].Out, r.file.data.Size()-points[i].Out)
		if r.stream == nil {
			r.stream = flate.NewReader(data)
		} else if err := r.stream.(flate.Resetter).Reset(data, nil); err != nil {
			return err
		}
		r.pos = points[i].In
	}
	n, err := io.CopyN(io.Discard, r.stream, off-r.pos)
	r.advance(n, err)
	return unexpected(err)
}

func (r *ArchiveReader) advance(n int64, err error) {
	r.pos += n
	r.inflated += n
	if err != nil {
		r.stream = nil
	}
}

// unexpected is err, but an end is one too early.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
