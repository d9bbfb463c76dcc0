package torchscript

import (
	"compress/flate"
	"io"
)

// The compression methods that libtorch's zip reader knows.
const (
	methodStored   = 0
	methodDeflated = 8
)

// open returns a reader of the entry's bytes, inflated where need be. It goes
// one byte beyond the size that the directory declares, so that reading to its
// end tells whether the bytes end there too.
func (d zipDirectory) open(e zipEntry) (io.Reader, error) { return new(inflater).open(d, e) }

// inflater opens entries one after the other with one decompressor, which
// takes more memory than the code files of a model do.
type inflater struct{ z io.ReadCloser }

// open does what zipDirectory.open does; what it returned before is of no more
// use.
func (i *inflater) open(d zipDirectory, e zipEntry) (io.Reader, error) {
	at, err := d.dataOffset(e)
	if err != nil {
		return nil, err
	}
	raw := io.NewSectionReader(d.r, at, e.compressed)
	switch {
	case e.flags&1 != 0:
		return nil, brokenZip("entry %q is encrypted", e.name)
	case e.method == methodStored:
		return raw, nil
	case e.method == methodDeflated:
		if i.z == nil {
			i.z = flate.NewReader(raw)
		} else if err := i.z.(flate.Resetter).Reset(raw, nil); err != nil {
			return nil, err
		}
		return io.LimitReader(i.z, e.size+1), nil
	}
	return nil, brokenZip("entry %q has the unknown compression method %d", e.name, e.method)
}
