// Package archiver makes TorchServe model archives: a Spec says what was asked
// for, NewPlan turns it into the exact list of entries, and Write writes them
// so that the destination is the old archive or the complete new one.
package archiver

import (
	"time"

	"go-model-archiver/manifest"
)

// Format is torch-model-archiver's --archive-format.
type Format string

// The formats: a deflated .mar, a stored .mar, a .tar.gz whose entries stand
// under the model's name, and a plain folder.
const (
	Default   Format = "default"
	ZipStore  Format = "zip-store"
	TGZ       Format = "tgz"
	NoArchive Format = "no-archive"
)

// Formats lists every format.
func Formats() []Format { return []Format{Default, ZipStore, TGZ, NoArchive} }

// Extension is what follows the model's name in the destination.
func (f Format) Extension() string {
	switch f {
	case TGZ:
		return ".tar.gz"
	case NoArchive:
		return ""
	default:
		return ".mar"
	}
}

// Spec is what the user asked for; its fields are torch-model-archiver's flags.
// An empty string is a flag that was not given: Runtime is then Python and
// Format is Default.
type Spec struct {
	ModelName        string
	Version          string
	Handler          string
	SerializedFile   string
	ModelFile        string
	ExtraFiles       string // a comma list of paths, folders and wildcards
	Runtime          manifest.Runtime
	ExportPath       string // "" is the working directory
	Format           Format
	Force            bool
	RequirementsFile string
	ConfigFile       string

	// Exclude holds patterns in path.Match's syntax; an entry whose name, or
	// last element of the name, matches one is left out, and so is everything
	// in a sub-folder of an extra folder that matches one.
	Exclude []string
	// Epoch, when not nil, makes the archive reproducible: it is the time of
	// every entry and of createdOn, in UTC, and modes become 0644 or 0755.
	Epoch *time.Time
}
