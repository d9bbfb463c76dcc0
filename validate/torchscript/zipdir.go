package torchscript

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// The zip records are those of PKWARE's APPNOTE.TXT 4.3. They are read here
// and not with archive/zip, which holds every name and header in memory and
// takes files that libtorch's reader refuses: this one streams.
const (
	localSignature     = "PK\x03\x04"
	directorySignature = "PK\x01\x02"
	endSignature       = "PK\x05\x06"
	end64Signature     = "PK\x06\x06"
	locator64Signature = "PK\x06\x07"

	localSize     = 30
	directorySize = 46
	endSize       = 22
	end64Size     = 56
	locator64Size = 20

	// maxDirectory bounds what is read of a central directory, and
	// maxEntries what is remembered of one.
	maxDirectory = 64 << 20
	maxEntries   = 1 << 17
)

// errNoDirectory says that a file has no end of central directory: it is no
// zip, or one that is cut.
var errNoDirectory = errors.New("no central directory")

// errBrokenZip is wrapped by what says that a zip contradicts itself.
var errBrokenZip = errors.New("broken zip")

func brokenZip(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{errBrokenZip}, args...)...)
}

// maxEntryName is how much of an entry's name is kept: no name that matters is
// longer, and neither does libtorch read more.
const maxEntryName = 512

// zipEntry is what the central directory says of an entry.
type zipEntry struct {
	name       string // cut after maxEntryName bytes
	flags      uint16
	method     uint16
	crc        uint32
	compressed int64
	size       int64
	header     int64 // where its local header is
	record     int64 // where its record in the central directory is
}

// zipDirectory is where a central directory is.
type zipDirectory struct {
	r      io.ReaderAt
	size   int64 // of the file
	offset int64
	length int64
	count  uint64
}

// findDirectory looks for the central directory as libtorch does: it takes the
// last end record of the file's last 64 KiB. It returns errNoDirectory,
// errBrokenZip or an error of r.
func findDirectory(r io.ReaderAt, size int64) (zipDirectory, error) {
	tail := make([]byte, min(size, endSize+1<<16))
	if err := readFull(r, tail, size-int64(len(tail))); err != nil {
		return zipDirectory{}, err
	}
	at := len(tail)
	for {
		if at = bytes.LastIndex(tail[:at], []byte(endSignature)); at < 0 {
			return zipDirectory{}, errNoDirectory
		}
		if len(tail)-at >= endSize {
			break
		}
	}
	end := tail[at:]
	d := zipDirectory{
		r: r, size: size,
		count:  uint64(binary.LittleEndian.Uint16(end[10:])),
		length: int64(binary.LittleEndian.Uint32(end[12:])),
		offset: int64(binary.LittleEndian.Uint32(end[16:])),
	}
	if err := d.read64(size - int64(len(tail)-at)); err != nil {
		return d, err
	}
	switch {
	case d.offset < 0 || d.length < 0 || d.offset > size-d.length:
		return d, brokenZip("the central directory lies outside of the file")
	case d.length > maxDirectory:
		return d, brokenZip("the central directory has %d bytes", d.length)
	case uint64(d.length)/directorySize < d.count:
		return d, brokenZip("the central directory is too short for %d entries", d.count)
	}
	return d, nil
}

// read64 takes what the zip64 records say, if the end record at a byte has
// them before it.
func (d *zipDirectory) read64(end int64) error {
	if end < locator64Size+end64Size {
		return nil
	}
	buf := make([]byte, end64Size)
	if err := readFull(d.r, buf[:locator64Size], end-locator64Size); err != nil {
		return err
	}
	if string(buf[:4]) != locator64Signature {
		return nil
	}
	at := binary.LittleEndian.Uint64(buf[8:])
	if at > uint64(end-locator64Size-end64Size) {
		return brokenZip("the zip64 end record lies outside of the file")
	}
	if err := readFull(d.r, buf, int64(at)); err != nil {
		return err
	}
	if string(buf[:4]) != end64Signature {
		return brokenZip("no zip64 end record where its locator points")
	}
	d.count = binary.LittleEndian.Uint64(buf[32:])
	d.length = int64(binary.LittleEndian.Uint64(buf[40:]))
	d.offset = int64(binary.LittleEndian.Uint64(buf[48:]))
	return nil
}

