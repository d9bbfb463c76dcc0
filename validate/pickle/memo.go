package pickle

import "fmt"

// memo holds the values that a pickle refers to by number.
type memo struct {
	values map[uint64]Value
	// used marks the numbers that were given: MEMOIZE takes their count for
	// the next one, and not every value is kept.
	used  []uint64
	count uint64
	// lossy is set once a name found no room.
	lossy bool
}

// mark notes that index was given.
func (m *memo) mark(index uint64) {
	word, bit := index/64, uint64(1)<<(index%64)
	if n := int(word) + 1 - len(m.used); n > 0 {
		m.used = append(m.used, make([]uint64, n)...)
	}
	if m.used[word]&bit == 0 {
		m.used[word] |= bit
		m.count++
	}
}

// memoSize is about what an entry of the map takes.
const memoSize = 48

// put memoizes the value on top of the stack.
func (m *machine) put(index uint64) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	if index >= maxMemo {
		return fmt.Errorf("%w: memo number %d", ErrTooLarge, index)
	}
	m.memo.mark(index)
	_, had := m.memo.values[index]
	if !m.keep {
		return m.putName(index, v, had)
	}
	if !had {
		if err := m.charge(memoSize); err != nil {
			return err
		}
	}
	m.memo.values[index] = v
	return nil
}

// putName memoizes what may become part of an import, as long as there is room.
func (m *machine) putName(index uint64, v Value, had bool) error {
	size := nameSize(v)
	if size == 0 {
		delete(m.memo.values, index)
		_, forgotten := v.(untold)
		m.memo.lossy = m.memo.lossy || forgotten
		return nil
	}
	if m.charge(memoSize+size) != nil {
		if had {
			delete(m.memo.values, index)
		}
		m.memo.lossy = true
		return nil
	}
	m.memo.values[index] = v
	return nil
}

// get pushes a memoized value.
func (m *machine) get(index uint64) error {
	v, ok := m.memo.values[index]
	switch {
	case ok:
	case m.keep:
		return malformed("nothing was memoized as %d", index)
	case m.memo.lossy:
		v = untold{}
	default:
		v = Unknown{}
	}
	return m.pushAgain(v)
}
