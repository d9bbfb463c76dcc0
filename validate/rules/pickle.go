package rules

// Ids of the rules about pickles in the archive.
const (
	PickleDangerous  = "pickle-dangerous"
	PickleUnfamiliar = "pickle-unfamiliar"
	PickleUnread     = "pickle-unread"
)

var pickleRules = []Rule{
	{
		ID: PickleDangerous, Severity: Error,
		Summary:  "a pickle imports what runs code, or reaches files or the network, when it is loaded",
		Example:  `a pickle in "vocab.pkl" imports posix.system, which may run when the pickle is loaded`,
		Preempts: []string{"nothing: whoever made the file runs commands on the server"},
	},
	{
		ID: PickleUnfamiliar, Severity: Warning,
		Summary:  "a pickle imports classes that are not known to be harmless",
		Example:  `a pickle in "model.pt" imports __main__.Net, which this program does not know`,
		Preempts: []string{"AttributeError: Can't get attribute 'Net' on <module '__main__'>"},
	},
	{
		ID: PickleUnread, Severity: Warning,
		Summary: "a file could not be searched for pickles",
		Example: `"vocab.7z" could not be searched for pickles: it is a 7-zip file, which this program does not look into`,
	},
}
