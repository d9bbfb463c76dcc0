package torchscript

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"go-model-archiver/validate/loadtest/protocol"
)

// The bounds of what is read of the root module's class.
const (
	maxSignature = 64 << 10
	maxMethods   = 1024
)

// readMethods reads the signatures of the root class's methods. A class
// without code has none.
func (m *Model) readMethods() ([]Method, error) {
	module, name := "", m.Class
	if i := strings.LastIndexByte(m.Class, '.'); i >= 0 {
		module, name = m.Class[:i], m.Class[i+1:]
	}
	file := "code/" + strings.ReplaceAll(module, ".", "/") + ".py"
	for i, f := range m.CodeFiles() {
		if f != file {
			continue
		}
		r, err := m.Code(i)
		if err != nil {
			return nil, err
		}
		methods, err := classMethods(bufio.NewReaderSize(r, 64<<10), name)
		if err != nil {
			return nil, fmt.Errorf("entry %q: %w", m.code[i].name, err)
		}
		return methods, nil
	}
	return nil, nil
}

// classMethods reads the signatures of a class's methods from a file of code.
func classMethods(br *bufio.Reader, name string) ([]Method, error) {
	var methods []Method
	inside := false
	for {
		line, err := readLine(br)
		if errors.Is(err, io.EOF) && len(line) == 0 {
			return methods, nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if len(line) > 0 && line[0] != ' ' && line[0] != '\n' {
			found, ok := classHeader(line)
			inside = ok && found == name
		}
		rest, ok := bytes.CutPrefix(line, []byte("  def "))
		if !inside || !ok {
			continue
		}
		if len(methods) == maxMethods {
			return nil, fmt.Errorf("class %q has more than %d methods", name, maxMethods)
		}
		text, err := wholeSignature(br, string(rest))
		if err != nil {
			return nil, err
		}
		method, err := parseSignature(text)
		if err != nil {
			return nil, err
		}
		methods = append(methods, method)
	}
}

// readLine returns the next line, or its start where it is long.
func readLine(br *bufio.Reader) ([]byte, error) {
	line, err := br.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	line = bytes.Clone(line)
	for errors.Is(err, bufio.ErrBufferFull) {
		_, err = br.ReadSlice('\n')
	}
	return line, err
}

// wholeSignature reads on to the colon that ends a def. No string spans lines.
func wholeSignature(br *bufio.Reader, line string) (string, error) {
	text, depth := "", 0
	for {
		text += line
		var ended bool
		if depth, ended = brackets(line, depth); ended {
			return text, nil
		}
		next, err := readLine(br)
		if len(text) > maxSignature || err != nil {
			return "", fmt.Errorf("the signature %q does not end", text[:min(len(text), 80)])
		}
		line = string(next)
	}
}

// brackets returns how many brackets are open after a line, and whether a
// colon came outside of them.
func brackets(line string, depth int) (int, bool) {
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '"', '\'':
			i = stringEnd(line, i)
		case ':':
			if depth == 0 {
				return 0, true
			}
		}
	}
	return depth, false
}

// stringEnd returns where the string that starts at a byte ends.
func stringEnd(text string, start int) int {
	i := start + 1
	for i < len(text) && text[i] != text[start] {
		if text[i] == '\\' {
			i++
		}
		i++
	}
	return i
}

// parseSignature reads "name(self: C, x: Tensor, n: int=3) -> Tensor:".
func parseSignature(text string) (Method, error) {
	malformed := fmt.Errorf("malformed signature %q", text[:min(len(text), 80)])
	parts, _ := splitTop(text, ':', 1)
	head := strings.TrimSpace(parts[0])
	name, rest, ok := strings.Cut(head, "(")
	end := strings.LastIndex(rest, ")")
	if i := strings.LastIndex(rest, ") -> "); i >= 0 {
		end = i
	}
	if !ok || end < 0 {
		return Method{}, malformed
	}
	m := Method{Name: strings.TrimSpace(name), Returns: "NoneType"}
	if returns, ok := strings.CutPrefix(strings.TrimSpace(rest[end+1:]), "->"); ok {
		m.Returns = spaced(returns)
	}
	args, _ := splitTop(rest[:end], ',', -1)
	for i, arg := range args {
		if i == 0 || strings.TrimSpace(arg) == "" { // self
			continue
		}
		a, ok := parseArgument(arg)
		if !ok {
			return Method{}, malformed
		}
		m.Arguments = append(m.Arguments, a)
	}
	return m, nil
}

// parseArgument reads "name: type=default".
func parseArgument(text string) (protocol.Argument, bool) {
	name, rest, ok := strings.Cut(text, ":")
	if !ok {
		return protocol.Argument{}, false
	}
	a := protocol.Argument{Name: strings.TrimSpace(name)}
	parts, hasDefault := splitTop(rest, '=', 1)
	a.Type = spaced(parts[0])
	if hasDefault {
		value := strings.TrimSpace(parts[1])
		a.Default = &value
	}
	return a, true
}

// spaced makes one space of each run of white space.
func spaced(text string) string { return strings.Join(strings.Fields(text), " ") }

// splitTop splits text at a byte that stands outside of brackets and strings,
// n times at most (-1: always), and reports whether it did.
func splitTop(text string, at byte, n int) ([]string, bool) {
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(text) && n != 0; i++ {
		switch c := text[i]; c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case '"', '\'':
			i = stringEnd(text, i)
		case at:
			if depth == 0 {
				parts = append(parts, text[start:i])
				start = i + 1
				n--
			}
		}
	}
	return append(parts, text[start:]), start > 0
}
