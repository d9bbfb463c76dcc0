// Package manifest reads and writes MAR-INF/MANIFEST.json, the file that tells
// TorchServe what a model archive holds.
//
// The format is torch-model-archiver 0.12.0's: JSON indented by two spaces,
// keys in a fixed order, absent values left out.
package manifest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf16"
	"unicode/utf8"
)

// Path is the manifest's entry name inside an archive.
const Path = "MAR-INF/MANIFEST.json"

// ArchiverVersion is the torch-model-archiver release whose format is written.
const ArchiverVersion = "0.12.0"

// MaxSize bounds, in bytes, what Decode reads.
const MaxSize = 1 << 20

// createdOnLayout is strftime's "%d/%m/%Y %H:%M:%S".
const createdOnLayout = "02/01/2006 15:04:05"

// Runtime names what runs the handler.
type Runtime string

// The runtimes that TorchServe knows.
const (
	Python  Runtime = "python"
	Python3 Runtime = "python3"
	LSP     Runtime = "LSP"
)

// Runtimes lists every runtime that TorchServe accepts; it refuses others.
func Runtimes() []Runtime { return []Runtime{Python, Python3, LSP} }

// Manifest is the content of MANIFEST.json.
type Manifest struct {
	CreatedOn       string  `json:"createdOn,omitempty"`
	Runtime         Runtime `json:"runtime,omitempty"`
	Model           *Model  `json:"model"`
	ArchiverVersion string  `json:"archiverVersion,omitempty"`
}

// Model describes the model; every file is named by its entry name.
type Model struct {
	ModelName        string          `json:"modelName,omitempty"`
	SerializedFile   string          `json:"serializedFile,omitempty"`
	Handler          string          `json:"handler"` // "" is the server's default_service_handler
	ModelFile        string          `json:"modelFile,omitempty"`
	ModelVersion     string          `json:"modelVersion,omitempty"`
	Extensions       json.RawMessage `json:"extensions,omitempty"`
	RequirementsFile string          `json:"requirementsFile,omitempty"`
	ConfigFile       string          `json:"configFile,omitempty"`
}

// CreatedOn formats t, in t's own time zone, as the manifest's createdOn.
func CreatedOn(t time.Time) string { return t.Format(createdOnLayout) }

// Encode returns m as torch-model-archiver writes it: no final newline, and
// every character beyond printable ASCII escaped, as Python's json.dumps does.
// Strings must be valid UTF-8.
func (m *Manifest) Encode() ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(m); err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return escapeASCII(bytes.TrimSuffix(buf.Bytes(), []byte("\n"))), nil
}

func escapeASCII(in []byte) []byte {
	out := make([]byte, 0, len(in))
	for len(in) > 0 {
		r, n := utf8.DecodeRune(in)
		switch {
		case r < 0x7f:
			out = append(out, in[0])
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		in = in[n:]
	}
	return out
}
