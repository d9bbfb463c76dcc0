package protocol

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// MaxLine bounds the bytes of one message's line, in both directions.
const MaxLine = 16 << 20

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
	if err := json.Unmarshal(line, message); err != nil {
		return fmt.Errorf("%w: %q", ErrMalformed, line[:min(len(line), 80)])
	}
	return nil
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
func Write(w io.Writer, message any) error {
	line, err := json.Marshal(message)
	if err != nil {
		return err
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
