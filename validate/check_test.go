package validate

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/manifest"
	"go-model-archiver/validate/rules"
)

// archive is what a check is given in a test.
type archive struct {
	handler string
	model   string // below testdata, or ""
	as      string // the serialized file's name where it is not that of model
	modelPy string
	config  string
	require string
	runtime manifest.Runtime
	// files are the other entries by name; a text that starts with "file:" names a
	// file below testdata.
	files map[string]string
}

// ruleCase is an archive and the rules that it breaks, in order.
type ruleCase struct {
	name string
	archive
	want []string
	// says stands in the messages and hints of the findings.
	says []string
}

// unremarkable are the notes that say only what was given.
var unremarkable = []string{rules.ModelNone, rules.ModelKind}

func (a archive) subject(t *testing.T) Subject {
	t.Helper()
	m := &manifest.Model{
		ModelName: "m", ModelVersion: "1.0", Handler: a.handler,
		ModelFile: a.modelPy, ConfigFile: a.config, RequirementsFile: a.require,
	}
	if a.runtime == "" {
		a.runtime = manifest.Python
	}
	s := Subject{Manifest: &manifest.Manifest{Runtime: a.runtime, Model: m}}
	if a.model != "" {
		s.ModelPath = testtools.Testdata(a.model)
		m.SerializedFile = a.as
		if a.as == "" {
			m.SerializedFile = filepath.Base(a.model)
		}
		s = s.of(t, s.ModelPath)
	}
	s.ReadEntry = func(name string, _ int64) ([]byte, error) {
		text, ok := a.files[name]
		if !ok {
			return nil, fs.ErrNotExist
		}
		if path, isPath := strings.CutPrefix(text, "file:"); isPath {
			return os.ReadFile(testtools.Testdata(path))
		}
		return []byte(text), nil
	}
	return s
}

// of puts the file of a path in the place of the serialized file.
func (s Subject) of(t *testing.T, path string) Subject {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	s.Model, s.ModelSize, s.ModelPath = f, info.Size(), path
	return s
}

func (a archive) check(t *testing.T) *Check {
	t.Helper()
	c, err := NewCheck(a.subject(t))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func runCases(t *testing.T, cases []ruleCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			compareFindings(t, c.check(t).Findings, c.want, c.says)
		})
	}
}

func compareFindings(t *testing.T, findings []rules.Finding, want, says []string) {
	t.Helper()
	var got []string
	var text strings.Builder
	for _, f := range findings {
		if !slices.Contains(unremarkable, f.Rule) || slices.Contains(want, f.Rule) {
			got = append(got, f.Rule)
			text.WriteString(string(f.Severity) + " " + f.File + " " + f.Message + " " + f.Hint + "\n")
		}
		if strings.HasSuffix(f.Message, ".") || f.Message == "" {
			t.Errorf("%s: the message %q is empty or ends with a full stop", f.Rule, f.Message)
		}
		if f.Hint == "" && f.Severity != rules.Note || strings.HasSuffix(f.Hint, ".") {
			t.Errorf("%s: the hint %q is empty or ends with a full stop", f.Rule, f.Hint)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q\n%s", got, want, &text)
	}
	for _, s := range says {
		if !strings.Contains(text.String(), s) {
			t.Errorf("nothing says %q in\n%s", s, &text)
		}
	}
}

func TestWhatIsTooLargeIsNotRead(t *testing.T) {
	a := python(serves).beside(setupConfig, "").beside(labelFile, "").with("").beside("r.txt", "")
	a.require = "r.txt"
	s := a.subject(t)
	read := s.ReadEntry
	for name := range a.files {
		s.Entries = append(s.Entries, Entry{Name: name, Size: 1 << 40})
	}
	s.ReadEntry = func(name string, limit int64) ([]byte, error) {
		if limit > 0 {
			t.Errorf("%q is read", name)
		}
		return read(name, limit)
	}
	c, err := NewCheck(s)
	if err != nil {
		t.Fatal(err)
	}
	compareFindings(t, c.Findings, slices.Repeat([]string{rules.FileTooLarge}, 5), []string{`"h.py" has 1099511627776 bytes and was not checked`})
}

func TestModelsThatTheManifestDoesNotName(t *testing.T) {
	of := func(a archive, names ...string) Subject {
		s := a.subject(t)
		for _, name := range names {
			s.Entries = append(s.Entries, Entry{Name: name, Size: 1, Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("x")), nil }})
		}
		return s
	}
	named := python(serves)
	named.model = "models/scripted.pt"
	unread := of(python(serves), "encoder.pt")
	unread.ManifestUnread = true
	for _, test := range []struct {
		subject    Subject
		want, says []string
	}{
		{of(python(serves), "h.py", "source_vocab.pt", "encoder.pt", "weights/decoder.onnx"),
			[]string{rules.ModelUnnamed}, []string{`"encoder.pt", "weights/decoder.onnx"`, "--serialized-file"}},
		{of(python(serves), "h.py", "adapter_model.bin", "spm.bin", "w.safetensors"), []string{rules.ModelUnnamed}, []string{`holds "adapter_model.bin", "w.safetensors", and`}},
		{of(named, "h.py", "scripted.pt", "other.pt"), []string{rules.ModelUnnamed}, []string{`holds "other.pt" beside its serialized file "scripted.pt"`}},
		{of(named, "h.py", "scripted.pt"), nil, nil},
		{unread, nil, nil},
	} {
		c, err := NewCheck(test.subject)
		if err != nil {
			t.Fatal(err)
		}
		compareFindings(t, c.Findings, test.want, test.says)
	}
}

// The note that nothing is load-tested says no more than what is known.
func TestWhyThereIsNoModel(t *testing.T) {
	given := python(serves).subject(t)
	absent := python(serves).subject(t)
	absent.Manifest.Model.SerializedFile = "m.pt"
	unread := python(serves).subject(t)
	unread.ManifestUnread = true
	for says, s := range map[string]Subject{"no serialized file is given": given, `"m.pt" is not in the archive`: absent, "": unread} {
		c, err := NewCheck(s)
		if err != nil {
			t.Fatal(err)
		}
		var notes []string
		for _, f := range c.Findings {
			if f.Rule == rules.ModelNone {
				notes = append(notes, f.Message)
			}
		}
		if len(notes) == 0 != (says == "") || !strings.Contains(strings.Join(notes, "\n"), says) {
			t.Errorf("%q: %q", says, notes)
		}
	}
}
