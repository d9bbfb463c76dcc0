package archiver

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"go-model-archiver/manifest"
)

// Plan is the exact list of what an archive will hold, made before a byte is
// written. Close releases the files that it holds open.
type Plan struct {
	Spec Spec // with Runtime and Format filled in
	// Destination is the final path of the archive or folder.
	Destination string
	Manifest    *manifest.Manifest
	// Entries stand in archive order; the manifest is the last.
	Entries []*Entry
	// Notes are what the user should know and what stops nothing.
	Notes []Note

	// Handler is the entry of the handler's file; nil for a built-in one.
	Handler *Entry
	// HandlerFunction is what follows the first colon of the handler's last path
	// element: the name of a function or, for LSP, of a class; "" when there is
	// none.
	HandlerFunction string
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
	NoteDropped         NoteKind = "dropped"          // left out, see NewPlan
	NoteExcluded        NoteKind = "excluded"         // by --exclude
	NoteLinks           NoteKind = "links"            // links followed in a folder
	NoteNoMatch         NoteKind = "no-match"         // a wildcard without a match
	NoteExportPathMade  NoteKind = "export-path"      // the export path will be created
	NoteOverwrite       NoteKind = "overwrite"        // --force and the destination exists
	NoteNamePortability NoteKind = "name-portability" // a name that other systems can't unpack
)

