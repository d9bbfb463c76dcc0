package cli

import (
	"os"
	"path/filepath"
	"strings"

	"go-model-archiver/manifest"
	"go-model-archiver/validate"
)

// containers lists what a path stands for: itself, the models of a model
// store, or else the model files in a folder.
func containers(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() || hasManifest(path) {
		return []string{path}, err
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, e := range entries {
		if name := filepath.Join(path, e.Name()); inStore(name) {
			found = append(found, name)
		}
	}
	if found == nil {
		found = withoutManifest(path, entries)
	}
	if found == nil {
		return nil, &nothingFound{path: path}
	}
	return found, nil
}

// inStore says that what lies in a model store is a model. TorchServe's
// "--models all" tries every visible folder, also those of logs and the like,
// which are passed over.
func inStore(path string) bool {
	name := filepath.Base(path)
	info, err := os.Stat(path)
	switch {
	case strings.HasPrefix(name, "."):
		return false
	case err != nil || !info.IsDir(): // a link that leads nowhere is told when it is opened
		return strings.HasSuffix(name, ".mar") || strings.HasSuffix(name, ".tar.gz")
	case isModel(path):
		return true
	}
	// TorchServe takes a folder that is alone in another for the model's.
	entries, err := os.ReadDir(path)
	return err == nil && len(entries) == 1 && isModel(filepath.Join(path, entries[0].Name()))
}

// isModel says that a folder has a manifest, or a handler and a model: a server
// that is told the handler loads it without.
func isModel(folder string) bool {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return false
	}
	found := withoutManifest(folder, entries)
	return hasManifest(folder) || len(found) > 0 && found[0] == folder
}

// withoutManifest lists the model files that lie in a folder, behind the folder
// itself where a handler may be in it.
func withoutManifest(folder string, entries []os.DirEntry) []string {
	var found []string
	handler := false
	for _, e := range entries {
		handler = handler || strings.HasSuffix(e.Name(), ".py")
		if validate.NamesModel(e.Name()) && !e.IsDir() {
			found = append(found, filepath.Join(folder, e.Name()))
		}
	}
	if found != nil && handler {
		found = append([]string{folder}, found...)
	}
	return found
}

func hasManifest(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, filepath.FromSlash(manifest.Path)))
	return err == nil
}
