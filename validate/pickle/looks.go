package pickle

import (
	"bytes"
	"errors"
	"io"
)

// LooksLike reports whether head, the first bytes of a file, are the start of
// a pickle: a protocol's number of at least 2 and then opcodes that fit each
// other, up to STOP or to where head is cut; whole says that it is not cut.
func LooksLike(head []byte, whole bool) bool {
	if len(head) < 3 || head[0] != opProto || head[1] < 2 || head[1] > highestProtocol {
		return false
	}
	m := newMachine(newSource(bytes.NewReader(head)), looksMemory, true)
	_, err := m.run()
	return err == nil || !whole && errors.Is(err, io.ErrUnexpectedEOF)
}

// looksMemory is plenty for the values of a file's first kilobytes.
const looksMemory = 4 << 20
