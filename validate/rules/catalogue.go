package rules

// Ids of the rules about the serialized file.
const (
	ModelEmpty          = "model-empty"
	ModelTruncated      = "model-truncated"
	ModelHTML           = "model-html"
	ModelLFSPointer     = "model-lfs-pointer"
	ModelChecksum       = "model-checksum"
	ModelDamaged        = "model-damaged"
	ModelNotTorchScript = "model-not-torchscript"
	ModelKind           = "model-kind"
	ModelNone           = "model-none"
)

// Ids of the rules about the load test.
const (
	LoadTestOff     = "load-test-off"
	WorkerMissing   = "worker-missing"
	WorkerMismatch  = "worker-mismatch"
	WorkerFailed    = "worker-failed"
	WorkerCrashed   = "worker-crashed"
	LoadTestTimeout = "load-test-timeout"
	LoadFailed      = "load-failed"
	OperatorMissing = "operator-missing"
	ClassMissing    = "class-missing"
	DeviceMissing   = "device-missing"
	KernelMissing   = "kernel-missing"
	FileTooNew      = "file-too-new"
	NoSample        = "no-sample"
	SampleMismatch  = "sample-mismatch"
	ForwardFailed   = "forward-failed"
	OutputNaN       = "output-nan"
	OutputInf       = "output-inf"
)

// Ids of the rules about settings that the handler reads.
const (
	SettingsUnreadable = "settings-unreadable"
	SettingsMaxLength  = "settings-max-length"
)

// Ids of the rules about what goes into the archive.
const (
	EntryDropped      = "entry-dropped"
	EntryExcluded     = "entry-excluded"
	LinksFollowed     = "links-followed"
	WildcardNoMatch   = "wildcard-no-match"
	ExportPathMade    = "export-path-created"
	Overwriting       = "overwriting"
	EntryNamePortable = "entry-name-portable"
)

var catalogue = []Rule{
	{ID: ModelEmpty, Severity: Error, Summary: "the serialized file is empty"},
}
