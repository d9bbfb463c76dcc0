package rules

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

var loadTestRules = []Rule{
	{
		ID: LoadTestOff, Severity: Note,
		Summary: "the load test was switched off",
		Example: `the load test of "traced_model.pt" is switched off; the model was not run`,
	},
}
