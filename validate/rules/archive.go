package rules

// Ids of the rules about an archive that exists.
const (
	ArchiveDamaged      = "archive-damaged"
	ArchiveEncrypted    = "archive-encrypted"
	ArchiveDescriptor   = "archive-descriptor"
	ArchiveEntryKind    = "archive-entry-kind"
	ArchiveEntryOutside = "archive-entry-outside"
	ArchiveEntryTwice   = "archive-entry-twice"
	ManifestMissing     = "manifest-missing"
	ManifestInvalid     = "manifest-invalid"
	ManifestFileMissing = "manifest-file-missing"
	FolderManifestAlone = "folder-manifest-alone"
)

var archiveRules = []Rule{
	{
		ID: ArchiveDamaged, Severity: Error,
		Summary:  "the archive can't be read to its end",
		Example:  `"bert.mar" is damaged: "traced_model.pt": checksum error`,
		Preempts: "Failed to extract archive: invalid entry CRC",
	},
	{
		ID: ArchiveEncrypted, Severity: Error,
		Summary:  "an entry is encrypted",
		Example:  `"traced_model.pt" in "bert.mar" is encrypted`,
		Preempts: "encrypted ZIP entry not supported",
	},
	{
		ID: ArchiveDescriptor, Severity: Error,
		Summary:  "a stored entry has a data descriptor",
		Example:  `"traced_model.pt" in "bert.mar" is stored with a data descriptor, which Java refuses`,
		Preempts: "only DEFLATED entries can have EXT descriptor",
	},
	{
		ID: ArchiveEntryKind, Severity: Warning,
		Summary: "an entry is neither a file nor a folder",
		Example: `"bert/vocab.txt" in "bert.tar.gz" is no regular file, and TorchServe makes an empty one of it`,
	},
	{
		ID: ArchiveEntryOutside, Severity: Error,
		Summary:  "an entry stands outside the model's folder",
		Example:  `"../handler.py" in "bert.mar" stands outside the model's folder`,
		Preempts: "Detected Zip Slip vulnerability",
	},
	{
		ID: ArchiveEntryTwice, Severity: Warning,
		Summary: "an entry stands twice in the archive, and the last one wins",
		Example: `"vocab.txt" stands twice in "bert.mar", and the last one counts`,
	},
	{
		ID: ManifestMissing, Severity: Warning,
		Summary:  "the archive has no manifest, so the server has to be told its handler",
		Example:  `"bert.mar" has no MAR-INF/MANIFEST.json; TorchServe asks for the handler with the request, or takes its default_service_handler`,
		Preempts: "Load model failed: X, error: Worker died.",
	},
	{
		ID: ManifestInvalid, Severity: Error,
		Summary:  "the manifest can't be read",
		Example:  `the manifest of "bert.mar" can't be read: manifest has no "model"`,
		Preempts: "Failed to parse manifest file",
	},
	{
		ID: ManifestFileMissing, Severity: Error,
		Summary:  "the manifest names a file that is not there",
		Example:  `the manifest of "bert.mar" names the serialized file "model.pt", which is not there`,
		Preempts: "Load model failed: X, error: Worker died.",
	},
	{
		ID: FolderManifestAlone, Severity: Error,
		Summary:  "a no-archive folder holds MAR-INF alone, which TorchServe misreads",
		Example:  `the folder "bert" holds MAR-INF alone, and TorchServe takes that for the model's folder`,
		Preempts: "Load model failed: X, error: Worker died.",
	},
}
