package rules

// Ids of the rules about an archive that exists.
const (
	ArchiveDamaged       = "archive-damaged"
	ArchiveEncrypted     = "archive-encrypted"
	ArchiveDescriptor    = "archive-descriptor"
	ArchiveEntryKind     = "archive-entry-kind"
	ArchiveEntryOutside  = "archive-entry-outside"
	ArchiveEntryTwice    = "archive-entry-twice"
	ArchiveEntryClash    = "archive-entry-clash"
	ArchiveEntryAbsolute = "archive-entry-absolute"
	ArchiveName          = "archive-name"
	ArchiveMembers       = "archive-members"
	ArchiveExpansion     = "archive-expansion"
	ManifestMissing      = "manifest-missing"
	ManifestInvalid      = "manifest-invalid"
	ManifestRuntime      = "manifest-runtime"
	ManifestFileMissing  = "manifest-file-missing"
	FolderManifestAlone  = "folder-manifest-alone"
)

var archiveRules = []Rule{
	{
		ID: ArchiveDamaged, Severity: Error,
		Summary: "the archive can't be read to its end",
		Example: `"bert.mar" is damaged: "traced_model.pt": checksum error`,
		Preempts: []string{
			"Failed to extract archive: invalid entry CRC",
			"Input is not in the .gz format",
		},
	},
	{
		ID: ArchiveEncrypted, Severity: Error,
		Summary:  "an entry is encrypted",
		Example:  `"traced_model.pt" in "bert.mar" is encrypted`,
		Preempts: []string{"encrypted ZIP entry not supported"},
	},
	{
		ID: ArchiveDescriptor, Severity: Error,
		Summary:  "a stored entry has a data descriptor",
		Example:  `"traced_model.pt" in "bert.mar" is stored with a data descriptor, which Java refuses`,
		Preempts: []string{"only DEFLATED entries can have EXT descriptor"},
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
		Preempts: []string{"Detected Zip Slip vulnerability"},
	},
	{
		ID: ArchiveEntryTwice, Severity: Warning,
		Summary: "an entry stands twice in the archive, and the last one wins",
		Example: `"vocab.txt" stands twice in "bert.mar", and the last one counts`,
	},
	{
		ID: ArchiveEntryClash, Severity: Error,
		Summary:  "an entry can't be unpacked where its name wants it",
		Example:  `"config" in "bert.mar" is a file and a folder, so TorchServe can't unpack it`,
		Preempts: []string{"Cannot create directory"},
	},
	{
		ID: ArchiveEntryAbsolute, Severity: Warning,
		Summary: "an entry has an absolute name",
		Example: `"/etc/vocab.txt" in "bert.mar" is an absolute name; TorchServe puts it into the model's folder, and other programs may not`,
	},
	{
		ID: ArchiveName, Severity: Error,
		Summary:  "the archive's name lets the server take it for another format",
		Example:  `"bert.zip" is a zip file, and TorchServe takes what does not end in ".mar" for a .tar.gz`,
		Preempts: []string{"Input is not in the .gz format"},
	},
	{
		ID: ArchiveMembers, Severity: Warning,
		Summary: "the archive consists of several gzip files, of which the server reads the first",
		Example: `"bert.tar.gz" consists of several gzip files in a row, and TorchServe reads the first one`,
	},
	{
		ID: ArchiveExpansion, Severity: Warning,
		Summary: "the archive inflates to 100 times its size and 1 GiB or more: trained weights hardly shrink, so it is a model of zeros or a zip bomb",
		Example: `"bert.mar" has 1.5 MiB and inflates to 1.5 GiB, which TorchServe writes to its temporary folder without a bound`,
	},
	{
		ID: ManifestMissing, Severity: Warning,
		Summary:  "the archive has no manifest, so the server has to be told its handler",
		Example:  `"bert.mar" has no MAR-INF/MANIFEST.json; TorchServe asks for the handler with the request, or takes its default_service_handler`,
		Preempts: []string{"Load model failed: X, error: Worker died."},
	},
	{
		ID: ManifestInvalid, Severity: Error,
		Summary:  "the manifest can't be read",
		Example:  `the manifest of "bert.mar" can't be read: manifest has no "model"`,
		Preempts: []string{"Failed to parse manifest file"},
	},
	{
		ID: ManifestRuntime, Severity: Error,
		Summary:  "the manifest has a runtime that the server does not know",
		Example:  `the manifest of "bert.mar" has the runtime "python2", and TorchServe knows python, python3 and LSP`,
		Preempts: []string{"Runtime is not defined or invalid."},
	},
	{
		ID: ManifestFileMissing, Severity: Error,
		Summary: "the manifest names a file that is not there",
		Example: `the manifest of "bert.mar" names the serialized file "model.pt", which is not there`,
		Preempts: []string{
			"Load model failed: X, error: Worker died.",
			"Missing the model.py file",
		},
	},
	{
		ID: FolderManifestAlone, Severity: Error,
		Summary:  "a no-archive folder holds MAR-INF alone, which TorchServe misreads",
		Example:  `the folder "bert" holds MAR-INF alone, and TorchServe takes that for the model's folder`,
		Preempts: []string{"Load model failed: X, error: Worker died."},
	},
}