// walk calls fn with each entry in the directory's order. It stops at the
// first error, which may be fn's.
func (d zipDirectory) walk(fn func(zipEntry) error) error {
	br := bufio.NewReaderSize(io.NewSectionReader(d.r, d.offset, d.length), int(min(d.length, 64<<10)))
	at := d.offset
	var fixed [directorySize]byte
	var rest []byte
	for i := range d.count {
		if _, err := io.ReadFull(br, fixed[:]); err != nil {
			return cutDirectory(i, err)
		}
		if string(fixed[:4]) != directorySignature {
			return brokenZip("no record of entry %d in the central directory", i)
		}
		nameLen := int(binary.LittleEndian.Uint16(fixed[28:]))
		extraLen := int(binary.LittleEndian.Uint16(fixed[30:]))
		commentLen := int(binary.LittleEndian.Uint16(fixed[32:]))
		rest = slices.Grow(rest[:0], nameLen+extraLen)[:nameLen+extraLen]
		if _, err := io.ReadFull(br, rest); err != nil {
			return cutDirectory(i, err)
		}
		if _, err := br.Discard(commentLen); err != nil {
			return cutDirectory(i, err)
		}
		e, err := parseEntry(fixed[:], rest[:nameLen], rest[nameLen:])
		if err != nil {
			return err
		}
		e.record = at
		at += int64(directorySize + nameLen + extraLen + commentLen)
		if e.compressed > d.size-localSize || e.header > d.size-localSize-e.compressed {
			return brokenZip("entry %q lies outside of the file", e.name)
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

func cutDirectory(i uint64, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return brokenZip("the central directory ends in entry %d", i)
	}
	return err
}

// parseEntry reads a record of the central directory.
func parseEntry(fixed, name, extra []byte) (zipEntry, error) {
	le := binary.LittleEndian
	e := zipEntry{
		name:       string(name[:min(len(name), maxEntryName)]),
		flags:      le.Uint16(fixed[8:]),
		method:     le.Uint16(fixed[10:]),
		crc:        le.Uint32(fixed[16:]),
		compressed: int64(le.Uint32(fixed[20:])),
		size:       int64(le.Uint32(fixed[24:])),
		header:     int64(le.Uint32(fixed[42:])),
	}
	const full = 0xffffffff
	wide := zip64Extra(extra)
	for _, field := range []*int64{&e.size, &e.compressed, &e.header} {
		if *field != full || wide == nil {
			continue
		}
		if len(wide) < 8 || le.Uint64(wide) > 1<<62 {
			return e, brokenZip("the zip64 field of entry %q is wrong", e.name)
		}
		*field = int64(le.Uint64(wide))
		wide = wide[8:]
	}
	return e, nil
}

// zip64Extra returns the zip64 field among the extra fields, or nil.
func zip64Extra(extra []byte) []byte {
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return nil
		}
		if id == 1 {
			return extra[:n]
		}
		extra = extra[n:]
	}
	return nil
}

// dataOffset reads where the entry's bytes start from its local header.
func (d zipDirectory) dataOffset(e zipEntry) (int64, error) {
	var b [localSize]byte
	if err := readFull(d.r, b[:], e.header); err != nil {
		return 0, err
	}
	if string(b[:4]) != localSignature {
		return 0, brokenZip("no local header for entry %q", e.name)
	}
	at := e.header + localSize + int64(binary.LittleEndian.Uint16(b[26:])) + int64(binary.LittleEndian.Uint16(b[28:]))
	if at > d.size-e.compressed {
		return 0, brokenZip("entry %q lies outside of the file", e.name)
	}
	return at, nil
}

// readFull fills p from a place in the file that is known to lie within it.
func readFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return fmt.Errorf("read at byte %d: %w", at, io.ErrUnexpectedEOF)
	}
	return err
}
