package validate

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

func TestModelWithoutForward(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "make.py")
	path := filepath.Join(dir, "model.pt")
	err := os.WriteFile(script, []byte(`
import sys, torch
class Encoder(torch.nn.Module):
    @torch.jit.export
    def encode(self, x: torch.Tensor):
        return x + 1
torch.jit.script(Encoder().eval()).save(sys.argv[1])
`), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(testtools.Python(t), script, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	c, err := NewCheck(python(serves).modelled(twoArguments).subject(t).of(t, path))
	if err != nil {
		t.Fatal(err)
	}
	compareFindings(t, c.Findings, nil, nil)
	result, findings := c.LoadTest(context.Background(), LoadTestOptions{Timeout: time.Minute, Worker: testtools.Worker(t)})
	compareFindings(t, findings, []string{rules.NoForward}, nil)
	compareFindings(t, c.OutputFindings(result), nil, nil)
	if result.Stage != protocol.StageLoad {
		t.Errorf("stage %q, want %q", result.Stage, protocol.StageLoad)
	}
}

// What a load test really gives is what the checks of outputs get.
func TestLabelsOfARealModel(t *testing.T) {
	for labels, want := range map[int][]string{10: nil, 9: {rules.LabelsMissing}, 11: {rules.LabelsCount}} {
		c := labelled("image_classifier", count(0, labels)).check(t)
		result, findings := c.LoadTest(context.Background(), LoadTestOptions{Timeout: time.Minute, Worker: testtools.Worker(t)})
		compareFindings(t, findings, nil, nil)
		compareFindings(t, c.OutputFindings(result), want, nil)
	}
}

// libtorch only says that an index is out of range.
func TestTokenThatTheModelDoesNotKnow(t *testing.T) {
	ids, err := sample.Parse("input_ids:int64[1,8]=randint(70000,70001)")
	if err != nil {
		t.Fatal(err)
	}
	c := python(serves).modelled("models/bert-seq.pt").check(t)
	o := LoadTestOptions{Timeout: time.Minute, Worker: testtools.Worker(t), Samples: []sample.Spec{ids}}
	_, findings := c.LoadTest(context.Background(), o)
	compareFindings(t, findings, []string{rules.SampleMismatch}, nil)

	mask, err := sample.Parse("attention_mask:int64[1,8]=ones")
	if err != nil {
		t.Fatal(err)
	}
	o.Samples = append(o.Samples, mask)
	_, findings = c.LoadTest(context.Background(), o)
	compareFindings(t, findings, []string{rules.ForwardFailed}, []string{"input_ids holds 70000", `word_embeddings.weight" has`})
}

// A sample that is no longer than the positions fails by its numbers.
func TestIndexThatNoLengthExplains(t *testing.T) {
	dir := t.TempDir()
	script, path := filepath.Join(dir, "make.py"), filepath.Join(dir, "model.pt")
	err := os.WriteFile(script, []byte(`
import sys, torch
class Typed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.word_embeddings = torch.nn.Embedding(50, 4)
        self.position_embeddings = torch.nn.Embedding(16, 4)
        self.kinds = torch.nn.Embedding(2, 4)
    def forward(self, input_ids: torch.Tensor, kinds: torch.Tensor):
        return self.word_embeddings(input_ids) + self.kinds(kinds) + self.position_embeddings(torch.arange(input_ids.size(1)))
torch.jit.script(Typed().eval()).save(sys.argv[1])
`), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(testtools.Python(t), script, path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for text, want := range map[string]string{
		"int64[1,8]":  "the largest are input_ids 3, kinds 3, and its 16 positions are enough",
		"int64[1,17]": "lower max_length to the model's positions",
	} {
		spec, err := sample.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		c, err := NewCheck(python(serves).modelled(twoArguments).subject(t).of(t, path))
		if err != nil {
			t.Fatal(err)
		}
		_, findings := c.LoadTest(context.Background(), LoadTestOptions{Timeout: time.Minute, Worker: testtools.Worker(t), Samples: []sample.Spec{spec, spec}})
		compareFindings(t, findings, []string{rules.ForwardFailed}, []string{want})
	}
}

func TestQuantizedModelsAreTold(t *testing.T) {
	for name, want := range map[string]bool{"quantized": true, "bert-seq": false} {
		if p := checkOf(t, testtools.Testdata("models", name+".pt")).probe(); p.Quantized != want {
			t.Errorf("%s: quantized is %t, want %t", name, p.Quantized, want)
		}
	}
}
