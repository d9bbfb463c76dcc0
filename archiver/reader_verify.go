package archiver

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"runtime"

	"github.com/klauspost/compress/flate"
	"golang.org/x/sync/errgroup"

	"go-model-archiver/archiver/deflate"
)

// Verify reads the whole file, on all cores as far as its index allows, and
// compares it with size, CRC-32 and index. After a nil error, Reader sees what
// everybody sees who inflates the file from its start.
func (f *ArchiveFile) Verify(ctx context.Context) error {
	return f.read(ctx, func(int64) io.Writer { return io.Discard })
}

// Unpack does what Verify does and writes the content to w, in pieces of any
// order. After an error w holds part of it.
func (f *ArchiveFile) Unpack(ctx context.Context, w io.WriterAt) error {
	return f.read(ctx, func(offset int64) io.Writer { return io.NewOffsetWriter(w, offset) })
}

// Indexed says whether Reader can start anywhere in the file: it is stored, or
// deflated by us.
func (f *ArchiveFile) Indexed() bool { return f.Method == zip.Store || len(f.points) > 1 }

// read gives the content to the writers that sink returns for offsets.
func (f *ArchiveFile) read(ctx context.Context, sink func(offset int64) io.Writer) error {
	pieces := f.pieces()
	sums := make([]uint32, len(pieces))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, p := range pieces {
		group.Go(func() (err error) {
			sums[i], err = f.sum(ctx, sink(p.In), p, i == len(pieces)-1)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("%q: %w", f.Name, err)
	}
	var crc uint32
	for i, p := range pieces {
		crc = combineCRC(crc, sums[i], p.size)
	}
	if crc != f.CRC32 {
		return fmt.Errorf("%q: %w", f.Name, zip.ErrChecksum)
	}
	return nil
}

// piece is a part of a file that can be read by itself.
type piece struct {
	deflate.Point
	size, compressed int64
}

func (f *ArchiveFile) pieces() []piece {
	if f.Method == zip.Store {
		return []piece{{size: f.Size(), compressed: f.data.Size()}}
	}
	pieces := make([]piece, len(f.points))
	for i, p := range f.points {
		end := deflate.Point{In: f.Size(), Out: f.data.Size()}
		if i+1 < len(f.points) {
			end = f.points[i+1]
		}
		pieces[i] = piece{p, end.In - p.In, end.Out - p.Out}
	}
	return pieces
}

// sum copies one piece to w and returns its CRC-32.
func (f *ArchiveFile) sum(ctx context.Context, w io.Writer, p piece, last bool) (uint32, error) {
	data := io.Reader(io.NewSectionReader(f.data, p.Out, p.compressed))
	if f.Method == zip.Store {
		return copySum(ctx, w, data, p.size)
	}
	var seal []byte
	if !last {
		seal = newSeal()
		data = io.MultiReader(data, bytes.NewReader(seal))
	}
	r := flate.NewReader(data)
	defer r.Close()
	crc, err := copySum(ctx, w, r, p.size)
	if err != nil {
		return 0, err
	}
	// Where a piece ends, the stream must be between two blocks and at the
	// start of a byte: only then the seal comes out as it went in.
	rest, err := io.ReadAll(io.LimitReader(r, sealSize+1))
	if err != nil || len(seal) > 0 && !bytes.Equal(rest, seal[len(seal)-sealSize:]) || len(seal) == 0 && len(rest) > 0 {
		return 0, errors.Join(errors.New("size or index of blocks is wrong"), err)
	}
	return crc, nil
}

const sealSize = 16

// newSeal is a final stored block of bytes that nobody can foresee.
func newSeal() []byte {
	var seal [5 + sealSize]byte
	seal[0] = 1
	binary.LittleEndian.PutUint16(seal[1:], sealSize)
	binary.LittleEndian.PutUint16(seal[3:], ^uint16(sealSize))
	_, _ = rand.Read(seal[5:])
	return seal[:]
}

// copySum copies n bytes of r to w and returns their CRC-32.
func copySum(ctx context.Context, w io.Writer, r io.Reader, n int64) (uint32, error) {
	var crc uint32
	buf := make([]byte, min(n, 256<<10))
	for n > 0 {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		k, err := io.ReadFull(r, buf[:min(n, int64(len(buf)))])
		crc = crc32.Update(crc, crc32.IEEETable, buf[:k])
		n -= int64(k)
		if err != nil {
			return 0, unexpected(err)
		}
		if _, err := w.Write(buf[:k]); err != nil {
			return 0, err
		}
	}
	return crc, nil
}

// combineCRC returns the CRC-32 of two pieces in a row, the second n bytes
// long. Appending n zero bytes to a message multiplies its CRC by x^(8n)
// modulo the CRC's polynomial.
func combineCRC(a, b uint32, n int64) uint32 {
	const one, x8 = 1 << 31, 1 << 23 // bit 31 is x^0
	power, square := uint32(one), uint32(x8)
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			power = multiplyCRC(power, square)
		}
		square = multiplyCRC(square, square)
	}
	return multiplyCRC(power, a) ^ b
}

// multiplyCRC multiplies two polynomials modulo that of CRC-32.
func multiplyCRC(a, b uint32) uint32 {
	var product uint32
	for bit := uint32(1 << 31); bit > 0; bit >>= 1 {
		if a&bit != 0 {
			product ^= b
		}
		b = b>>1 ^ crc32.IEEE&-(b&1)
	}
	return product
}
