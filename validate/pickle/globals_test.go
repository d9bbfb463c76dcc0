package pickle

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
)

// Bytes of an array stand in the middle of a pickle of joblib, and behind the
// pickles of torch.save before PyTorch 1.6.
func TestGlobalsBehindRawBytes(t *testing.T) {
	random := make([]byte, 200_000)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	for _, evil := range []string{
		"cposix\nsystem\n", "(X\x01\x00\x00\x00aiposix\nsystem\n", "\x8c\x05posix\x94\x8c\x06system\x94\x93",
		"\x8c\x05posix\x8c\x06system\x93", "X\x05\x00\x00\x00posixq\x01X\x06\x00\x00\x00systemq\x02\x93",
	} {
		for _, before := range []string{"\x80\x04N.", "\x80\x04}\x94", "\x80\x02N.\x8e\xff\xff\xff\xff\xff\xff\xff\xff"} {
			for _, skip := range []int{0, 1, 1000, len(random)} {
				data := []byte(before + "\xff" + string(random[:skip]) + evil + string(random[:100]))
				for _, r := range []io.Reader{bytes.NewReader(data), iotest.OneByteReader(bytes.NewReader(data))} {
					got, err := Globals(r)
					if err != nil || len(got) != 1 || got[0].String() != "posix.system" || got[0].Risk != Dangerous {
						t.Fatalf("%q after %q and %d bytes: got %v, %v", evil, before, skip, got, err)
					}
				}
			}
		}
	}
	if got, err := Globals(strings.NewReader("\x80\x04N.\xff" + string(random))); err != nil || got != nil {
		t.Errorf("in random bytes: got %v, %v", got, err)
	}
}

func TestGlobalsOfTextThatIsNoPickle(t *testing.T) {
	for _, text := range []string{
		"cat\ndog\nbird\n", "import os\nimport sys\n", "{\"a\": 1}", "cos\nine\n", "isolated\nwords\n", strings.Repeat("a", 100_000), "\x00\x01\x02",
	} {
		if got, err := Globals(strings.NewReader(text)); err != nil || got != nil {
			t.Errorf("%q: got %v, %v", text[:min(len(text), 20)], got, err)
		}
	}
}

func TestGlobalsFail(t *testing.T) {
	if _, err := Globals(iotest.ErrReader(iotest.ErrTimeout)); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("of a broken reader: %v", err)
	}
	broken := io.MultiReader(strings.NewReader("\x80\x04cos\nsystem\n"), iotest.ErrReader(iotest.ErrTimeout))
	if got, err := Globals(broken); !errors.Is(err, iotest.ErrTimeout) || len(got) != 1 {
		t.Errorf("of a reader that breaks: got %v, %v", got, err)
	}
	deep := "\x80\x04cos\nsystem\n" + strings.Repeat("N", maxStack+1)
	if got, err := Globals(strings.NewReader(deep)); !errors.Is(err, ErrTooLarge) || len(got) != 1 {
		t.Errorf("of too many values: got %v, %v", got, err)
	}
}

