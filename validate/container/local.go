package container

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
)

const (
	localHeaderSize     = 30
	localSignature      = 0x04034b50
	descriptorSignature = 0x08074b50

	zip64ID     = 1
	zip64Marker = 0xFFFFFFFF
)

// checkLocalHeaders reads the archive as TorchServe does, with
// java.util.zip.ZipInputStream: from the start, one local header after another,
// without the directory at the end. What the directory says and Java would not
// see is one finding.
func (c *Container) checkLocalHeaders(f *os.File) {
	z, _ := zip.NewReader(f, c.Size) // an odd name is an error and no obstacle
	if z == nil || len(z.File) == 0 {
		return
	}
	listed := make(map[int64]*zip.File, len(z.File)) // by where the data starts
	for _, file := range z.File {
		start, err := file.DataOffset()
		if err != nil {
			return // told by ReadArchive
		}
		listed[start] = file
	}
	at := int64(0)
	for len(listed) > 0 {
		h, ok := readLocalHeader(f, at)
		if !ok {
			c.unseen(at, listed)
			return
		}
		file := listed[h.data]
		if file == nil {
			c.addDamaged(fmt.Sprintf("%q in %q is not in its directory, and TorchServe unpacks it", h.name, c.Path))
			return
		}
		delete(listed, h.data)
		if why := h.differs(file); why != "" {
			c.addDamaged(fmt.Sprintf("%q in %q has another %s in its local header, which TorchServe reads, than in the directory", file.Name, c.Path, why))
			return
		}
		c.checkFlags(file.Name, h.flags, file.Method)
		at = h.data + int64(file.CompressedSize64)
		if h.flags&flagDescriptor != 0 {
			at += descriptorSize(f, at, file)
		}
	}
}

func (c *Container) unseen(at int64, listed map[int64]*zip.File) {
	next := listed[slices.Min(slices.Collect(maps.Keys(listed)))]
	if at == 0 {
		c.addDamaged(fmt.Sprintf("%q has other bytes before its first entry, and TorchServe reads from the start", c.Path))
		return
	}
	c.addDamaged(fmt.Sprintf("%q in %q stands behind bytes of no entry, and TorchServe reads from the start and stops there", next.Name, c.Path))
}

// localHeader is what stands before an entry's data.
type localHeader struct {
	name                   []byte
	flags, method          uint16
	crc                    uint32
	compressed, size, data int64
}

func readLocalHeader(r io.ReaderAt, at int64) (h localHeader, ok bool) {
	fixed := make([]byte, localHeaderSize)
	if _, err := r.ReadAt(fixed, at); err != nil || binary.LittleEndian.Uint32(fixed) != localSignature {
		return h, false
	}
	nameSize, extraSize := binary.LittleEndian.Uint16(fixed[26:]), binary.LittleEndian.Uint16(fixed[28:])
	rest := make([]byte, int(nameSize)+int(extraSize))
	if _, err := r.ReadAt(rest, at+localHeaderSize); err != nil && err != io.EOF {
		return h, false
	}
	h = localHeader{
		name:       rest[:nameSize],
		flags:      binary.LittleEndian.Uint16(fixed[6:]),
		method:     binary.LittleEndian.Uint16(fixed[8:]),
		crc:        binary.LittleEndian.Uint32(fixed[14:]),
		compressed: int64(binary.LittleEndian.Uint32(fixed[18:])),
		size:       int64(binary.LittleEndian.Uint32(fixed[22:])),
		data:       at + localHeaderSize + int64(len(rest)),
	}
	h.takeZip64(rest[nameSize:])
	return h, true
}

// takeZip64 takes the sizes of 4 GiB and more from the extra field, where a
// local header has both, the original size first.
func (h *localHeader) takeZip64(extra []byte) {
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		extra = extra[4:]
		if size > len(extra) {
			return
		}
		if id == zip64ID {
			field := extra[:size]
			for _, n := range []*int64{&h.size, &h.compressed} {
				if *n == zip64Marker && len(field) >= 8 {
					*n, field = int64(binary.LittleEndian.Uint64(field)), field[8:]
				}
			}
			return
		}
		extra = extra[size:]
	}
}

// differs names what the local header has otherwise than the directory. With a
// descriptor, sizes and checksum stand behind the data.
func (h *localHeader) differs(file *zip.File) string {
	switch {
	case !bytes.Equal(h.name, []byte(file.Name)):
		return "name"
	case h.method != file.Method:
		return "compression method"
	case h.flags&flagDescriptor != 0:
	case h.compressed != int64(file.CompressedSize64) || h.size != int64(file.UncompressedSize64):
		return "size"
	case h.crc != file.CRC32:
		return "checksum"
	}
	return ""
}

// descriptorSize is how many bytes stand behind an entry's data: with or
// without a signature, with sizes of 4 or 8 bytes.
func descriptorSize(r io.ReaderAt, at int64, file *zip.File) int64 {
	raw := make([]byte, 24)
	n, _ := r.ReadAt(raw, at)
	raw, size := raw[:n], int64(12)
	if n >= 4 && binary.LittleEndian.Uint32(raw) == descriptorSignature {
		raw, size = raw[4:], 16
	}
	short := len(raw) >= 12 && uint64(binary.LittleEndian.Uint32(raw[4:])) == file.CompressedSize64 &&
		uint64(binary.LittleEndian.Uint32(raw[8:])) == file.UncompressedSize64
	if !short {
		size += 8
	}
	return size
}
