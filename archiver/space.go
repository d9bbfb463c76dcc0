package archiver

import (
	"fmt"
	"io"

	"go-model-archiver/archiver/deflate"
)

const (
	samplesPerEntry = 4
	sampleBytes     = 256 << 10
)

// requireSpace fails if the target's file system surely can't take the
// archive. How small a deflated one gets is guessed, and only when it matters.
func (d *target) requireSpace(p *Plan) error {
	free, ok := FreeSpace(d.folder())
	if !ok {
		return nil
	}
	need := totalOnDisk(p.Entries)
	if free < need && (p.Spec.Format == Default || p.Spec.Format == TGZ) {
		var err error
		if need, err = deflatedAtLeast(p.Entries); err != nil {
			return err
		}
	}
	if free < need {
		return fmt.Errorf("not enough space in %q: at least %d bytes are needed, %d are free", d.folder(), need, free)
	}
	return nil
}

func totalSize(entries []*Entry) int64 {
	var n int64
	for _, e := range entries {
		n += e.Size
	}
	return n
}

// totalOnDisk is what the entries take as they are: holes in them stay holes.
func totalOnDisk(entries []*Entry) int64 {
	var n int64
	for _, e := range entries {
		n += min(e.Size, allocated(e.info))
	}
	return n
}

// deflatedAtLeast is a size that the deflated entries will hardly fall below:
// a tenth less than samples of the large ones promise.
func deflatedAtLeast(entries []*Entry) (int64, error) {
	var total int64
	w := deflate.NewWriter(nil)
	for _, e := range entries {
		if e.Source == "" || e.Size < samplesPerEntry*sampleBytes {
			continue // no file, or too small to matter
		}
		c, err := e.Open()
		if err != nil {
			return 0, err
		}
		w.Reset(io.Discard)
		for i := range int64(samplesPerEntry) {
			off := (e.Size - sampleBytes) / samplesPerEntry * i
			if _, err := w.ReadFrom(io.NewSectionReader(c.file, off, sampleBytes)); err != nil {
				break // Write will meet it again, and say more
			}
		}
		if err := w.Close(); err != nil {
			return 0, err
		}
		if err := c.Close(); err != nil {
			return 0, err
		}
		total += e.Size / (samplesPerEntry * sampleBytes) * w.Written() / 10 * 9
	}
	return total, nil
}
