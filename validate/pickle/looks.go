package pickle

import (
	"bytes"
	"errors"
	"io"
)

// looksMemory is plenty for the values of a file's first kilobytes.
const looksMemory = 4 << 20

// LooksLike reports whether head, the first bytes of a file, may be the start
// of a pickle: opcodes that fit each other up to STOP, to a call or to where
// head is cut; whole says that it is not cut.
func LooksLike(head []byte, whole bool) bool {
	if len(head) == 0 {
		return false
	}
	m := newMachine(newSource(bytes.NewReader(head), 128), looksMemory, false)
	_, err := m.run()
	return err == nil || m.calls > 0 || !whole && errors.Is(err, io.ErrUnexpectedEOF)
}
