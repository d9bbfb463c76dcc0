package archiver

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"go-model-archiver/manifest"
)

// inTree makes files in a new folder and works there. A name that ends in "/"
// is a folder; content that starts with "-> " makes a symbolic link.
func inTree(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		target, isLink := strings.CutPrefix(content, "-> ")
		dir := filepath.Dir(name)
		if strings.HasSuffix(name, "/") {
			dir = name
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch {
		case strings.HasSuffix(name, "/"):
		case isLink:
			err = os.Symlink(target, name)
		default:
			err = os.WriteFile(name, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// packing is a spec that needs no file, for tests to add to.
func packing(change func(*Spec)) Spec {
	s := Spec{ModelName: "m", Version: "1.0", Handler: "base_handler"}
	change(&s)
	return s
}

func mustPlan(t *testing.T, s Spec) *Plan {
	t.Helper()
	p, err := NewPlan(t.Context(), s)
	if err != nil {
		t.Fatalf("NewPlan: %v", err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// mustFail returns the error of a plan that is not to be had.
func mustFail(t *testing.T, s Spec) error {
	t.Helper()
	p, err := NewPlan(t.Context(), s)
	if err == nil {
		p.Close()
		t.Fatalf("NewPlan gave %q and no error", entryNames(p))
	}
	return err
}

// entryNames are the names in archive order, without the manifest's.
func entryNames(p *Plan) []string {
	names := []string{}
	for _, e := range p.Entries[:len(p.Entries)-1] {
		names = append(names, e.Name)
	}
	return names
}

func wantNames(t *testing.T, p *Plan, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), entryNames(p)); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func wantInError(t *testing.T, err error, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
}

// wantNotes wants exactly these notes, each as "kind: part of the message".
func wantNotes(t *testing.T, p *Plan, want ...string) {
	t.Helper()
	ok := len(p.Notes) == len(want)
	for i := 0; ok && i < len(want); i++ {
		kind, part, _ := strings.Cut(want[i], ": ")
		ok = string(p.Notes[i].Kind) == kind && strings.Contains(p.Notes[i].Message, part)
	}
	if !ok {
		t.Errorf("notes are %q, want %q", p.Notes, want)
	}
}

func TestEverythingOfASpecIsPlanned(t *testing.T) {
	inTree(t, map[string]string{
		"w/traced.pt": "weights", "my_handler.py": "def handle(): pass", "arch.py": "class Net: pass",
		"req.txt": "numpy", "conf/model.yaml": "batchSize: 1", "b.json": "{}", "a.json": "[]", "out/": "",
	})
	before := time.Now().Truncate(time.Second)
	p := mustPlan(t, Spec{
		ModelName: "bert", Version: "2.1", Handler: "./my_handler.py:run", SerializedFile: "w/traced.pt",
		ModelFile: "arch.py", RequirementsFile: "req.txt", ConfigFile: "conf/model.yaml", ExtraFiles: "b.json,a.json",
		ExportPath: "out",
	})
	wantNames(t, p, "model.yaml", "my_handler.py", "arch.py", "req.txt", "a.json", "b.json", "traced.pt")
	wantNotes(t, p)
	if p.Destination != "out/bert.mar" {
		t.Errorf("Destination is %q", p.Destination)
	}
	created, err := time.ParseInLocation("02/01/2006 15:04:05", p.Manifest.CreatedOn, time.Local)
	if err != nil || created.Before(before) || time.Since(created) > time.Minute {
		t.Errorf("createdOn is %q, %v", p.Manifest.CreatedOn, err)
	}
	want := &manifest.Manifest{
		CreatedOn: p.Manifest.CreatedOn, Runtime: "python", ArchiverVersion: "0.12.0",
		Model: &manifest.Model{
			ModelName: "bert", SerializedFile: "traced.pt", Handler: "my_handler.py:run", ModelFile: "arch.py",
			ModelVersion: "2.1", RequirementsFile: "req.txt", ConfigFile: "model.yaml",
		},
	}
	if diff := cmp.Diff(want, p.Manifest); diff != "" {
		t.Errorf("manifest (-want +got):\n%s", diff)
	}
}

func TestTheManifestIsTheLastEntry(t *testing.T) {
	inTree(t, nil)
	p := mustPlan(t, packing(func(*Spec) {}))
	last := p.Entries[len(p.Entries)-1]
	encoded, err := p.Manifest.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if last.Name != "MAR-INF/MANIFEST.json" || last.Role != RoleManifest || last.Size != int64(len(encoded)) {
		t.Errorf("the last entry is %+v", last)
	}
	got, err := p.ReadEntry(manifest.Path, manifest.MaxSize)
	if err != nil || string(got) != string(encoded) {
		t.Errorf("its content is %q, %v; want %q", got, err, encoded)
	}
}

func TestDestinationFollowsTheFormat(t *testing.T) {
	inTree(t, map[string]string{"out/": ""})
	for format, want := range map[Format]string{
		"": "out/m.mar", Default: "out/m.mar", ZipStore: "out/m.mar", TGZ: "out/m.tar.gz", NoArchive: "out/m",
	} {
		p := mustPlan(t, packing(func(s *Spec) { s.Format, s.ExportPath = format, "out/" }))
		if p.Destination != want {
			t.Errorf("%s: %q, want %q", format, p.Destination, want)
		}
	}
}

func TestSourcesAreLookedAtAndNotReadOrOpened(t *testing.T) {
	inTree(t, map[string]string{"m.pt": "weights", "a.txt": "a"})
	if err := os.Chmod("a.txt", 0o755); err != nil {
		t.Fatal(err)
	}
	old := time.Date(1999, 2, 3, 4, 5, 6, 7, time.UTC)
	if err := os.Chtimes("a.txt", old, old); err != nil {
		t.Fatal(err)
	}
	p := mustPlan(t, packing(func(s *Spec) { s.SerializedFile, s.ExtraFiles = "m.pt", "a.txt" }))
	a := p.Entry("a.txt")
	if a.Size != 1 || a.Mode != 0o755 || !a.ModTime.Equal(old) || a.File() != nil || a.Source != "a.txt" {
		t.Errorf("a.txt is planned as %+v", a)
	}
	if p.Serialized().File() == nil {
		t.Error("the serialized file is not kept open")
	}
}

func TestTheSerializedFileIsTheOneThatWasPlannedEvenWhenItIsReplaced(t *testing.T) {
	inTree(t, map[string]string{"m.pt": "weights", "new.pt": "WEIGHTS"})
	p := mustPlan(t, packing(func(s *Spec) { s.SerializedFile = "m.pt" }))
	if err := os.Rename("new.pt", "m.pt"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 7)
	if _, err := p.Serialized().File().ReadAt(got, 0); err != nil || string(got) != "weights" {
		t.Errorf("read %q, %v", got, err)
	}
}

func TestAReproduciblePlanDependsOnNothingButTheEpochAndTheBytes(t *testing.T) {
	inTree(t, map[string]string{"m.pt": "weights", "run.sh": "#!/bin/sh", "a.txt": "a"})
	for name, mode := range map[string]fs.FileMode{"m.pt": 0o600, "run.sh": 0o711, "a.txt": 0o674} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	epoch := time.Date(2024, 1, 2, 23, 4, 5, 0, time.FixedZone("", 3*3600))
	p := mustPlan(t, packing(func(s *Spec) { s.SerializedFile, s.ExtraFiles, s.Epoch = "m.pt", "a.txt,run.sh", &epoch }))
	for _, e := range p.Entries {
		want := fs.FileMode(0o644)
		if e.Name == "run.sh" {
			want = 0o755
		}
		if e.Mode != want || !e.ModTime.Equal(epoch) {
			t.Errorf("%s has mode %v and time %v", e.Name, e.Mode, e.ModTime)
		}
	}
	if p.Manifest.CreatedOn != "02/01/2024 20:04:05" {
		t.Errorf("createdOn is %q, want it in UTC", p.Manifest.CreatedOn)
	}
}

func TestACancelledPlanIsNone(t *testing.T) {
	inTree(t, map[string]string{"a.txt": "a"})
	ctx, cancel := contextCancelled(t)
	defer cancel()
	_, err := NewPlan(ctx, packing(func(s *Spec) { s.ExtraFiles = "a.txt" }))
	if err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("error is %v", err)
	}
}
