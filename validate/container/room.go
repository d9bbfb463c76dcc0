package container

import (
	"fmt"
	"io"
	"math"
	"os"

	"github.com/dustin/go-humanize"

	"go-model-archiver/archiver"
	"go-model-archiver/validate/rules"
)

// An archive inflates oddly from oddRatio times its size and oddInflated bytes
// on. Trained weights hardly shrink; a model of zeros of that size, for which
// only a warning is due, is rare.
const (
	oddRatio    = 100
	oddInflated = 1 << 30
)

// checkExpansion tells of an archive that may be a zip bomb. The server unpacks
// it without a bound before it looks at anything, so it works where the disk
// takes it.
func (c *Container) checkExpansion(inflated int64) {
	if inflated >= oddInflated && inflated/oddRatio >= c.Size {
		c.add(rules.ArchiveExpansion, c.Path,
			fmt.Sprintf("%q has %s and inflates to %s, which TorchServe writes to its temporary folder without a bound",
				c.Path, humanize.IBytes(uint64(c.Size)), humanize.IBytes(uint64(inflated))),
			"make sure that it comes from someone you trust, and that the server's disk takes it")
	}
}

// freeSpace is that of the file system of a folder, in bytes.
var freeSpace = archiver.FreeSpace

// noRoom says that inflating would fill the temporary folder.
type noRoom struct {
	path, folder string
	room         int64
}

func (e *noRoom) Error() string {
	return fmt.Sprintf("%q inflates to more than the %s that may be used in %q; set TMPDIR to a folder with more space",
		e.path, humanize.IBytes(uint64(e.room)), e.folder)
}

// room is how many bytes may be written to the temporary folder: a twentieth
// of what is free is left to others.
func room() (n int64, folder string) {
	folder = os.TempDir()
	free, ok := freeSpace(folder)
	if !ok {
		return math.MaxInt64, folder
	}
	return free - free/20, folder
}

// requireRoom fails where n bytes are too many for the temporary folder.
func (c *Container) requireRoom(n int64) error {
	if room, folder := room(); n > room {
		return &noRoom{c.Path, folder, room}
	}
	return nil
}

// inflate copies what r inflates to a temporary file, as far as there is room.
func (c *Container) inflate(w io.Writer, r io.Reader) (n int64, err error) {
	room, folder := room()
	n, err = io.Copy(w, io.LimitReader(r, room))
	if err != nil || n < room {
		return n, err
	}
	if _, err := io.ReadFull(r, make([]byte, 1)); err == nil {
		return n, &noRoom{c.Path, folder, room}
	}
	return n, nil
}
