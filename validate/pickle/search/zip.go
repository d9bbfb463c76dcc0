package search

import (
	"archive/zip"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/zstd"
)

// The records are those of PKWARE's APPNOTE.TXT 4.3.
const (
	localSignature = "PK\x03\x04"
	endSignature   = "PK\x05\x06"
	endSize        = 22
	// maxEntries bounds what archive/zip has to hold in memory.
	maxEntries = 1 << 17
)

// The compression methods that Python's zipfile reads beside deflate.
const (
	methodBzip2 = 12
	methodZstd  = 93
)

// zipEnd is what the record at the end of a zip tells.
type zipEnd struct {
	found  bool
	length uint32 // of the central directory; beyond 4 GiB the highest number
}

// findEnd looks for the last record of a zip's end.
func findEnd(f *io.SectionReader) (zipEnd, error) {
	tail := make([]byte, min(f.Size(), endSize+1<<16))
	if _, err := f.ReadAt(tail, f.Size()-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return zipEnd{}, err
	}
	at := bytes.LastIndex(tail, []byte(endSignature))
	if at < 0 || len(tail)-at < endSize {
		return zipEnd{}, nil
	}
	return zipEnd{true, binary.LittleEndian.Uint32(tail[at+12:])}, nil
}

// zipAtEnd searches the zip with which a file ends, if it does. Without that
// end nobody reads a zip.
func (s *scan) zipAtEnd(f *io.SectionReader, depth int) error {
	end, err := findEnd(f)
	if err != nil || !end.found {
		return err
	}
	return s.zip(f, end, depth)
}

// zip searches the entries of a zip, as Python's zipfile and PyTorch find
// them: by the directory at its end, whatever checksums and flags say.
func (s *scan) zip(f *io.SectionReader, end zipEnd, depth int) error {
	if depth >= maxDepth {
		s.unread("it has archives that lie more than %d deep in each other", maxDepth)
		return nil
	}
	if end.length > maxEntries*512 {
		s.unread("it is a zip with a directory of %d bytes", end.length)
		return nil
	}
	z, err := zip.NewReader(f, f.Size())
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		if startsAsZip(f) {
			s.unread("it is a broken zip: %v", err)
		}
		return nil
	}
	z.RegisterDecompressor(methodBzip2, func(r io.Reader) io.ReadCloser { return io.NopCloser(bzip2.NewReader(r)) })
	z.RegisterDecompressor(methodZstd, zstdReader)
	for _, e := range z.File {
		if err := s.ctx.Err(); err != nil {
			return err
		}
		if s.files++; s.files > maxFiles {
			s.unread("it holds more than %d files", maxFiles)
			return nil
		}
		if err := s.entry(f, e, depth); err != nil {
			return err
		}
	}
	return nil
}

func startsAsZip(f *io.SectionReader) bool {
	head := make([]byte, len(localSignature))
	n, _ := f.ReadAt(head, 0)
	return string(head[:n]) == localSignature
}

// entry searches an entry of a zip.
func (s *scan) entry(f *io.SectionReader, e *zip.File, depth int) error {
	at, err := e.DataOffset()
	if err != nil {
		s.unread("its entry %q can't be read: %v", e.Name, err)
		return nil
	}
	if e.Method == zip.Store {
		size := min(int64(e.CompressedSize64), f.Size()-at)
		return s.file(io.NewSectionReader(f, at, max(size, 0)), depth+1)
	}
	content, err := e.Open()
	if err != nil {
		s.unread("its entry %q can't be read: %v", e.Name, err)
		return nil
	}
	defer content.Close()
	return s.inflated(content, depth, "its entry "+quote(e.Name))
}

// spool searches a zip that can only be read from its beginning.
func (s *scan) spool(r io.Reader, size int64, depth int) error {
	if size > maxSpooled {
		s.unread("it holds a compressed zip of %d bytes", size)
		return nil
	}
	data, err := io.ReadAll(io.LimitReader(r, maxSpooled+1))
	switch {
	case err != nil:
		return err
	case len(data) > maxSpooled:
		s.unread("it holds a compressed zip of more than %d bytes", maxSpooled)
		return nil
	}
	f := io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data)))
	return s.zipAtEnd(f, depth)
}

// zstdReader needs little memory, whatever the stream asks for.
func zstdReader(r io.Reader) io.ReadCloser {
	d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxSpooled))
	if err != nil {
		return io.NopCloser(failing{err})
	}
	return d.IOReadCloser()
}

// failing only returns an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
