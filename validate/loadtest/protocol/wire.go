package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Bounds on one message, in both directions. The largest that an honest worker
// has to send is an Outcome of MaxOutputs outputs after MaxCalls calls.
const (
	MaxLine   = 6 << 20 // bytes
	maxValues = 400_000 // JSON values, which take more memory than their text
)

// ErrMalformed is wrapped by the errors of Read for bytes that are no message.
var ErrMalformed = errors.New("not a message of the worker's protocol")

// Read reads one message, a line of JSON, into message. It fails with io.EOF
// when r ends before the message, and with ErrMalformed for anything that is
// not one whole message.
func Read(r *bufio.Reader, message any) error {
	line, err := readLine(r)
	if err != nil {
		return err
	}
	if values(line) > maxValues {
		return fmt.Errorf("%w: a line of more than %d values", ErrMalformed, maxValues)
	}
	if err := json.Unmarshal(line, message); err != nil {
		return fmt.Errorf("%w: %q", ErrMalformed, line[:min(len(line), 80)])
	}
	return nil
}

// values counts what is separated by commas in a line of JSON.
func values(line []byte) int {
	count, quoted := 1, false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == ',':
			count++
		}
	}
	return count
}

// Outputs are decoded only as far as an honest worker fills them: an Output
// takes many times the memory of the shortest text that stands for one.
type Outputs []Output

// UnmarshalJSON fails for more than MaxOutputs.
func (o *Outputs) UnmarshalJSON(text []byte) (err error) {
	*o, err = elements[Output](text, MaxOutputs)
	return err
}

// Arguments are decoded as Outputs are.
type Arguments []Argument

// UnmarshalJSON fails for more than MaxArguments.
func (a *Arguments) UnmarshalJSON(text []byte) (err error) {
	*a, err = elements[Argument](text, MaxArguments)
	return err
}

func elements[T any](text []byte, most int) ([]T, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	switch start, err := d.Token(); {
	case err != nil:
		return nil, err
	case start == nil: // null
		return nil, nil
	case start != json.Delim('['):
		return nil, fmt.Errorf("%v is no list", start)
	}
	list := []T{}
	for d.More() {
		if len(list) == most {
			return nil, fmt.Errorf("more than %d elements", most)
		}
		var element T
		if err := d.Decode(&element); err != nil {
			return nil, err
		}
		list = append(list, element)
	}
	return list, nil
}

func readLine(r *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > MaxLine:
			return nil, fmt.Errorf("%w: a line of more than %d bytes", ErrMalformed, MaxLine)
		case err == nil:
			return line, nil
		case errors.Is(err, io.EOF) && len(line) > 0:
			return nil, fmt.Errorf("%w: it ends in the middle of a line", io.ErrUnexpectedEOF)
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// Write writes message as one line of JSON. Text that is not UTF-8 is made so.
// It fails, without writing, for what Read would refuse.
func Write(w io.Writer, message any) error {
	var line bytes.Buffer
	e := json.NewEncoder(&line)
	e.SetEscapeHTML(false) // it makes six bytes of a "<"
	if err := e.Encode(message); err != nil {
		return err
	}
	if line.Len() > MaxLine || values(line.Bytes()) > maxValues {
		return fmt.Errorf("a message of %d bytes is too large, at most %d bytes with %d values are sent", line.Len(), MaxLine, maxValues)
	}
	_, err := w.Write(line.Bytes())
	return err
}
