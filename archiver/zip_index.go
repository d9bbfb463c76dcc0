package archiver

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"go-model-archiver/archiver/deflate"
)

// The index of a deflated entry is an extra field of the central directory
// (docs/format.md): the places of the stream where an inflater can start.
const (
	extraIndex = 0x6d67 // unassigned in APPNOTE.TXT 4.6.1; "gm"
	maxIndex   = 60_000 // bytes, so that the header with a long name stays below 64 KiB
)

// indexMagic begins the field's data, as nothing keeps others from its id.
var indexMagic = []byte("gma1")

var errIndex = errors.New("index of blocks is malformed")

// encodeIndex returns the extra field for the points of a stream, or nil where
// it would say nothing. Of very many points every second, fourth … is kept.
func encodeIndex(points []deflate.Point) []byte {
	if len(points) < 2 {
		return nil
	}
	for step := 1; ; step *= 2 {
		if data := encodePoints(points, step); len(data) <= maxIndex {
			field := binary.LittleEndian.AppendUint16(nil, extraIndex)
			field = binary.LittleEndian.AppendUint16(field, uint16(len(data)))
			return append(field, data...)
		}
	}
}

func encodePoints(points []deflate.Point, step int) []byte {
	data := binary.AppendUvarint(bytes.Clone(indexMagic), deflate.BlockSize)
	var last deflate.Point
	for i := step; i < len(points); i += step {
		p := points[i]
		data = binary.AppendUvarint(data, uint64(p.In-last.In)/deflate.BlockSize)
		data = binary.AppendUvarint(data, uint64(p.Out-last.Out))
		last = p
	}
	return data
}

// findIndex looks for the index among an entry's extra fields and returns its
// points, the stream's start first. Without an index, that is all. Points that
// can't be, for a stream of those lengths, are an error.
func findIndex(extra []byte, size, compressed int64) ([]deflate.Point, error) {
	start := []deflate.Point{{}}
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			return start, nil
		}
		if data, found := bytes.CutPrefix(extra[:n], indexMagic); found && id == extraIndex {
			return decodeIndex(start, data, size, compressed)
		}
		extra = extra[n:]
	}
	return start, nil
}

func decodeIndex(points []deflate.Point, data []byte, size, compressed int64) ([]deflate.Point, error) {
	next := func() (int64, error) {
		v, n := binary.Uvarint(data)
		if n <= 0 || v == 0 || v > 1<<62 {
			return 0, errIndex
		}
		data = data[n:]
		return int64(v), nil
	}
	block, err := next()
	if err != nil {
		return nil, err
	}
	last := points[0]
	for len(data) > 0 {
		blocks, err := next()
		if err != nil {
			return nil, err
		}
		out, err := next()
		if err != nil {
			return nil, err
		}
		if blocks > (size-1-last.In)/block || out >= compressed-last.Out {
			return nil, fmt.Errorf("%w: it leads beyond the entry", errIndex)
		}
		last = deflate.Point{In: last.In + blocks*block, Out: last.Out + out}
		points = append(points, last)
	}
	return points, nil
}
