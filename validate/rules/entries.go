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
		Example: `hidden and cache folders in "extra" are left out: "extra/.git"`,
	},
	{
		ID: EntryExcluded, Severity: Note,
		Summary: "entries were left out by --exclude",
		Example: `excluded by "*.log": "logs/train.log"`,
	},
	{
		ID: EntryPortability, Severity: Warning,
		Summary: "an entry's name can't be unpacked everywhere",
		Example: `Windows reserves the name for a device: "aux.json"`,
	},
	{
		ID: LinksFollowed, Severity: Note,
		Summary: "symbolic links were followed",
		Example: `links in "snapshots/0f3a" are followed: "snapshots/0f3a/model.bin"`,
	},
	{
		ID: WildcardNoMatch, Severity: Warning,
		Summary: "a wildcard matched no file",
		Example: `the wildcard "artifacts/*.json" matches nothing`,
	},
	{
		ID: ExportPathCreated, Severity: Warning,
		Summary: "the export path did not exist",
		Example: `the export path "model-store" does not exist and is made`,
	},
	{
		ID: Overwriting, Severity: Warning,
		Summary: "an existing archive is replaced",
		Example: `"model-store/bert.mar" is overwritten`,
	},
}
