package archiver

import (
	"encoding/binary"
	"io/fs"
	"time"
)

// The numbers are those of PKWARE's APPNOTE.TXT 6.3.10.
const (
	sigLocal       = 0x04034b50
	sigDirectory   = 0x02014b50
	sigEnd         = 0x06054b50
	sigEnd64       = 0x06064b50
	sigLocator64   = 0x07064b50
	extraZip64     = 0x0001
	flagUTF8       = 1 << 11
	versionPlain   = 20
	versionZip64   = 45
	creatorUnix    = 3 << 8
	methodStored   = 0
	methodDeflated = 8
	maxUint16      = 1<<16 - 1
	maxUint32      = 1<<32 - 1
	typeRegular    = 0o100000 // S_IFREG
)

// needs64 says whether a size or offset has no room in 32 bits, whose highest
// value means "see the zip64 field".
func needs64(n int64) bool { return n >= maxUint32 }

// zipRecord is what the headers tell about an entry.
type zipRecord struct {
	name       string
	mode       fs.FileMode
	modified   time.Time
	method     uint16
	reserve64  bool // the local header has zip64 sizes
	crc        uint32
	compressed int64
	size       int64
	offset     int64  // of the local header
	index      []byte // an extra field of the directory
}

func newZipRecord(e *Entry, offset int64) zipRecord {
	return zipRecord{
		name: e.Name, mode: e.Mode, modified: e.ModTime, method: methodStored,
		reserve64: reserves64(e.Size, false), size: e.Size, compressed: e.Size, offset: offset,
	}
}

// local is the local file header. Its length does not depend on crc and
// compressed, so that it can be patched.
func (r *zipRecord) local() []byte {
	var extra []byte
	compressed, size := uint32(r.compressed), uint32(r.size)
	if r.reserve64 {
		// Both sizes or none, says the specification.
		compressed, size = maxUint32, maxUint32
		extra = zip64Extra(r.size, r.compressed)
	}
	le := binary.LittleEndian
	b := make([]byte, 0, 30+len(r.name)+len(extra))
	b = le.AppendUint32(b, sigLocal)
	b = le.AppendUint16(b, version(r.reserve64))
	b = r.appendCommon(b, compressed, size, len(extra))
	b = append(b, r.name...)
	return append(b, extra...)
}

// directory is the entry's header in the central directory.
func (r *zipRecord) directory() []byte {
	// Where one number has no room, all are written wide: unzip takes the number
	// 4,294,967,295 in an entry's field for a reference that the next entry's
	// field has to resolve.
	wide := needs64(r.size) || needs64(r.compressed) || needs64(r.offset)
	size, compressed, offset := uint32(r.size), uint32(r.compressed), uint32(r.offset)
	var extra []byte
	if wide {
		size, compressed, offset = maxUint32, maxUint32, maxUint32
		extra = zip64Extra(r.size, r.compressed, r.offset)
	}
	extra = append(extra, r.index...)
	le := binary.LittleEndian
	b := make([]byte, 0, 46+len(r.name)+len(extra))
	b = le.AppendUint32(b, sigDirectory)
	b = le.AppendUint16(b, creatorUnix|version(wide || r.reserve64))
	b = le.AppendUint16(b, version(wide || r.reserve64))
	b = r.appendCommon(b, compressed, size, len(extra))
	b = le.AppendUint16(b, 0) // comment
	b = le.AppendUint16(b, 0) // disk
	b = le.AppendUint16(b, 0) // internal attributes
	b = le.AppendUint32(b, (typeRegular|uint32(r.mode.Perm()))<<16)
	b = le.AppendUint32(b, offset)
	b = append(b, r.name...)
	return append(b, extra...)
}

// appendCommon appends the fields that both headers have in the same order.
func (r *zipRecord) appendCommon(b []byte, compressed, size uint32, extra int) []byte {
	le := binary.LittleEndian
	date, clock := dosTime(r.modified)
	b = le.AppendUint16(b, nameFlags(r.name))
	b = le.AppendUint16(b, r.method)
	b = le.AppendUint16(b, clock)
	b = le.AppendUint16(b, date)
	b = le.AppendUint32(b, r.crc)
	b = le.AppendUint32(b, compressed)
	b = le.AppendUint32(b, size)
	b = le.AppendUint16(b, uint16(len(r.name)))
	return le.AppendUint16(b, uint16(extra))
}

// directoryEnd is what follows the central directory: the end record, and
// before it the zip64 ones where a number has no room.
func directoryEnd(entries int, size, offset int64) []byte {
	le := binary.LittleEndian
	var b []byte
	if entries >= maxUint16 || needs64(size) || needs64(offset) {
		b = le.AppendUint32(b, sigEnd64)
		b = le.AppendUint64(b, 44) // length of the rest of this record
		b = le.AppendUint16(b, creatorUnix|versionZip64)
		b = le.AppendUint16(b, versionZip64)
		b = le.AppendUint32(b, 0) // disk
		b = le.AppendUint32(b, 0) // disk of the directory
		b = le.AppendUint64(b, uint64(entries))
		b = le.AppendUint64(b, uint64(entries))
		b = le.AppendUint64(b, uint64(size))
		b = le.AppendUint64(b, uint64(offset))
		b = le.AppendUint32(b, sigLocator64)
		b = le.AppendUint32(b, 0)
		b = le.AppendUint64(b, uint64(offset+size))
		b = le.AppendUint32(b, 1) // disks
	}
	count := uint16(min(entries, maxUint16))
	b = le.AppendUint32(b, sigEnd)
	b = le.AppendUint32(b, 0) // disk and disk of the directory
	b = le.AppendUint16(b, count)
	b = le.AppendUint16(b, count)
	b = le.AppendUint32(b, uint32(min(size, maxUint32)))
	b = le.AppendUint32(b, uint32(min(offset, maxUint32)))
	return le.AppendUint16(b, 0) // comment
}

func zip64Extra(values ...int64) []byte {
	le := binary.LittleEndian
	b := le.AppendUint16(nil, extraZip64)
	b = le.AppendUint16(b, uint16(8*len(values)))
	for _, v := range values {
		b = le.AppendUint64(b, uint64(v))
	}
	return b
}

func version(zip64 bool) uint16 {
	if zip64 {
		return versionZip64
	}
	return versionPlain
}

func nameFlags(name string) uint16 {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return flagUTF8
		}
	}
	return 0
}

// dosTime is t in t's own time zone, as zip has none, clamped to the years
// that it can tell.
func dosTime(t time.Time) (date, clock uint16) {
	switch {
	case t.Year() < 1980:
		t = time.Date(1980, 1, 1, 0, 0, 0, 0, t.Location())
	case t.Year() > 2107:
		t = time.Date(2107, 12, 31, 23, 59, 58, 0, t.Location())
	}
	date = uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	return date, clock
}
