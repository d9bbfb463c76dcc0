package torchscript

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// codeScan is what all files of code together tell. PyTorch writes them in a
// fixed form (torch/csrc/jit/serialization/python_print.cpp): classes and
// functions start in column 0, what belongs to a class in column 2, and no
// string spans lines.
type codeScan struct {
	classes   map[string]*class
	operators set
	keywords  set
	devices   set
	customs   set
	training  set // operators
	listed    int // bytes of names in classes
}

// class is what the code says of a class's attributes, sorted.
type class struct {
	parameters, buffers []string
}

// role tells what a tensor attribute is.
func (c *class) role(attribute string) Role {
	switch {
	case c == nil:
		return Attribute
	case contains(c.parameters, attribute):
		return Parameter
	case contains(c.buffers, attribute):
		return Buffer
	}
	return Attribute
}

// contains looks for a word in sorted ones.
func contains(words []string, word string) bool {
	_, found := slices.BinarySearch(words, word)
	return found
}

// maxListed bounds what is remembered of classes, in bytes.
const maxListed = 1 << 20

// scanCode reads every file of code once.
func (m *Model) scanCode() (*codeScan, error) {
	s := &codeScan{classes: map[string]*class{}, operators: set{}, keywords: set{}, devices: set{}, customs: set{}, training: set{}}
	br := bufio.NewReaderSize(nil, 64<<10)
	var in inflater
	for i, name := range m.CodeFiles() {
		r, err := in.open(m.dir, m.code[i])
		if err != nil {
			return nil, err
		}
		br.Reset(r)
		if err := s.file(br, modulePrefix(name)); err != nil {
			return nil, fmt.Errorf("entry %q: %w", m.code[i].name, err)
		}
	}
	return s, nil
}

// modulePrefix returns what precedes the names of classes in a file of code:
// "__torch__.torch.nn." for code/__torch__/torch/nn.py.
func modulePrefix(file string) string {
	module := strings.TrimSuffix(strings.TrimPrefix(file, "code/"), ".py")
	return strings.ReplaceAll(module, "/", ".") + "."
}

// file scans a file's lines; a line longer than the reader's buffer comes in
// pieces.
func (s *codeScan) file(br *bufio.Reader, prefix string) error {
	lex := lexer{scan: s}
	var current *class
	lineStart := true
	for {
		piece, err := br.ReadSlice('\n')
		lex.feed(piece)
		if lineStart {
			if name, ok := classHeader(piece); ok {
				current = &class{}
				if s.listed += len(prefix) + len(name) + 100; s.listed > maxListed {
					return errTooManyNames
				}
				s.classes[prefix+name] = current
			} else if err := s.lists(br, piece, err, current, &lex); err != nil {
				return err
			}
		}
		lineStart = !errors.Is(err, bufio.ErrBufferFull)
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && lineStart:
			return err
		}
	}
}

var errTooManyNames = fmt.Errorf("classes and parameters have names of more than %d bytes", maxListed)

// classHeader returns the name in "class Name(Base):".
func classHeader(line []byte) (string, bool) {
	rest, ok := bytes.CutPrefix(line, []byte("class "))
	if !ok {
		return "", false
	}
	end := bytes.IndexAny(rest, "(:")
	if end < 0 {
		return "", false
	}
	return string(rest[:end]), true
}

// lists reads the lines __parameters__ = [...] and __buffers__ = [...].
func (s *codeScan) lists(br *bufio.Reader, piece []byte, err error, c *class, lex *lexer) error {
	for _, which := range []string{"  __parameters__ = [", "  __buffers__ = ["} {
		if c == nil || !bytes.HasPrefix(piece, []byte(which)) {
			continue
		}
		line := slices.Clone(piece)
		for errors.Is(err, bufio.ErrBufferFull) && len(line) <= maxListed {
			piece, err = br.ReadSlice('\n')
			lex.feed(piece)
			line = append(line, piece...)
		}
		names := quoted(string(line))
		if s.listed += len(line) + 16*len(names); s.listed > maxListed {
			return errTooManyNames
		}
		if strings.Contains(which, "parameters") {
			c.parameters = names
		} else {
			c.buffers = names
		}
	}
	return nil
}

// quoted returns the words between double quotes, sorted.
func quoted(line string) []string {
	var words []string
	for {
		_, rest, ok1 := strings.Cut(line, `"`)
		word, rest, ok2 := strings.Cut(rest, `"`)
		if !ok1 || !ok2 {
			slices.Sort(words)
			return words
		}
		words, line = append(words, word), rest
	}
}
