package archiver

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"
)

// ErrSourceChanged says that a file changed between planning and the end of
// its reading; the archive is not written then.
var ErrSourceChanged = errors.New("changed while it was being archived")

// Role says what an entry is to the server.
type Role string

// The roles of entries.
const (
	RoleHandler      Role = "handler"
	RoleModelFile    Role = "model file"
	RoleSerialized   Role = "serialized file"
	RoleRequirements Role = "requirements file"
	RoleConfig       Role = "config file"
	RoleExtra        Role = "extra file"
	RoleManifest     Role = "manifest"
)

// Entry is one file of an archive.
type Entry struct {
	// Name is relative and slash-separated; tgz puts the model's name before it.
	Name    string
	Role    Role
	Source  string      // the path as the user gave it; "" for the manifest
	Size    int64       // bytes
	Mode    fs.FileMode // permission bits
	ModTime time.Time

	// Tee, when set, is given every byte of the entry in order while the
	// archive is written. An error of its Write fails the archive.
	Tee io.Writer

	content []byte      // the manifest's bytes
	file    *os.File    // kept open from planning on, for the serialized file
	info    fs.FileInfo // what planning saw
}

// File returns the descriptor that planning opened and that Write reads from,
// so that others can look at the same bytes; it is nil for all entries but the
// serialized file. It belongs to the plan: use ReadAt, don't close it.
func (e *Entry) File() *os.File { return e.file }

// Content is an open entry: a reader of exactly Entry.Size bytes.
type Content struct {
	*io.SectionReader
	entry *Entry
	file  *os.File
	close bool
}

// Open opens the entry's source, which must still be the file that planning
// saw. The caller must call Close, whose error tells whether the source
// changed meanwhile.
func (e *Entry) Open() (*Content, error) {
	if e.file == nil && e.content != nil {
		return &Content{SectionReader: io.NewSectionReader(bytes.NewReader(e.content), 0, e.Size), entry: e}, nil
	}
	c := &Content{entry: e, file: e.file}
	if c.file == nil {
		f, err := openRegular(e.Source)
		if err != nil {
			return nil, err
		}
		c.file, c.close = f, true
	}
	if err := c.unchanged(); err != nil {
		c.closeFile()
		return nil, err
	}
	c.SectionReader = io.NewSectionReader(c.file, 0, e.Size)
	return c, nil
}

// Close releases the source and tells whether it changed since planning.
func (c *Content) Close() error {
	if c.file == nil {
		return nil
	}
	return errors.Join(c.unchanged(), c.closeFile())
}

func (c *Content) closeFile() error {
	if !c.close {
		return nil
	}
	return c.file.Close()
}

func (c *Content) unchanged() error {
	now, err := c.file.Stat()
	if err != nil {
		return err
	}
	if !sameFile(c.entry.info, now) {
		return fmt.Errorf("%q %w", c.entry.Source, ErrSourceChanged)
	}
	if now.Size() == 0 && hasContent(c.file) {
		return fmt.Errorf("%q says that it is empty and is not: the kernel makes it up, as in /proc; copy it first", c.entry.Source)
	}
	return nil
}

func hasContent(f *os.File) bool {
	n, _ := f.ReadAt(make([]byte, 1), 0)
	return n > 0
}
