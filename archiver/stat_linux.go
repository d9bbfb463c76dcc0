package archiver

import (
	"io/fs"
	"os"
	"syscall"
)

// sameFile says whether two looks at a file saw the same inode with the same
// size, modification time and change time.
func sameFile(a, b fs.FileInfo) bool {
	if !os.SameFile(a, b) || a.Size() != b.Size() || !a.ModTime().Equal(b.ModTime()) {
		return false
	}
	x, okX := a.Sys().(*syscall.Stat_t)
	y, okY := b.Sys().(*syscall.Stat_t)
	return okX && okY && x.Ctim == y.Ctim
}
