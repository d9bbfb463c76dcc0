package archiver

import (
	"archive/tar"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"

	"go-model-archiver/archiver/deflate"
)

// gzipHeader says deflate, no name, no time, made on Unix (RFC 1952).
var gzipHeader = []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3}

// gzipWriter writes one gzip member.
type gzipWriter struct {
	out     io.Writer
	deflate *deflate.Writer
	crc     uint32
	size    uint32 // modulo 2^32, as gzip has it
}

func newGzipWriter(out io.Writer) (*gzipWriter, error) {
	if _, err := out.Write(gzipHeader); err != nil {
		return nil, err
	}
	return &gzipWriter{out: out, deflate: deflate.NewWriter(out)}, nil
}

func (g *gzipWriter) Write(p []byte) (int, error) {
	g.crc = crc32.Update(g.crc, crc32.IEEETable, p)
	g.size += uint32(len(p))
	return g.deflate.Write(p)
}

// Close ends the member; it must be called after errors too.
func (g *gzipWriter) Close() error {
	if err := g.deflate.Close(); err != nil {
		return err
	}
	b := binary.LittleEndian.AppendUint32(nil, g.crc)
	_, err := g.out.Write(binary.LittleEndian.AppendUint32(b, g.size))
	return err
}

// writeTGZ writes the entries as a .tar.gz, under a folder with the model's
// name.
func writeTGZ(s *transfer, p *Plan, o Options, out *output) error {
	g, err := newGzipWriter(out)
	if err != nil {
		return err
	}
	g.deflate.Background = o.Background
	err = writeTar(s, p, g)
	closeErr := g.Close()
	if err != nil {
		return err
	}
	return closeErr
}

func writeTar(s *transfer, p *Plan, out io.Writer) error {
	t := tar.NewWriter(out)
	buf := make([]byte, bufferSize)
	for _, e := range p.Entries {
		header := &tar.Header{
			Typeflag: tar.TypeReg,
			Name:     p.Spec.ModelName + "/" + e.Name,
			Size:     e.Size,
			Mode:     int64(e.Mode.Perm()),
			ModTime:  e.ModTime,
		}
		if err := t.WriteHeader(header); err != nil {
			return fmt.Errorf("%q: %w", e.label(), err)
		}
		_, err := s.copy(e, func(r io.Reader) error {
			// Without ReadFrom and WriteTo, so that buf is used.
			_, err := io.CopyBuffer(struct{ io.Writer }{t}, struct{ io.Reader }{r}, buf)
			return err
		})
		if err != nil {
			return err
		}
	}
	return t.Close()
}
