// Package protocol defines the messages between the main program and the
// worker, the child process that loads models in libtorch.
//
// The worker writes one JSON object per line on stdout: first a Hello, then
// one Reply for each Request. The main program writes Requests on the worker's
// stdin, one JSON object per line; a request's line is followed at once by the
// raw little-endian bytes of its tensors, in the order in which a depth-first
// walk of Inputs meets them (Value.DataSize bytes each). A reply to a Forward
// that asked for values is followed in the same way by those of its outputs
// (Output.DataSize bytes each). Closing stdin ends the worker. Anything on the
// worker's stderr is for the report only.
package protocol

// Version is the protocol's version; both sides must have the same.
const Version = 3

// MaxCalls bounds how often one Forward warms up, and how often it measures:
// the latencies have to fit in a line.
const MaxCalls = 100_000

// Bounds on what a reply tells of a model, however much there is of it.
const (
	MaxOutputs   = 10_000
	MaxNames     = 512 << 10 // the sum of Output.NameSize
	MaxArguments = 1_000
	MaxNamed     = 8 // of Changing and Unread
)

// Hello is the worker's first line.
type Hello struct {
	Protocol int    `json:"protocol"`
	Libtorch string `json:"libtorch"` // such as "1.13.1"
}

// Request asks the worker for one step. Exactly one field is set.
type Request struct {
	Describe *Describe `json:"describe,omitempty"`
	Load     *Load     `json:"load,omitempty"`
	Forward  *Forward  `json:"forward,omitempty"`
}

// Describe asks what the worker's libtorch is and can do. It needs no model.
type Describe struct{}

// Load loads the libraries and the model, sets eval mode and turns gradients
// off.
type Load struct {
	Path string `json:"path"` // such as /proc/self/fd/3
	// Offset and Size say which bytes of the file are the model: it may be
	// stored in an archive. A Size of 0 reaches to the file's end.
	Offset  int64 `json:"offset,omitempty"`
	Size    int64 `json:"size,omitempty"`
	Threads int   `json:"threads"` // intra-op threads; 0 leaves libtorch's default
	// Device is where the model goes: "cpu", "cuda" or "cuda:1"; empty is cpu.
	Device string `json:"device,omitempty"`
	// Libraries are loaded first, for the custom operators they register.
	Libraries []string `json:"libraries,omitempty"`
}

// Forward runs the model's forward on Inputs, one for each argument in order,
// self excluded; arguments left out at the end take their defaults.
type Forward struct {
	Inputs []Value `json:"inputs"`
	// Warmup and Iterations are how often forward runs unmeasured, and then
	// measured, each at most MaxCalls times. Iterations of 0 are 1.
	Warmup     int `json:"warmup,omitempty"`
	Iterations int `json:"iterations,omitempty"`
	// Values asks for the outputs' data behind the reply.
	Values bool `json:"values,omitempty"`
}

// Reply answers a Request. Exactly one field is set.
type Reply struct {
	Described *Described `json:"described,omitempty"`
	Loaded    *Loaded    `json:"loaded,omitempty"`
	Outcome   *Outcome   `json:"outcome,omitempty"`
	Failure   *Failure   `json:"failure,omitempty"`
}

// Described says what the worker's libtorch is and can do.
type Described struct {
	ABI     string   `json:"abi"`     // "cxx11" or "pre-cxx11", how its std::string is laid out
	BLAS    string   `json:"blas"`    // the library behind matrix products, by name or path
	Devices []string `json:"devices"` // "cpu", "cuda:0"
	// GFLOPS is the measured speed of a float32 matrix product on one thread,
	// in 10^9 operations a second.
	GFLOPS float64 `json:"gflops"`
	Config string  `json:"config"` // libtorch's own words about its build
}

// Loaded says that the model was loaded and how its forward is declared.
type Loaded struct {
	Seconds float64 `json:"seconds"`
	// Arguments are at most MaxArguments: a forward that takes more is a Failure.
	Arguments Arguments `json:"arguments"`
	Returns   string    `json:"returns"`
	// NoForward is set for a module whose methods have other names.
	NoForward bool `json:"noForward,omitempty"`
}

// Argument is one argument of forward, self excluded, with its type as
// TorchScript writes it ("Tensor", "Optional[Tensor]", "List[Tensor]",
// "Dict[str, Tensor]") and its default, nil when it has none.
type Argument struct {
	Name    string  `json:"name"`
	Type    string  `json:"type"`
	Default *string `json:"default,omitempty"`
}

