package archiver

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"os"

	"go-model-archiver/archiver/deflate"
)

// Archive is a zip archive opened for reading, ours or another's.
type Archive struct {
	files  []*ArchiveFile
	recent recentReaders
}

// ArchiveFile is a file in an Archive.
type ArchiveFile struct {
	zip.FileHeader
	data   *io.SectionReader // as it stands in the archive
	points []deflate.Point
	recent *recentReaders
}

// ReadArchive reads the directory of a zip archive, which the caller keeps open
// as long as it is read. The archive may be anybody's: names are as they stand
// there, and nothing is read beyond the file's end.
func ReadArchive(f *os.File) (*Archive, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	files, err := readDirectory(f, info.Size())
	if err != nil {
		return nil, err
	}
	a := &Archive{files: files}
	for _, f := range files {
		f.recent = &a.recent
	}
	return a, nil
}

func readDirectory(r io.ReaderAt, size int64) ([]*ArchiveFile, error) {
	// A directory may point before the file's start, which a section answers
	// as it does its end, and a file as an error of the system.
	section := io.NewSectionReader(r, 0, size)
	z, err := zip.NewReader(section, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, err
	}
	files := make([]*ArchiveFile, len(z.File))
	for i, f := range z.File {
		if files[i], err = newArchiveFile(section, size, f); err != nil {
			return nil, fmt.Errorf("%q: %w", f.Name, err)
		}
	}
	return files, nil
}

func newArchiveFile(r io.ReaderAt, size int64, f *zip.File) (*ArchiveFile, error) {
	start, err := f.DataOffset()
	if err != nil {
		return nil, err
	}
	if start > size || f.CompressedSize64 > uint64(size-start) || f.UncompressedSize64 > 1<<62 {
		return nil, errors.New("reaches beyond the end of the archive")
	}
	file := &ArchiveFile{
		FileHeader: f.FileHeader,
		data:       io.NewSectionReader(r, start, int64(f.CompressedSize64)),
	}
	switch f.Method {
	case zip.Store:
		if f.CompressedSize64 != f.UncompressedSize64 {
			return nil, errors.New("is stored, but its two sizes differ")
		}
	case zip.Deflate:
		file.points, err = findIndex(f.Extra, file.Size(), file.data.Size())
		if err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("compression method %d is not supported", f.Method)
	}
	return file, nil
}

// Files are the archive's files, in the directory's order.
func (a *Archive) Files() []*ArchiveFile { return a.files }

// Size is the number of bytes of the file when inflated, as the directory
// says.
func (f *ArchiveFile) Size() int64 { return int64(f.UncompressedSize64) }

// Stored says whether the file stands in the archive as it is, and where it
// begins.
func (f *ArchiveFile) Stored() (offset int64, ok bool) {
	_, offset, _ = f.data.Outer()
	return offset, f.Method == zip.Store
}

// Reader gives access to the content at any offset. Of a stored file it reads
// what is asked for. A deflated one is inflated from the last point of its
// index before that; without an index, which only our archives have, from the
// start. It trusts index and sizes: on archives of strangers call Verify
// first.
func (f *ArchiveFile) Reader() *ArchiveReader {
	return &ArchiveReader{file: f}
}
