package archiver

import (
	"context"
	"errors"
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
}

// Write writes the planned archive to a temporary file beside its destination,
// calls gate, and only if that gives nil renames it into place. After an error
// the destination is as it was. A nil gate lets everything pass.
func Write(ctx context.Context, p *Plan, o Options, gate func(context.Context) error) (*Result, error) {
	return nil, errors.New("not written yet")
}
