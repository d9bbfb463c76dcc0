package torchserve

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go-model-archiver/archiver"
	"go-model-archiver/internal/testtools"
)

// tolerance is how far a prediction may be from PyTorch's own number.
const tolerance = 1e-4

// archive runs go-model-archiver, load test included, in folder.
func archive(t *testing.T, folder string, args ...string) {
	t.Helper()
	testtools.Worker(t)
	cmd := exec.Command(testtools.Main(t), args...)
	cmd.Dir = folder
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go-model-archiver %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

// values decodes what PyTorch computed into want.
func values(t *testing.T, model testtools.Model, path string, want any) {
	t.Helper()
	if err := json.Unmarshal(model.Values[path], want); err != nil {
		t.Fatalf("%s.json, values of %s: %v", model.Name, path, err)
	}
}

func compare(t *testing.T, got, want []float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("TorchServe predicts %v, PyTorch %v", got, want)
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > tolerance {
			t.Errorf("TorchServe predicts %v, PyTorch %v", got, want)
			return
		}
	}
}

// sampleIDs are the token ids on which testdata's BERT was run.
func sampleIDs() []int {
	ids := make([]int, 150)
	for i := range ids {
		ids[i] = i % 4
	}
	return ids
}

// table makes a file of several of the deflater's blocks, whose archive has our
// index of them.
func table(t *testing.T) string {
	t.Helper()
	content := make([]byte, 3<<20)
	rng := rand.NewChaCha8([32]byte{})
	_, _ = rng.Read(content)
	path := filepath.Join(t.TempDir(), "table.bin")
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// hasIndex looks for the magic of the index (docs/format.md).
func hasIndex(t *testing.T, path string) bool {
	t.Helper()
	if info, err := os.Stat(path); err != nil || info.IsDir() {
		return false
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Contains(content, []byte("gma1"))
}

func TestTracedBERT(t *testing.T) {
	const setup, config = "./setup_config.json", "model-config.yaml"
	labels := "./Seq_classification_artifacts/index_to_name.json," + table(t)
	type testCase struct {
		name, file string
		format     archiver.Format
		flags      []string
	}
	cases := []testCase{{
		name: "config_file", file: "config_file.mar", format: archiver.Default,
		flags: []string{"--config-file", config, "--extra-files", labels},
	}}
	for _, format := range archiver.Formats() {
		name := strings.ReplaceAll(string(format), "-", "_")
		cases = append(cases, testCase{
			name: name, file: name + format.Extension(), format: format,
			flags: []string{"--extra-files", setup + "," + labels},
		})
	}

	var want [][]float64
	values(t, testtools.OneModel(t, "bert-seq"), "output[0]", &want)
	server := start(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			archive(t, testtools.Testdata("transformers"), append([]string{
				"--model-name", c.name, "--version", "1.0", "--export-path", server.store,
				"--archive-format", string(c.format), "--handler", "./Transformer_handler_generalized.py",
				"--serialized-file", "Transformer_model/traced_model.pt"}, c.flags...)...)
			indexed := hasIndex(t, filepath.Join(server.store, c.file))
			if want := c.format == archiver.Default; indexed != want {
				t.Errorf("the archive has an index of its blocks: %v, want %v", indexed, want)
			}
			server.register(t, c.file)
			var answer struct {
				Label  string
				Logits []float64
			}
			server.predict(t, c.name, map[string]any{"input_ids": sampleIDs()}, &answer)
			compare(t, answer.Logits, want[0])
			if answer.Label != "accepted" {
				t.Errorf("label is %q, want the second of index_to_name.json", answer.Label)
			}
			server.unregister(t, c.name)
		})
	}
}

func TestBuiltInHandler(t *testing.T) {
	model := testtools.OneModel(t, "scripted")
	var want [][]float64
	values(t, model, "output", &want)

	// The envelope gives base_handler the request's body, a list of numbers.
	server := start(t, "service_envelope=body")
	archive(t, t.TempDir(), "--model-name", "mlp", "--version", "2.0", "--export-path", server.store,
		"--handler", "base_handler", "--serialized-file", model.Path, "--sample", model.Sample[0])
	server.register(t, "mlp.mar")
	for i, row := range want {
		input := make([]json.Number, 8)
		for j := range input {
			// With a decimal point: base_handler takes the dtype from the JSON.
			input[j] = json.Number(strconv.Itoa(i*8+j) + ".0")
		}
		var answer []float64
		server.predict(t, "mlp", input, &answer)
		compare(t, answer, row)
	}
}
