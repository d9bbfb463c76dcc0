package sample

import (
	"strconv"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
)

// Spec is one sample as the user wrote it: the value of one argument of
// forward, and the argument's name where it was given.
type Spec struct {
	Name  string // empty where the sample goes by its place
	value node
}

// node is a value of the grammar. dims is nil where none was written, which
// only a tensor from a file may have.
type node struct {
	kind   protocol.Kind
	dtype  string
	dims   []int64
	source source
	number int64  // Int; Bool as 0 or 1
	text   string // Str; Float as strconv writes it
	items  []node // List, Tuple; Dict as key, value, key, value, …
}

type sourceKind int

const (
	unset sourceKind = iota
	zeros
	ones
	arange
	random
	randint
	fromFile
)

// source says where a tensor's numbers come from.
type source struct {
	kind   sourceKind
	low    int64 // randint
	high   int64 // randint: one above the largest; arange: the period, or 0
	path   string
	member string // the array's name in a .npz, or empty
}

// String returns the sample in its shortest spelling, which Parse reads back
// as an equal Spec.
func (s Spec) String() string {
	var b strings.Builder
	if s.Name != "" {
		b.WriteString(s.Name)
		b.WriteByte(':')
	}
	s.value.appendTo(&b)
	return b.String()
}

func (n node) String() string {
	var b strings.Builder
	n.appendTo(&b)
	return b.String()
}

func (n node) appendTo(b *strings.Builder) {
	switch n.kind {
	case protocol.Tensor:
		n.appendTensor(b)
	case protocol.Int:
		b.WriteString("int=" + strconv.FormatInt(n.number, 10))
	case protocol.Float:
		b.WriteString("float=" + n.text)
	case protocol.Bool:
		b.WriteString("bool=" + strconv.FormatBool(n.number != 0))
	case protocol.Str:
		b.WriteString("str=" + quoted(n.text))
	case protocol.None:
		b.WriteString("none")
	case protocol.List:
		appendItems(b, '[', n.items, ']')
	case protocol.Tuple:
		appendItems(b, '(', n.items, ')')
	case protocol.Dict:
		n.appendDict(b)
	}
}

func (n node) appendTensor(b *strings.Builder) {
	b.WriteString(n.dtype)
	if n.dims != nil {
		b.WriteString(shapeText(n.dims))
	}
	if n.source.kind == unset {
		return
	}
	if n.dtype != "" {
		b.WriteByte('=')
	}
	b.WriteString(n.source.String())
}

func appendItems(b *strings.Builder, open byte, items []node, end byte) {
	b.WriteByte(open)
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		item.appendTo(b)
	}
	b.WriteByte(end)
}

func (n node) appendDict(b *strings.Builder) {
	b.WriteByte('{')
	for i := 0; i < len(n.items); i += 2 {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(keyText(n.items[i]) + ": ")
		n.items[i+1].appendTo(b)
	}
	b.WriteByte('}')
}

func keyText(key node) string {
	switch key.kind {
	case protocol.Str:
		return strconv.Quote(key.text)
	case protocol.Int:
		return strconv.FormatInt(key.number, 10)
	}
	return key.String()
}

func (s source) String() string {
	switch s.kind {
	case zeros:
		return "zeros"
	case ones:
		return "ones"
	case arange:
		if s.high == 0 {
			return "arange"
		}
		return "arange(" + strconv.FormatInt(s.high, 10) + ")"
	case random:
		return "random"
	case randint:
		return "randint(" + strconv.FormatInt(s.low, 10) + "," + strconv.FormatInt(s.high, 10) + ")"
	case fromFile:
		if s.member != "" {
			return "@" + quoted(s.path) + "[" + quoted(s.member) + "]"
		}
		return "@" + quoted(s.path)
	}
	return ""
}

func quoted(text string) string {
	if text == "" || strings.ContainsFunc(text, needsQuotes) {
		return strconv.Quote(text)
	}
	return text
}

// needsQuotes keeps to the characters that mean nothing to the grammar nor, as
// far as possible, to a shell.
func needsQuotes(r rune) bool {
	return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("_./+-", r))
}

func shapeText(dims []int64) string {
	text := make([]string, len(dims))
	for i, d := range dims {
		text[i] = strconv.FormatInt(d, 10)
	}
	return "[" + strings.Join(text, ",") + "]"
}
