package pickle

import (
	"errors"
	"fmt"
	"io"
)

// The bounds of a machine. Python's pickler appends in batches of 1000; only
// the items of a long tuple are all on the stack at once.
const (
	maxStack = 1 << 17
	maxMemo  = 1 << 24
	// maxName is the longest string that may become the name of a global
	// where nothing else is kept, and maxNames bounds the bytes of those on
	// the stack, each with nameOverhead more.
	maxName      = 128
	maxNames     = 3 << 20
	nameOverhead = 64
)

// machine follows the opcodes of one pickle.
type machine struct {
	src   *source
	stack []Value
	marks []int
	memo  memo

	// keep is false where only imports matter: values that cannot become
	// part of one are then Unknown, and what finds no room is forgotten.
	keep bool
	// budget is how many bytes the values may still take, about.
	budget int64
	// names is how many bytes the names on the stack have, without keep.
	names int
	// calls counts the calls of anything.
	calls int
	// getattrs is how often getattr came onto the stack, less the calls that
	// got a known global's attribute.
	getattrs int
	// imported, where set, is told of each import with its opcode's place: a
	// Global, Unknown where only code could tell, or untold.
	imported func(Value, int64)
	// nested, where set, is given each string that looks like a pickle
	// itself, in place of keeping it.
	nested func(io.Reader) error
	// referred, where set, is told of each persistent id.
	referred func(Value)
}

func newMachine(src *source, budget int64, keep bool) *machine {
	return &machine{src: src, budget: budget, keep: keep, memo: memo{values: map[uint64]Value{}}}
}

// errStop ends run.
var errStop = errors.New("stop")

// run follows opcodes up to STOP and returns what it leaves. At the very end
// of the input it returns io.EOF.
func (m *machine) run() (Value, error) {
	start := m.src.pos
	for {
		at := m.src.pos
		op, err := m.src.readByte()
		if err != nil {
			if at == start {
				return nil, err
			}
			return nil, fmt.Errorf("pickle ends at byte %d: %w", at, unexpected(err))
		}
		switch err := m.step(op, at); {
		case errors.Is(err, errStop):
			return m.pop()
		case errors.Is(err, io.ErrUnexpectedEOF):
			return nil, fmt.Errorf("pickle ends at byte %d: %w", m.src.pos, err)
		case err != nil:
			return nil, fmt.Errorf("opcode 0x%02x at byte %d: %w", op, at, err)
		}
	}
}

// charge accounts for a value of about n bytes that is kept.
func (m *machine) charge(n int) error {
	if m.budget < int64(n) {
		return fmt.Errorf("%w: its values take too much memory", ErrTooLarge)
	}
	m.budget -= int64(n)
	return nil
}

func (m *machine) push(v Value) error {
	if len(m.stack) >= maxStack {
		return fmt.Errorf("%w: more than %d values on the stack", ErrTooLarge, maxStack)
	}
	m.stack = append(m.stack, v)
	return nil
}

// pushSized pushes a value of about n bytes; without keep, Unknown instead.
func (m *machine) pushSized(v Value, n int) error {
	if !m.keep {
		return m.push(Unknown{})
	}
	if err := m.charge(n); err != nil {
		return err
	}
	return m.push(v)
}

// pushString pushes a string, which may become part of an import.
func (m *machine) pushString(s string) error {
	if m.keep {
		return m.pushSized(s, 32+len(s))
	}
	return m.pushName(s)
}

// untold stands, without keep, for what may be a name and found no room, or
// for one that the program knows by a number.
type untold struct{}

// pushName pushes, without keep, what may become part of an import, or Unknown
// where it is too long or there is no room.
func (m *machine) pushName(v Value) error {
	n := nameSize(v)
	switch {
	case n > 3*maxName+nameOverhead:
		return m.push(Unknown{})
	case m.names+n > maxNames:
		return m.push(untold{})
	}
	m.names += n
	if isGetattr(v) {
		m.getattrs++
	}
	return m.push(v)
}

// pushAgain pushes a value that exists already.
func (m *machine) pushAgain(v Value) error {
	if m.keep {
		return m.push(v)
	}
	return m.pushName(v)
}

// nameSize is about how many bytes a value takes that may become part of an
// import; others have 0.
func nameSize(v Value) int {
	switch v := v.(type) {
	case string:
		return nameOverhead + len(v)
	case Global:
		return nameOverhead + len(v.Module) + len(v.Name)
	case attribute:
		return nameOverhead + len(v.Module) + len(v.Name)
	}
	return 0
}

// release takes names that leave the stack off the account.
func (m *machine) release(values ...Value) {
	if m.keep {
		return
	}
	for _, v := range values {
		m.names -= nameSize(v)
	}
}

func (m *machine) pop() (Value, error) {
	n := len(m.stack)
	if n == 0 {
		return nil, malformed("the stack is empty")
	}
	v := m.stack[n-1]
	if _, ok := v.(mark); ok {
		return nil, malformed("a mark where a value is needed")
	}
	m.stack[n-1] = nil
	m.stack = m.stack[:n-1]
	m.release(v)
	return v, nil
}

func (m *machine) top() (Value, error) {
	n := len(m.stack)
	if n == 0 {
		return nil, malformed("the stack is empty")
	}
	if _, ok := m.stack[n-1].(mark); ok {
		return nil, malformed("a mark where a value is needed")
	}
	return m.stack[n-1], nil
}

func (m *machine) pushMark() error {
	m.marks = append(m.marks, len(m.stack))
	return m.push(mark{})
}

// popMark returns the values above the last mark; they are valid until the
// next push.
func (m *machine) popMark() ([]Value, error) {
	n := len(m.marks)
	if n == 0 || m.marks[n-1] >= len(m.stack) {
		return nil, malformed("no mark on the stack")
	}
	at := m.marks[n-1]
	m.marks = m.marks[:n-1]
	items := m.stack[at+1:]
	m.release(items...)
	m.stack = m.stack[:at]
	return items, nil
}
