package container_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/manifest"
	"go-model-archiver/validate/rules"
)

// folderOf makes a folder of files and links by name: a text that starts with
// "-> " is a link's target, and a name that ends in "/" an empty folder.
func folderOf(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		switch target, link := strings.CutPrefix(text, "-> "); {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case link:
			err = os.Symlink(target, path)
		default:
			err = os.WriteFile(path, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// TorchServe 0.12's own Java classes were given such folders.
func TestFoldersAreReadAsTheServerReadsThem(t *testing.T) {
	for name, test := range map[string]struct {
		files   map[string]string
		entries []string
		want    []string
	}{
		"a model":                     {map[string]string{manifest.Path: goodManifest, "h.py": "x"}, []string{manifest.Path, "h.py"}, nil},
		"MAR-INF alone":               {map[string]string{manifest.Path: goodManifest}, []string{manifest.Path}, []string{rules.FolderManifestAlone}},
		"MAR-INF and an empty folder": {map[string]string{manifest.Path: goodManifest, "empty/": ""}, []string{manifest.Path}, nil},
		"a folder in a folder":        {map[string]string{"m/" + manifest.Path: goodManifest, "m/h.py": "x"}, []string{manifest.Path, "h.py"}, nil},
		"no manifest":                 {map[string]string{"h.py": "x"}, []string{"h.py"}, []string{rules.ManifestMissing}},
		"links": {map[string]string{"m/" + manifest.Path: goodManifest, "m/h.py": "-> ../real/h.py", "m/sub": "-> ../real", "m/loop": "-> .", "m/gone": "-> nowhere", "m/self": "-> self",
			"real/h.py": "x", "real/up": "-> ../m"}, []string{manifest.Path, "h.py", "sub/h.py"}, []string{rules.ArchiveEntryKind}},
	} {
		root := folderOf(t, test.files)
		if name == "links" {
			root = filepath.Join(root, "link")
			if err := os.Symlink("m", root); err != nil {
				t.Fatal(err)
			}
		}
		box := opened(t, root)
		in, err := box.Inspect(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var entries, found []string
		for _, e := range in.Entries {
			entries = append(entries, e.Name)
		}
		for _, f := range box.Findings {
			found = append(found, f.Rule)
		}
		slices.Sort(entries)
		if !slices.Equal(entries, test.entries) || !slices.Equal(found, test.want) {
			t.Errorf("%s: holds %q, want %q; found %v, want %q", name, entries, test.entries, box.Findings, test.want)
		}
	}
}
