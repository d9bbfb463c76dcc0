//go:build libtorch

package main

import (
	"archive/zip"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
)

// records lists the entries of the zip file at path that are not compressed.
// What cannot be listed is left for libtorch to read, or to complain about.
func records(path string) []shim.Record {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return nil
	}
	defer archive.Close()
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
