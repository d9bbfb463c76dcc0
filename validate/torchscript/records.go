package torchscript

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// maxCodeFiles bounds how many files of code a model may have, and
// maxCodeSize their bytes in all: scanning takes time.
const (
	maxCodeFiles = 1 << 15
	maxCodeSize  = 512 << 20
)

// records are the entries that libtorch looks for by name, in the root folder
// of the file's first entry.
type records struct {
	root      string
	data      *zipEntry // data.pkl
	constants *zipEntry // constants.pkl
	version   *zipEntry // .data/version or version
	byteorder *zipEntry
	legacy    bool // model.json: before PyTorch 1.3
	code      []zipEntry
	codeSize  int64
	debugSize int64
}

func readRecords(dir zipDirectory) (*records, error) {
	r := &records{}
	first := true
	err := dir.walk(func(e zipEntry) error {
		if first {
			first = false
			root, _, ok := strings.Cut(e.name, "/")
			if !ok {
				return MissingRecord("root folder")
			}
			r.root = root
		}
		rel, ok := strings.CutPrefix(e.name, r.root+"/")
		if !ok {
			return nil
		}
		return r.add(rel, e)
	})
	switch {
	case err != nil:
		return nil, err
	case r.legacy:
		return nil, errors.New(`it was written before PyTorch 1.3, in a format that is not read here`)
	case r.data == nil:
		return nil, MissingRecord("data.pkl")
	case r.constants == nil:
		return nil, MissingRecord("constants.pkl")
	}
	return r, nil
}

func (r *records) add(rel string, e zipEntry) error {
	switch {
	case rel == "data.pkl":
		r.data = &e
	case rel == "constants.pkl":
		r.constants = &e
	case rel == ".data/version", rel == "version" && r.version == nil:
		r.version = &e
	case rel == "byteorder":
		r.byteorder = &e
	case rel == "model.json":
		r.legacy = true
	case strings.HasSuffix(rel, ".debug_pkl"):
		r.debugSize += e.compressed
	case strings.HasPrefix(rel, "code/") && strings.HasSuffix(rel, ".py"):
		r.codeSize += e.size
		if len(r.code) >= maxCodeFiles || r.codeSize > maxCodeSize {
			return fmt.Errorf("more code than %d files or %d bytes", maxCodeFiles, maxCodeSize)
		}
		r.code = append(r.code, e)
	}
	return nil
}

// minPyTorch is the first release that reads each version of the file format:
// kMaxSupportedFileFormatVersion in the headers of the releases 1.3 to 1.12
// (caffe2/serialize/inline_container.h, then versions.h, where the changes are
// told too).
var minPyTorch = map[int]string{
	1: "1.3", 2: "1.4", 3: "1.5", 4: "1.6", 5: "1.6", 6: "1.9", 7: "1.11", 8: "1.11", 9: "1.11", 10: "1.12",
}

func (m *Model) readVersion(recs *records) error {
	text, err := m.readSmall(recs.version)
	if err != nil {
		return err
	}
	if m.FormatVersion, err = strconv.Atoi(text); err != nil || m.FormatVersion < 1 {
		return fmt.Errorf("its version is %q, not a number", text)
	}
	m.MinPyTorch = minPyTorch[m.FormatVersion]
	if recs.byteorder != nil {
		m.ByteOrder, err = m.readSmall(recs.byteorder)
	}
	return err
}

// readSmall reads an entry of a few words.
func (m *Model) readSmall(e *zipEntry) (string, error) {
	if e == nil {
		return "", MissingRecord("version")
	}
	r, err := m.dir.open(*e)
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(io.LimitReader(r, 64))
	if err != nil {
		return "", fmt.Errorf("entry %q: %w", e.name, err)
	}
	return strings.TrimSpace(string(text)), nil
}