// modelNames are what TorchServe takes as a model's name.
var modelNames = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_\-.]*$`)

// NewPlan finds the files that spec asks for and decides what the archive
// holds. It looks at files without reading them (two of the same size that
// want one entry name are compared), writes nothing, and keeps the serialized
// file open: the caller must call Close.
//
// The error joins every *Problem that was found; errors.Is finds ErrExists,
// ErrNameClash and fs.ErrNotExist in it.
//
// Symbolic links are followed to regular files, wherever they are, and, inside
// an extra folder, to folders of that same folder, whose contents then stand
// in the archive twice, as torch-model-archiver has it. Refused are links to
// folders elsewhere, links to a folder that they are in, and dangling links.
//
// Left out with a note are sub-folders that are hidden, empty or a cache, the
// manifest of an unpacked archive, and, where a folder or wildcard has them,
// the destination itself and temporary files of Write.
func NewPlan(ctx context.Context, spec Spec) (*Plan, error) {
	pl := newPlanner(ctx, spec)
	pl.checkValues()
	pl.checkDestination()
	if err := pl.addSources(); err != nil {
		pl.problems.list = append(pl.problems.list, err)
	} else {
		pl.finish()
	}
	if err := pl.problems.err(); err != nil {
		pl.plan.Close()
		return nil, err
	}
	return pl.plan, nil
}

// Close closes the files that the plan holds open.
func (p *Plan) Close() error {
	for _, e := range p.Entries {
		if e.file != nil {
			return e.file.Close() // only the serialized file is open
		}
	}
	return nil
}

// planner is a plan in the making.
type planner struct {
	ctx      context.Context
	plan     *Plan
	created  time.Time
	problems problems

	entries  map[string]*Entry
	folders  map[string]*Entry // each folder of an entry's name, with its first entry
	excludes []*exclude
	output   outputPath
	visited  int // entries of folders looked at
	limit    int // of visited
}

func newPlanner(ctx context.Context, spec Spec) *planner {
	spec.Runtime = cmp.Or(spec.Runtime, manifest.Python)
	spec.Format = cmp.Or(spec.Format, Default)
	pl := &planner{
		ctx:     ctx,
		plan:    &Plan{Spec: spec},
		created: time.Now(),
		entries: map[string]*Entry{},
		folders: map[string]*Entry{},
		limit:   maxEntries,
	}
	if spec.Epoch != nil {
		pl.created = spec.Epoch.UTC()
	}
	return pl
}

func (pl *planner) problem(err error, hint, format string, args ...any) {
	pl.problems.add(&Problem{Message: fmt.Sprintf(format, args...), Hint: hint, Err: err})
}

func (pl *planner) note(kind NoteKind, path, format string, args ...any) {
	pl.plan.Notes = append(pl.plan.Notes, Note{kind, path, fmt.Sprintf(format, args...)})
}

// checkValues checks what needs no file.
func (pl *planner) checkValues() {
	s := &pl.plan.Spec
	if !modelNames.MatchString(s.ModelName) {
		pl.problem(nil, "use letters, digits, '_', '-' and '.', and start with a letter or digit",
			"%q is not a model name", s.ModelName)
	}
	if !utf8.ValidString(s.Version) {
		pl.problem(nil, "", "the model version %q is not valid UTF-8", s.Version)
	}
	if !slices.Contains(manifest.Runtimes(), s.Runtime) {
		pl.problem(nil, "", "unknown runtime %q: not one of %q", s.Runtime, manifest.Runtimes())
	}
	if !slices.Contains(Formats(), s.Format) {
		pl.problem(nil, "", "unknown archive format %q: not one of %q", s.Format, Formats())
	}
	pl.excludes = pl.parseExcludes(s.Exclude)
}

// addSources adds an entry for every file of the spec. Its error is that of
// the context, or says that a bound was passed.
func (pl *planner) addSources() error {
	s := &pl.plan.Spec
	m := &manifest.Model{ModelName: s.ModelName, ModelVersion: s.Version}
	m.SerializedFile = pl.addNamed(RoleSerialized, s.SerializedFile)
	m.Handler = pl.addHandler()
	m.ModelFile = pl.addNamed(RoleModelFile, s.ModelFile)
	m.RequirementsFile = pl.addNamed(RoleRequirements, s.RequirementsFile)
	m.ConfigFile = pl.addNamed(RoleConfig, s.ConfigFile)
	pl.plan.Manifest = &manifest.Manifest{
		CreatedOn:       manifest.CreatedOn(pl.created),
		Runtime:         s.Runtime,
		Model:           m,
		ArchiverVersion: manifest.ArchiverVersion,
	}
	return pl.addExtraFiles(s.ExtraFiles)
}

// order is where entries of a role stand. A tar has no directory, so whoever
// looks for the handler, its settings or a label map in one should not have to
// inflate the weights first: they come last but for the manifest, which
// torch-model-archiver too writes last. Extra files are sorted by name.
var order = []Role{
	RoleConfig, RoleHandler, RoleModelFile, RoleRequirements, RoleExtra, RoleSerialized, RoleManifest,
}

// finish puts the entries in order, adds the manifest and makes the notes that
// need the whole list.
func (pl *planner) finish() {
	pl.noteExcludes()
	if err := pl.addManifest(); err != nil {
		pl.problem(err, "", "%v", err)
	}
	list := pl.plan.Entries
	slices.SortFunc(list, func(a, b *Entry) int {
		return cmp.Or(
			cmp.Compare(slices.Index(order, a.Role), slices.Index(order, b.Role)),
			strings.Compare(a.Name, b.Name))
	})
	for _, e := range list {
		if pl.plan.Spec.Epoch != nil {
			e.Mode, e.ModTime = reproducibleMode(e.Mode), pl.created
		}
	}
	pl.noteNames()
}

func (pl *planner) addManifest() error {
	content, err := pl.plan.Manifest.Encode()
	if err != nil {
		return err
	}
	pl.addEntry(&Entry{
		Name:    manifest.Path,
		Role:    RoleManifest,
		Size:    int64(len(content)),
		Mode:    0o644,
		ModTime: pl.created,
		content: content,
	})
	return nil
}

// reproducibleMode drops what the umask of whoever made the file decided.
func reproducibleMode(m fs.FileMode) fs.FileMode {
	if m&0o100 != 0 {
		return 0o755
	}
	return 0o644
}
