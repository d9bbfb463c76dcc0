package pickle

import (
	"encoding/binary"
	"errors"
	"math"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// step follows one opcode that was read at a byte.
func (m *machine) step(op byte, at int64) error {
	switch op {
	case opStop:
		return errStop
	case opProto:
		v, err := m.src.uint(1)
		if err == nil && v > highestProtocol {
			return malformed("protocol %d", v)
		}
		return err
	case opFrame:
		_, err := m.src.uint(8)
		return err
	case opMark:
		return m.pushMark()
	case opPop:
		return m.stepPop()
	case opPopMark:
		_, err := m.popMark()
		return err
	case opDup:
		v, err := m.top()
		if err != nil {
			return err
		}
		return m.pushAgain(v)
	case opGlobal, opInst, opObj, opStackGlobal, opReduce, opNewObj, opNewObjEx,
		opBuild, opExt1, opExt2, opExt4, opPersID, opBinPersID:
		return m.stepObject(op, at)
	case opPut, opGet, opBinPut, opLongBinPut, opBinGet, opLongBinGet, opMemoize:
		return m.stepMemo(op)
	case opAppend, opAppends, opAddItems, opSetItem, opSetItems,
		opTuple, opTuple1, opTuple2, opTuple3, opList, opDict, opFrozenSet:
		return m.stepContainer(op)
	default:
		return m.stepLiteral(op)
	}
}

// stepPop drops the value or the mark on top.
func (m *machine) stepPop() error {
	if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack)-1 {
		_, err := m.popMark()
		return err
	}
	_, err := m.pop()
	return err
}

// stepMemo stores into the memo or takes from it.
func (m *machine) stepMemo(op byte) error {
	var index uint64
	var err error
	switch op {
	case opMemoize:
		index = m.memo.count
	case opBinPut, opBinGet:
		index, err = m.src.uint(1)
	case opLongBinPut, opLongBinGet:
		index, err = m.src.uint(4)
	default:
		var text []byte
		if text, _, err = m.src.line(); err != nil {
			return err
		}
		if index, err = memoNumber(text); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	switch op {
	case opGet, opBinGet, opLongBinGet:
		return m.get(index)
	}
	return m.put(index)
}

// memoNumber reads a number as Python's int does.
func memoNumber(text []byte) (uint64, error) {
	s := strings.ReplaceAll(strings.TrimSpace(string(text)), "_", "")
	n, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 10, 64)
	if err != nil {
		return 0, malformed("memo number %q", truncate(text))
	}
	return n, nil
}

// truncate shortens text for a message.
func truncate(text []byte) []byte { return text[:min(len(text), 40)] }

// stepLiteral pushes a number, a string or an empty container.
func (m *machine) stepLiteral(op byte) error {
	switch op {
	case opNone:
		return m.push(nil)
	case opNewTrue, opNewFalse:
		return m.push(op == opNewTrue)
	case opEmptyTuple:
		return m.push(Tuple{})
	case opEmptyList:
		return m.pushSized(&List{}, 32)
	case opEmptyDict:
		return m.pushSized(&Dict{}, 32)
	case opEmptySet:
		return m.pushSized(&Set{}, 32)
	case opBinInt, opBinInt1, opBinInt2:
		return m.stepBinInt(op)
	case opBinFloat:
		v, err := m.src.uint(8)
		if err != nil {
			return err
		}
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], v)
		return m.pushSized(math.Float64frombits(binary.BigEndian.Uint64(b[:])), 8)
	case opInt, opLong, opFloat, opString, opUnicode:
		return m.stepLine(op)
	case opReadonlyBuffer:
		_, err := m.top()
		return err
	case opNextBuffer:
		return m.push(Unknown{})
	}
	return m.stepSized(op)
}

func (m *machine) stepBinInt(op byte) error {
	size := 4
	switch op {
	case opBinInt1:
		size = 1
	case opBinInt2:
		size = 2
	}
	v, err := m.src.uint(size)
	if err != nil {
		return err
	}
	n := int64(v)
	if op == opBinInt {
		n = int64(int32(v))
	}
	return m.pushSized(n, 8)
}

// width returns how many bytes the length of what follows an opcode has, or 0.
func width(op byte) int {
	switch op {
	case opLong1, opShortBinString, opShortBinUnicode, opShortBinBytes:
		return 1
	case opLong4, opBinString, opBinUnicode, opBinBytes:
		return 4
	case opBinUnicode8, opBinBytes8, opByteArray8:
		return 8
	}
	return 0
}

// stepSized pushes a value whose length comes first.
func (m *machine) stepSized(op byte) error {
	size := width(op)
	if size == 0 {
		return malformed("no such opcode")
	}
	n, err := m.src.uint(size)
	if err != nil {
		return err
	}
	if (op == opLong4 || op == opBinString) && n > math.MaxInt32 {
		return malformed("negative length")
	}
	if found, err := m.lookInside(op, n); found || err != nil {
		return errors.Join(err, m.push(Unknown{}))
	}
	b, kept, err := m.src.bytes(n)
	if err != nil {
		return err
	}
	if !kept {
		return m.push(Unknown{})
	}
	switch op {
	case opLong1, opLong4:
		return m.pushSized(decodeLong(b), 32+len(b))
	case opShortBinBytes, opBinBytes, opBinBytes8, opByteArray8:
		return m.pushSized(b, 32+len(b))
	}
	return m.pushString(string(b))
}

// decodeLong reads a little-endian number in two's complement.
func decodeLong(b []byte) Value {
	b = slices.Clone(b)
	slices.Reverse(b)
	n := new(big.Int).SetBytes(b)
	if len(b) > 0 && b[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	if n.IsInt64() {
		return n.Int64()
	}
	return n
}
