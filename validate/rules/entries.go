package rules

// Ids of the rules about what goes into the archive.
const (
	EntryDropped      = "entry-dropped"
	EntryExcluded     = "entry-excluded"
	EntryPortability  = "entry-name-portability"
	LinksFollowed     = "links-followed"
	WildcardNoMatch   = "wildcard-no-match"
	ExportPathCreated = "export-path-created"
	Overwriting       = "overwriting"
)

var entryRules = []Rule{
	{
		ID: EntryDropped, Severity: Note,
		Summary: "a hidden, cache or empty folder was left out",
		Example: `the hidden folder "extra/.git" is left out, as torch-model-archiver does`,
	},
	{
		ID: EntryExcluded, Severity: Note,
		Summary: "entries were left out by --exclude",
		Example: `"optimizer.pt" is left out by --exclude`,
	},
	{
		ID: EntryPortability, Severity: Warning,
		Summary: "an entry's name can't be unpacked everywhere",
		Example: `"labels?.txt" can't be unpacked on Windows`,
	},
	{
		ID: LinksFollowed, Severity: Note,
		Summary: "symbolic links were followed",
		Example: `links in "snapshots/0f3a" are followed; the files that they point to are archived`,
	},
	{
		ID: WildcardNoMatch, Severity: Warning,
		Summary: "a wildcard matched no file",
		Example: `"artifacts/*.json" matches no file`,
	},
	{
		ID: ExportPathCreated, Severity: Warning,
		Summary: "the export path did not exist",
		Example: `the export path "model-store" does not exist and will be created`,
	},
	{
		ID: Overwriting, Severity: Warning,
		Summary: "an existing archive is replaced",
		Example: `"model-store/bert.mar" exists and will be replaced (--force)`,
	},
}
