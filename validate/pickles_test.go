package validate

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go-model-archiver/validate/rules"
)

// Pickles, written by hand after Python's pickletools.
const (
	callsSystem  = "\x80\x02cposix\nsystem\nX\x02\x00\x00\x00id\x85R."
	oldSystem    = "cos\nsystem\n(S'id'\ntR."
	ownClass     = "\x80\x02c__main__\nNet\n)\x81."
	otherClass   = "\x80\x02csklearn.preprocessing\nStandardScaler\n)\x81."
	plainNumbers = "\x80\x02]q\x00(K\x01K\x02e."
)

func zipped(t *testing.T, name, text string, method uint16) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: method})
	if err == nil {
		_, err = io.WriteString(f, text)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func tarred(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := w.WriteHeader(&tar.Header{Name: name, Size: int64(len(text)), Mode: 0o644})
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err := errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// section is an entry of which any part can be read.
type section struct{ *strings.Reader }

func (section) Close() error { return nil }

// withEntries looks for pickles in an archive whose entries are files, read in
// parts or from their beginning.
func withEntries(t *testing.T, files map[string]string, inParts bool) []rules.Finding {
	t.Helper()
	s := python(serves).subject(t)
	for _, name := range []string{"a", "b", "c", "h.py"} {
		text, ok := files[name]
		if !ok {
			continue
		}
		s.Entries = append(s.Entries, Entry{Name: name, Size: int64(len(text)), Open: func() (io.ReadCloser, error) {
			if inParts {
				return section{strings.NewReader(text)}, nil
			}
			return io.NopCloser(io.LimitReader(strings.NewReader(text), int64(len(text)))), nil
		}})
	}
	return pickleFindings(t, s)
}

func pickleFindings(t *testing.T, s Subject) []rules.Finding {
	t.Helper()
	c, err := NewCheck(s)
	if err != nil {
		t.Fatal(err)
	}
	findings, err := c.PickleFindings(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return findings
}

var pickleCases = []struct {
	name  string
	files func(t *testing.T) map[string]string
	want  []string
	says  []string
}{
	{"a call of the system", entries("a", callsSystem), []string{rules.PickleDangerous}, []string{`a pickle in "a" imports posix.system`}},
	{"in the oldest protocol", entries("a", oldSystem), []string{rules.PickleDangerous}, []string{"os.system"}},
	{"in a zip", func(t *testing.T) map[string]string {
		return map[string]string{"a": zipped(t, "deep/data.pkl", callsSystem, zip.Deflate)}
	}, []string{rules.PickleDangerous}, []string{`"a" imports posix.system`}},
	{"in a stored zip", func(t *testing.T) map[string]string {
		return map[string]string{"a": zipped(t, "deep/any.txt", callsSystem, zip.Store)}
	}, []string{rules.PickleDangerous}, nil},
	{"in a tar", func(t *testing.T) map[string]string {
		return map[string]string{"a": tarred(t, "pickle", callsSystem)}
	}, []string{rules.PickleDangerous}, nil},
	{"a class of one's own", entries("a", ownClass), []string{rules.PickleUnfamiliar}, []string{"__main__.Net"}},
	{"three files", entries("a", ownClass, "b", otherClass, "c", callsSystem),
		[]string{rules.PickleDangerous, rules.PickleUnfamiliar}, []string{"so do those in 1 other file"}},
	{"two that can't be looked into", entries("a", "7z\xbc\xaf\x27\x1c", "b", "\xfd7zXZ\x00"), []string{rules.PickleUnread},
		[]string{`"a" could not be searched for pickles: it is a 7-zip file`, "neither could 1 other file"}},
	{"after other pickles", entries("a", plainNumbers+callsSystem), []string{rules.PickleDangerous}, nil},

	{"numbers", entries("a", plainNumbers), nil, nil},
	{"text", entries("a", "cost of operating systems\n", "b", "import os\nos.system('id')\n", "h.py", serves), nil, nil},
	{"nothing", entries("a", ""), nil, nil},
	{"half a zip", entries("a", "PK\x03\x04 and then nothing"), nil, nil},
}

func entries(namesAndTexts ...string) func(*testing.T) map[string]string {
	files := map[string]string{}
	for i := 0; i < len(namesAndTexts); i += 2 {
		files[namesAndTexts[i]] = namesAndTexts[i+1]
	}
	return func(*testing.T) map[string]string { return files }
}

func TestPickles(t *testing.T) {
	for _, c := range pickleCases {
		for _, inParts := range []bool{true, false} {
			t.Run(c.name, func(t *testing.T) {
				compareFindings(t, withEntries(t, c.files(t), inParts), c.want, c.says)
			})
		}
	}
}

func TestPicklesOfTheSerializedFile(t *testing.T) {
	for name, want := range map[string][]string{
		"notmodels/pickled-module.pt":        nil, // of torch.nn's classes alone
		"notmodels/legacy-pickled-module.pt": nil,
		"notmodels/state_dict.pt":            nil,
		"notmodels/legacy-state_dict.pt":     nil,
		"models/bert-seq.pt":                 nil,
		"models/quantized.pt":                nil,
	} {
		t.Run(name, func(t *testing.T) {
			compareFindings(t, pickleFindings(t, python(serves).modelled(name).subject(t)), want, nil)
		})
	}
}

func TestPickleTooLargeToLookThrough(t *testing.T) {
	// More than a million marks are more than the walker keeps.
	deep := "\x80\x02" + strings.Repeat("(", 8<<20)
	compareFindings(t, withEntries(t, map[string]string{"a": deep}, true), []string{rules.PickleUnread}, []string{"too large"})
}

func TestEntryThatCannotBeOpened(t *testing.T) {
	s := python(serves).subject(t)
	s.Entries = []Entry{{Name: "gone", Size: 1, Open: func() (io.ReadCloser, error) { return os.Open(filepath.Join(t.TempDir(), "gone")) }}}
	c, err := NewCheck(s)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.PickleFindings(t.Context()); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), `read "gone"`) {
		t.Errorf("error %v", err)
	}
}
