package archiver

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"

	"golang.org/x/sync/errgroup"
)

// ErrExists says that the destination exists and Spec.Force is not set.
var ErrExists = errors.New("already exists")

// Result describes a written archive.
type Result struct {
	Path   string
	Size   int64  // bytes; of a folder: of all its entries
	SHA256 string // lower-case hex; "" for a folder, or when not asked for
	Format Format
}

// Options of Write; the zero value is a good one.
type Options struct {
	// Progress, when set, is called now and then with the bytes of sources
	// read since the last call. Calls don't overlap.
	Progress func(n int64)
	// SHA256 asks for Result.SHA256.
	SHA256 bool
	// Background, when set, lets other processes have the cores first until it
	// is closed: those of the load test, which takes longer.
	Background <-chan struct{}
}

// Write writes the planned archive to a temporary file beside its destination,
// calls gate, and only if that gives nil renames it into place. After an error
// the destination is as it was. A nil gate lets everything pass.
//
// The export path is made if it is missing. A destination that is a symbolic
// link is written through. Temporary files of runs that died are removed.
// Cancelling ctx stops the work between two reads.
func Write(ctx context.Context, p *Plan, o Options, gate func(context.Context) error) (*Result, error) {
	if gate == nil {
		gate = func(context.Context) error { return nil }
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	d, err := openTarget(p)
	if err != nil {
		return nil, err
	}
	result := &Result{Path: p.Destination, Format: p.Spec.Format}
	s := &transfer{ctx: ctx, progress: o.Progress}
	if p.Spec.Format == NoArchive {
		err = writeFolder(s, p, d, result, gate)
	} else {
		err = writeFile(s, p, d, o, result, gate)
	}
	if err != nil {
		return nil, explain(err, d.folder())
	}
	return result, nil
}

// writeFile makes an archive that is one file.
func writeFile(s *transfer, p *Plan, d *target, o Options, result *Result, gate func(context.Context) error) (err error) {
	if err := d.requireSpace(p); err != nil {
		return err
	}
	t, err := newTemp(d.path, createFile(d.createMode()))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	if err := writeEntries(s, p, o, newOutput(t.file)); err != nil {
		return err
	}
	if err := d.keepMode(t.file); err != nil {
		return err
	}
	if result.Size, err = t.file.Seek(0, io.SeekEnd); err != nil {
		return err
	}
	// The disk works while the gate waits for the checks.
	var disk errgroup.Group
	disk.Go(t.file.Sync)
	if o.SHA256 {
		disk.Go(func() (err error) {
			result.SHA256, err = hashFile(s.ctx, t.file, result.Size)
			return err
		})
	}
	gateErr := gate(s.ctx)
	if err := disk.Wait(); err != nil && gateErr == nil {
		return err
	}
	if gateErr != nil {
		return gateErr
	}
	if err := s.ctx.Err(); err != nil {
		return err
	}
	return d.commit(t)
}

// writeEntries writes the archive in the plan's format.
func writeEntries(s *transfer, p *Plan, o Options, out *output) error {
	write := writeZip
	if p.Spec.Format == TGZ {
		write = writeTGZ
	}
	if err := write(s, p, o, out); err != nil {
		return err
	}
	s.done()
	return out.finish()
}

// hashFile reads back what was just written, most of it from the page cache.
func hashFile(ctx context.Context, f *os.File, size int64) (string, error) {
	h := sha256.New()
	buf := make([]byte, bufferSize)
	for off := int64(0); off < size; {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		n, err := f.ReadAt(buf[:min(int64(len(buf)), size-off)], off)
		if err != nil {
			return "", err
		}
		h.Write(buf[:n])
		off += int64(n)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
