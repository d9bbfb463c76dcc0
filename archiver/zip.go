package archiver

import (
	"fmt"
	"io"

	"go-model-archiver/archiver/deflate"
)

// zipWriter writes a zip archive that TorchServe can read as a stream: no data
// descriptors; sizes and CRC stand in the local headers.
type zipWriter struct {
	out     *output
	deflate *deflate.Writer // nil for zip-store
	central []zipRecord
}

// writeZip writes the entries as a zip archive.
func writeZip(s *transfer, p *Plan, o Options, out *output) error {
	z := &zipWriter{out: out}
	if p.Spec.Format == Default {
		z.deflate = deflate.NewWriter(nil)
		z.deflate.Background = o.Background
	}
	for _, e := range p.Entries {
		if err := z.add(s, e); err != nil {
			return err
		}
	}
	return z.finish()
}

// reserves64 says whether an entry's local header needs room for zip64 sizes:
// when its size, or what it could grow to when deflated, has none in 32 bits.
func reserves64(size int64, deflated bool) bool {
	if deflated {
		size = deflate.MaxSize(size)
	}
	return needs64(size)
}

// add writes one entry, then patches what is known only afterwards into its
// local header.
func (z *zipWriter) add(s *transfer, e *Entry) error {
	if len(e.Name) > maxUint16 {
		return fmt.Errorf("%q: the name is too long for a zip archive", e.label())
	}
	r := newZipRecord(e, z.out.offset())
	copyData := z.store
	// An empty deflate stream is longer than nothing.
	if z.deflate != nil && e.Size > 0 {
		r.method = methodDeflated
		r.reserve64 = reserves64(e.Size, true)
		copyData = z.compress
	}
	if _, err := z.out.Write(r.local()); err != nil {
		return err
	}
	start := z.out.offset()
	crc, err := s.copy(e, copyData)
	if err != nil {
		return err
	}
	r.crc, r.compressed = crc, z.out.offset()-start
	if r.method == methodDeflated {
		r.index = encodeIndex(z.deflate.Points())
	}
	z.central = append(z.central, r)
	return z.out.patch(r.offset, r.local())
}

func (z *zipWriter) store(r io.Reader) error {
	_, err := z.out.ReadFrom(r)
	return err
}

func (z *zipWriter) compress(r io.Reader) error {
	z.deflate.Reset(z.out)
	_, err := z.deflate.ReadFrom(r)
	closeErr := z.deflate.Close()
	if err != nil {
		return err
	}
	return closeErr
}

// finish writes the central directory.
func (z *zipWriter) finish() error {
	start := z.out.offset()
	for i := range z.central {
		if _, err := z.out.Write(z.central[i].directory()); err != nil {
			return err
		}
	}
	size := z.out.offset() - start
	_, err := z.out.Write(directoryEnd(len(z.central), size, start))
	return err
}
