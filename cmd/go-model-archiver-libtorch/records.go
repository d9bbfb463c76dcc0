//go:build libtorch

package main

import (
	"archive/zip"
	"io"
	"os"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/validate/loadtest/protocol"
)

// part is the part of the file that the request names.
func part(request protocol.Load) (shim.Part, error) {
	p := shim.Part{Path: request.Path, Offset: request.Offset, Size: request.Size}
	if p.Size != 0 {
		return p, nil
	}
	info, err := os.Stat(p.Path)
	if err != nil {
		return p, err
	}
	p.Size = info.Size() - p.Offset
	return p, nil
}

// records lists the entries of a zip file that are not compressed. What cannot
// be listed is left for libtorch to read, or to complain about.
func records(p shim.Part) []shim.Record {
	f, err := os.Open(p.Path)
	if err != nil {
		return nil
	}
	defer f.Close()
	archive, err := zip.NewReader(io.NewSectionReader(f, p.Offset, p.Size), p.Size)
	if err != nil {
		return nil
	}
	var stored []shim.Record
	for _, entry := range archive.File {
		if entry.Method != zip.Store || entry.CompressedSize64 != entry.UncompressedSize64 || int64(entry.UncompressedSize64) <= 0 {
			continue
		}
		if offset, err := entry.DataOffset(); err == nil {
			stored = append(stored, shim.Record{Offset: offset, Size: int64(entry.UncompressedSize64)})
		}
	}
	return stored
}
