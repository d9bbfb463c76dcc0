package manifest

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/internal/testtools"
)

// full is a manifest that uses every field.
func full() *Manifest {
	return &Manifest{
		CreatedOn: "02/01/2024 03:04:05", Runtime: LSP, ArchiverVersion: ArchiverVersion,
		Model: &Model{
			ModelName: "bert", SerializedFile: "traced.pt", Handler: "h.py:run", ModelFile: "net.py", ModelVersion: "1.0",
			Extensions: json.RawMessage(`{"a":[1,{}]}`), RequirementsFile: "req.txt", ConfigFile: "model.yaml",
		},
	}
}

func TestEncodeWritesTheKeysInTorchModelArchiversOrder(t *testing.T) {
	got, err := full().Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "createdOn": "02/01/2024 03:04:05",
  "runtime": "LSP",
  "model": {
    "modelName": "bert",
    "serializedFile": "traced.pt",
    "handler": "h.py:run",
    "modelFile": "net.py",
    "modelVersion": "1.0",
    "extensions": {
      "a": [
        1,
        {}
      ]
    },
    "requirementsFile": "req.txt",
    "configFile": "model.yaml"
  },
  "archiverVersion": "0.12.0"
}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEncodeLeavesOutWhatIsAbsentButTheHandler(t *testing.T) {
	got, err := (&Manifest{Model: &Model{ModelName: "m"}}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	want := "{\n  \"model\": {\n    \"modelName\": \"m\",\n    \"handler\": \"\"\n  }\n}"
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

// TestEncodeWritesWhatPythonsJSONWrites compares with json.dumps(…, indent=2),
// which torch-model-archiver calls.
func TestEncodeWritesWhatPythonsJSONWrites(t *testing.T) {
	texts := []string{
		"", "plain", `quote " backslash \ slash /`, "<script>&'</script>", "tab\t newline\n return\r", "\b\f\v\x00\x1b\x1f\x7f",
		"größe", "名前", "🦜 \U0010ffff \U00010000", "\u2028\u2029\ufeff\ufffd\uffff\u0080\u07ff\u0800", "{}", "null",
	}
	rng := rand.New(rand.NewPCG(5, 6))
	for range 500 {
		var text strings.Builder
		for range rng.IntN(12) {
			r := rune(rng.IntN(0x250))
			if rng.IntN(4) == 0 {
				r = rune(rng.IntN(0x110000))
			}
			text.WriteRune(r) // a surrogate becomes U+FFFD
		}
		texts = append(texts, text.String())
	}
	var ours []string
	for i, text := range texts {
		m := full()
		m.Model.Extensions = nil
		m.Model.ModelName, m.Model.Handler, m.Model.ModelVersion = "m"+text, text, text+"v"
		m.Model.ConfigFile = texts[(i+1)%len(texts)]
		got, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		ours = append(ours, string(got))
	}
	in, err := json.Marshal(ours)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testtools.Command(t, "python3"), "-c",
		"import sys, json; json.dump([json.dumps(json.loads(s), indent=2) for s in json.load(sys.stdin)], sys.stdout)")
	cmd.Stdin, cmd.Stderr = strings.NewReader(string(in)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var pythons []string
	if err := json.Unmarshal(out, &pythons); err != nil {
		t.Fatal(err)
	}
	for i, python := range pythons {
		if python != ours[i] {
			t.Errorf("%q: Python writes\n%s\nand we\n%s", texts[i], python, ours[i])
		}
		m, err := Decode(strings.NewReader(python))
		if err != nil || m.Model.Handler != texts[i] {
			t.Errorf("%q is decoded to %+v, %v", texts[i], m, err)
		}
	}
}

func TestDecodeUndoesEncode(t *testing.T) {
	for _, m := range []*Manifest{full(), {Runtime: Python, Model: &Model{}}} {
		data, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		again, err := got.Encode()
		if err != nil || string(again) != string(data) {
			t.Errorf("%s\nbecame\n%s\n%v", data, again, err)
		}
	}
}

// What TorchServe 0.12's own Java classes make of these texts was tried.
func TestDecodeReadsAsTorchServeReads(t *testing.T) {
	for text, want := range map[string]*Manifest{
		`{"model":{}}`: {Runtime: Python, Model: &Model{}},
		`{"runtime":null,"model":{"handler":null}}`:     {Runtime: "", Model: &Model{}},
		`{"runtime":"PYTHON3","model":{}}`:              {Runtime: Python3, Model: &Model{}},
		`{"runtime":"ruby","model":{}}`:                 {Runtime: "ruby", Model: &Model{}},
		`{"runtime":"","model":{}}`:                     {Runtime: "", Model: &Model{}},
		`{"x":1,"model":{"unknown":[1,{}]}}`:            {Runtime: Python, Model: &Model{}},
		`{"Runtime":"LSP","model":{"ModelName":"y"}}`:   {Runtime: Python, Model: &Model{}},
		`{"model":{"handler":"a","handler":"b"}}`:       {Runtime: Python, Model: &Model{Handler: "b"}},
		`{"model":{"handler":"a"},"model":{}}`:          {Runtime: Python, Model: &Model{}},
		`{"model":{"extensions":null,"modelFile":"m"}}`: {Runtime: Python, Model: &Model{ModelFile: "m"}},
		` {"createdOn":1,"archiverVersion":0.12,"model":{"modelVersion":1.0,"handler":true}} `: {
			CreatedOn: "1", ArchiverVersion: "0.12", Runtime: Python, Model: &Model{ModelVersion: "1.0", Handler: "true"}},
	} {
		got, err := Decode(strings.NewReader(text))
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "not a JSON object",
		"null":                                   `no "model"`,
		"[]":                                     "not a JSON object",
		"{}":                                     `no "model"`,
		`{"model":null}`:                         `no "model"`,
		`{"Model":{}}`:                           `no "model"`,
		`{"model":[]}`:                           `"model" is not an object`,
		`{"model":{"handler":["a"]}}`:            `"handler" is not a string`,
		`{"runtime":{},"model":{}}`:              `"runtime" is not a string`,
		`{"model":{"modelFile":1}}`:              `"modelFile" is not a string`,
		`{"model":{}} trailing`:                  "not a JSON object",
		`{model:{}}`:                             "not a JSON object",
		"\ufeff{\"model\":{}}":                   "not a JSON object",
		"{\"model\":{\"handler\":\"\xff\"}}":     "not valid UTF-8",
		`{"model":{"x":"` + pad(MaxSize) + `"}}`: "larger than 1048576 bytes",
		strings.Repeat(`{"model":`, 100_000):     "not a JSON object",
	} {
		if m, err := Decode(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %+v, %v; want %q", text, m, err, want)
		}
	}
	if _, err := Decode(iotest.ErrReader(os.ErrDeadlineExceeded)); err == nil || !strings.Contains(err.Error(), "read manifest") {
		t.Errorf("a failing reader gives %v", err)
	}
}

func pad(n int) string { return strings.Repeat(" ", n) }

func TestCreatedOnKeepsTheTimesZone(t *testing.T) {
	at := time.Date(2024, 3, 4, 23, 5, 6, 0, time.FixedZone("", 2*3600))
	if got := CreatedOn(at); got != "04/03/2024 23:05:06" {
		t.Errorf("got %q", got)
	}
	if got := CreatedOn(at.UTC()); got != "04/03/2024 21:05:06" {
		t.Errorf("got %q", got)
	}
}

func FuzzDecode(f *testing.F) {
	data, err := full().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(data))
	f.Add(`{"model":{"modelVersion":1.0,"extensions":{}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		m, err := Decode(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Decode(strings.NewReader(string(again))); err != nil {
			t.Fatalf("what was decoded from %q is encoded as %q: %v", text, again, err)
		}
	})
}
