package archiver

import (
	"go-model-archiver/manifest"
)

// Plan is the exact list of what an archive will hold, made before a byte is
// written. Close releases the files that it holds open.
type Plan struct {
	Spec Spec
	// Destination is the final path of the archive or folder.
	Destination string
	Manifest    *manifest.Manifest
	// Entries stand in archive order; the manifest is the last.
	Entries []*Entry
	// Notes are what the user should know and what stops nothing.
	Notes []Note
}

// Note tells of something that planning decided by itself.
type Note struct {
	Kind    NoteKind
	Path    string // the path or pattern that it is about
	Message string // lower case, no full stop
}

// NoteKind says what a Note is about.
type NoteKind string

// The kinds of notes.
const (
	NoteDropped         NoteKind = "dropped"          // a hidden or empty folder
	NoteExcluded        NoteKind = "excluded"         // by --exclude
	NoteLinks           NoteKind = "links"            // links followed in a folder
	NoteNoMatch         NoteKind = "no-match"         // a wildcard without a match
	NoteExportPathMade  NoteKind = "export-path"      // the export path will be created
	NoteOverwrite       NoteKind = "overwrite"        // --force and the destination exists
	NoteNamePortability NoteKind = "name-portability" // a name that other systems can't unpack
)