// Names that are put off until after any number of memoized words are still
// told, or at least reported as unknown.
func TestGlobalsOfLargeVocabularies(t *testing.T) {
	var b bytes.Buffer
	b.WriteString("\x80\x04}\x94(")
	for i := range 600_000 {
		word := fmt.Sprint("word", i)
		fmt.Fprintf(&b, "\x8c%c%s\x94J\x01\x00\x00\x00", len(word), word)
		if i%1000 == 999 {
			b.WriteString("u(")
		}
	}
	b.WriteString("u\x8c\x02os\x940\x8c\x06system\x940j\xc1\x27\x09\x00j\xc2\x27\x09\x00\x93.")
	got, err := Globals(&b)
	if err != nil || len(got) != 1 || got[0].Risk == Safe {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestClassify(t *testing.T) {
	for name, want := range map[string]Risk{
		"torch._utils _rebuild_tensor_v2":                  Safe,
		"torch FloatStorage":                               Safe,
		"torch float16":                                    Safe,
		"collections OrderedDict":                          Safe,
		"numpy.core.multiarray _reconstruct":               Safe,
		"torch.nn.modules.linear Linear":                   Safe,
		"__torch__.a.b C":                                  Safe,
		"sklearn.preprocessing._data StandardScaler":       Unfamiliar,
		"__main__ Net":                                     Unfamiliar,
		"torch.nn.modulesx y":                              Unfamiliar,
		"torch.nn.modules.linear torch.x":                  Unfamiliar,
		"numpy.random._pickle __randomstate_ctor":          Safe,
		"builtins print":                                   Unfamiliar,
		"torch.storage _load_from_bytes":                   Unfamiliar,
		"builtins eval":                                    Dangerous,
		"__builtin__ execfile":                             Dangerous,
		"posix system":                                     Dangerous,
		"nt system":                                        Dangerous,
		"os.path join":                                     Unfamiliar,
		"urllib.request urlopen":                           Dangerous,
		"importlib import_module":                          Dangerous,
		"torch.serialization os.system":                    Dangerous,
		"torch._utils _rebuild_tensor_v2.__globals__":      Dangerous,
		"torch.hub load":                                   Dangerous,
		"torch load":                                       Dangerous,
		"numpy.testing._private.utils runstring":           Dangerous,
		"_io FileIO":                                       Dangerous,
		"mypackage.os Thing":                               Unfamiliar,
		"torch.nn.modules.module warnings.sys.modules.get": Dangerous,

		"torch FloatTensor":                            Safe,
		"torch LongTensor":                             Safe,
		"torch BFloat16Tensor":                         Safe,
		"torch.cuda HalfTensor":                        Safe,
		"torch.cuda BoolStorage":                       Safe,
		"torch.sparse DoubleTensor":                    Safe,
		"torch.cuda.sparse FloatTensor":                Safe,
		"torch.nn.functional gelu":                     Safe,
		"pathlib PosixPath":                            Safe,
		"logging getLogger":                            Safe,
		"torch.nn.modules.module torch":                Unfamiliar,
		"torch.nn.modules.module functools":            Unfamiliar,
		"collections namedtuple":                       Unfamiliar,
		"functools partial":                            Unfamiliar, // what it calls is an import of its own
		"operator itemgetter":                          Unfamiliar,
		"code Model":                                   Unfamiliar, // a module of one's own
		"test Net":                                     Unfamiliar,
		"random _os":                                   Dangerous,
		"torch.serialization os":                       Dangerous,
		"collections _sys":                             Dangerous,
		"anything __dict__":                            Dangerous,
		"anything __builtins__":                        Dangerous,
		"pathlib Path.write_text":                      Dangerous,
		"logging FileHandler":                          Dangerous,
		"posixpath os":                                 Dangerous,
		"path os.system":                               Dangerous,
		"torch._dynamo.guards GuardBuilder.get":        Dangerous,
		"cloudpickle.cloudpickle _make_function":       Dangerous,
		"trace Trace.run":                              Dangerous,
		"code InteractiveInterpreter.runcode":          Dangerous,
		"torch.jit.unsupported_tensor_ops execWrapper": Dangerous,
	} {
		module, rest, _ := strings.Cut(name, " ")
		if got := Classify(Global{module, rest}); got != want {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}

func BenchmarkGlobals(b *testing.B) {
	var data bytes.Buffer
	data.WriteString("\x80\x04}\x94(")
	for i := range 100_000 {
		word := fmt.Sprint("word", i)
		fmt.Fprintf(&data, "\x8c%c%s\x94J\x01\x00\x00\x00", len(word), word)
	}
	data.WriteString("u.")
	b.SetBytes(int64(data.Len()))
	for b.Loop() {
		if _, err := Globals(bytes.NewReader(data.Bytes())); err != nil {
			b.Fatal(err)
		}
	}
}
