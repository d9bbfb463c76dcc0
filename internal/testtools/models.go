package testtools

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go-model-archiver/validate/loadtest/protocol"
)

// Model is one of testdata/models: a TorchScript file that runs, and what
// PyTorch said about it. testdata/README.md describes the fields.
type Model struct {
	Name      string // the file's name without .pt
	Path      string
	MadeBy    string              `json:"made_by"`
	Sample    []string            `json:"sample"` // one --sample per argument
	Arguments []protocol.Argument `json:"arguments"`
	Returns   string              `json:"returns"`
	Outputs   []protocol.Output   `json:"outputs"`
	// Values holds the small outputs, by path, as nested lists of numbers.
	Values map[string]json.RawMessage `json:"values"`
}

// FailingModel is one of testdata/failing: a TorchScript file that libtorch
// 1.13 can't load or run.
type FailingModel struct {
	Name     string
	Path     string
	MadeBy   string         `json:"made_by"`
	Sample   []string       `json:"sample"`
	Stage    protocol.Stage `json:"stage"` // load or forward
	EndsWith string         `json:"ends_with"`
}

// Models returns every model of testdata/models.
func Models(t testing.TB) []Model {
	t.Helper()
	return described(t, "models", func(m *Model, name, path string) { m.Name, m.Path = name, path })
}

// OneModel returns the model of testdata/models with that name.
func OneModel(t testing.TB, name string) Model {
	t.Helper()
	for _, m := range Models(t) {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("testdata/models has no %s.pt", name)
	return Model{}
}

// FailingModels returns every model of testdata/failing.
func FailingModels(t testing.TB) []FailingModel {
	t.Helper()
	return described(t, "failing", func(m *FailingModel, name, path string) { m.Name, m.Path = name, path })
}

func described[T any](t testing.TB, folder string, set func(m *T, name, path string)) []T {
	t.Helper()
	paths, err := filepath.Glob(Testdata(folder, "*.pt"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("testdata/%s holds no models (%v)", folder, err)
	}
	all := make([]T, len(paths))
	for i, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".pt")
		content, err := os.ReadFile(strings.TrimSuffix(path, ".pt") + ".json")
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(content, &all[i]); err != nil {
			t.Fatalf("%s.json: %v", name, err)
		}
		set(&all[i], name, path)
	}
	return all
}
