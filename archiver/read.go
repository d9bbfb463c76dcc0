package archiver

import (
	"fmt"
	"io"
	"io/fs"
	"slices"
)

// Entry returns the entry of that name, or nil.
func (p *Plan) Entry(name string) *Entry {
	i := slices.IndexFunc(p.Entries, func(e *Entry) bool { return e.Name == name })
	if i < 0 {
		return nil
	}
	return p.Entries[i]
}

// Serialized returns the entry of the serialized file, or nil.
func (p *Plan) Serialized() *Entry {
	i := slices.IndexFunc(p.Entries, func(e *Entry) bool { return e.Role == RoleSerialized })
	if i < 0 {
		return nil
	}
	return p.Entries[i]
}

// ReadEntry returns the content of the entry of that name, which may have at
// most limit bytes. Without such an entry the error is fs.ErrNotExist.
func (p *Plan) ReadEntry(name string, limit int64) (data []byte, err error) {
	e := p.Entry(name)
	if e == nil {
		return nil, fmt.Errorf("%q: %w", name, fs.ErrNotExist)
	}
	if e.Size > limit {
		return nil, fmt.Errorf("%q has %d bytes; at most %d are read", e.Source, e.Size, limit)
	}
	c, err := e.Open()
	if err != nil {
		return nil, err
	}
	defer func() {
		if cerr := c.Close(); err == nil {
			err = cerr
		}
	}()
	return io.ReadAll(c)
}