// Outcome is what forward gave.
type Outcome struct {
	Seconds float64 `json:"seconds"` // of the very first call, also when that was for warming up
	// Latencies are the seconds of each measured call, in order.
	Latencies []float64 `json:"latencies"`
	// Outputs are those of the last call, at most MaxOutputs.
	Outputs Outputs `json:"outputs"`
	// Unread says of at most MaxNamed values of the last call what of them was
	// not looked at, and why: "output[3] has 20000 elements, …".
	// MoreUnread is how many more there are.
	Unread     []string `json:"unread,omitempty"`
	MoreUnread int      `json:"moreUnread,omitempty"`
	// Data holds the Data of each output, where values were asked for.
	Data []string `json:"data,omitempty"`
	// Changing are the paths of the outputs that were not the same, bit for
	// bit, in every call, at most MaxNamed; MoreChanging is how many more there
	// are.
	Changing     []string `json:"changing,omitempty"`
	MoreChanging int      `json:"moreChanging,omitempty"`
	// PeakMemory is the most that the worker's process had resident since it
	// began, in bytes, libtorch itself included.
	PeakMemory int64 `json:"peakMemory"`
}

// Output is one tensor of forward's result, or one value that is no tensor.
// Path says where it stands, as Python would write it: output, output[0],
// output["logits"][1].
type Output struct {
	Path string `json:"path"`
	// DType is a tensor's dtype without "torch.", or int, float, bool, str,
	// none or object (what cannot be looked into); a list of ints, floats or
	// bools stands as one Output of that type with its length as the shape.
	DType string  `json:"dtype"`
	Shape []int64 `json:"shape"`
	// Min, Max and Mean are of the finite values; nil when there is none or
	// the dtype has no order.
	Min  *float64 `json:"min"`
	Max  *float64 `json:"max"`
	Mean *float64 `json:"mean"`
	NaN  int64    `json:"nan"`
	Inf  int64    `json:"inf"`
	// NegInf is how many of Inf are below zero.
	NegInf int64 `json:"negInf,omitempty"`
	// Data is the dtype of the raw bytes that follow the reply for this output,
	// where values were asked for: DType itself, or for what has to be converted
	// to be read float32 (quantized, float8), float64 (uint16, uint32, uint64) or
	// complex64 (complex32), and int64, float64 or bool for what is no tensor.
	// Empty where none follow: a str, none, object or meta tensor.
	Data string `json:"-"`
}

// Stage says how far the load test came.
type Stage string

// The stages in order: nothing tried, the worker and the file being opened,
// loaded, the sample being fitted to forward's arguments, forward being run,
// its output being read, and all done.
const (
	StageNone    Stage = "none"
	StageOpen    Stage = "open"
	StageLoad    Stage = "load"
	StageShape   Stage = "shape"
	StageForward Stage = "forward"
	StageOutput  Stage = "output"
	StageDone    Stage = "done"
)

// Failure is an error that libtorch reported.
type Failure struct {
	Stage   Stage  `json:"stage"`
	Message string `json:"message"` // libtorch's own text, frames included
}

// Kind says which fields of a Value count.
type Kind string

// The kinds of a Value.
const (
	Tensor Kind = "tensor" // DType, Shape; the data follow the request
	Int    Kind = "int"    // Int
	Float  Kind = "float"  // Text, as strconv writes it: JSON has no Inf
	Bool   Kind = "bool"   // Int, 0 or 1
	Str    Kind = "str"    // Text
	None   Kind = "none"
	List   Kind = "list"  // Items
	Tuple  Kind = "tuple" // Items
	Dict   Kind = "dict"  // Items: key, value, key, value, …
)

// Value is one input of forward.
type Value struct {
	Kind  Kind    `json:"kind"`
	DType string  `json:"dtype,omitempty"`
	Shape []int64 `json:"shape,omitempty"`
	Int   int64   `json:"int,omitempty"`
	Text  string  `json:"text,omitempty"`
	Items []Value `json:"items,omitempty"`
}

// elementSizes holds the bytes per element of each dtype that inputs may have.
var elementSizes = map[string]int64{
	"uint8": 1, "int8": 1, "int16": 2, "int32": 4, "int64": 8,
	"float16": 2, "bfloat16": 2, "float32": 4, "float64": 8, "bool": 1,
}

// ElementSize returns the bytes per element of dtype, and whether it is known.
func ElementSize(dtype string) (int64, bool) {
	n, ok := elementSizes[dtype]
	return n, ok
}

// OutputElementSize returns the bytes per element of dtype in the data of an
// output, which may be complex, and whether it is known.
func OutputElementSize(dtype string) (int64, bool) {
	switch dtype {
	case "complex64":
		return 8, true
	case "complex128":
		return 16, true
	}
	return ElementSize(dtype)
}
