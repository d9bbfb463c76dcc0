package loadtest_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
	"go-model-archiver/validate/sample"
)

func models(name string) string { return testtools.Testdata("models", name+".pt") }

// A trace fits some shapes and not others; the finding names the sample, where
// it came from and libtorch's words.
func TestShapesThatDoNotFit(t *testing.T) {
	for name, test := range map[string]struct {
		model   string
		samples []string
		words   []string
	}{
		"longer than the positions of BERT": {models("bert-seq"), []string{"input_ids:int64[1,200]", "attention_mask:int64[1,200]"}, []string{
			`forward of "bert-seq.pt" fails on input_ids int64[1,200], attention_mask int64[1,200] (from --sample): libtorch says "`,
			"asks for 200 where the model has 160", "max_length"}},
		"another length than a Longformer's": {models("longformer-80"), []string{"int64[1,64]", "int64[1,64]"}, []string{
			"int64[1,64]", `libtorch says "setStorage`, "baked into the model by tracing", "too short"}},
		"token ids beyond the vocabulary": {models("bert-seq"), []string{"input_ids:int64[1,9]=randint(100000,100009)", "int64[1,9]"}, []string{
			"index out of range in self", "vocabulary"}},
		"a BART without its end token": {models("bart-seq"), []string{"int64[2,16]=ones", "int64[2,16]=ones"}, []string{
			`libtorch says "select(): index -1 out of range`, "the token that ends a text"}},
		"floats for token ids":         {models("bert-seq"), []string{"float32[1,9]=ones", "int64[1,9]"}, []string{"dtype does not fit"}},
		"too few channels":             {models("conv"), []string{"float32[1,1,224,224]"}, []string{"wants 3 channels and the sample gives 1"}},
		"another width than a layer's": {models("scripted"), []string{"float32[2,7]"}, []string{"leads to 2x7 where a layer's weights are"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, findings := loadTest(t, test.model, test.samples)
			if len(findings) != 1 || findings[0].Rule != rules.ForwardFailed || result.Stage != protocol.StageForward {
				t.Fatalf("stage %s, findings %v", result.Stage, findings)
			}
			said := findings[0].Message + "\n" + findings[0].Hint
			for _, words := range test.words {
				if !strings.Contains(said, words) {
					t.Errorf("%s\nlacks %q\n%s", said, words, result.Error)
				}
			}
		})
	}
}

func TestWithoutASampleTheModelIsOnlyLoaded(t *testing.T) {
	t.Parallel()
	result, findings := loadTest(t, models("scripted"), nil)
	if len(findings) != 1 || findings[0].Rule != rules.NoSample || findings[0].Severity != rules.Warning {
		t.Fatalf("findings %v", findings)
	}
	if result.Stage != protocol.StageLoad || result.Libtorch == "" || result.LoadSeconds <= 0 {
		t.Errorf("%+v", result)
	}
}

func TestSamplesThatDoNotFitForward(t *testing.T) {
	t.Parallel()
	gone := filepath.Join(t.TempDir(), "gone.npy")
	for _, test := range []struct {
		sample func([]protocol.Argument) (*sample.Sample, error)
		words  string
	}{
		{func([]protocol.Argument) (*sample.Sample, error) { return nil, errors.New("no such thing") }, "no such thing"},
		{func(args []protocol.Argument) (*sample.Sample, error) { return deleted(t, gone, args) }, "gone.npy"},
	} {
		result, findings := loadTest(t, models("scripted"), nil, func(c *loadtest.Config) { c.Sample = test.sample })
		if len(findings) != 1 || findings[0].Rule != rules.SampleMismatch || !strings.Contains(findings[0].Message, test.words) {
			t.Errorf("findings %v, want %q", findings, test.words)
		}
		if result.Stage != protocol.StageShape {
			t.Errorf("ended in stage %s", result.Stage)
		}
	}
}

// deleted is a sample whose file is gone when its bytes are sent.
func deleted(t *testing.T, path string, args []protocol.Argument) (*sample.Sample, error) {
	content, err := os.ReadFile(testtools.Testdata("models", "npy-sample.npy"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
	spec, err := sample.Parse("@" + path)
	if err != nil {
		t.Fatal(err)
	}
	s, err := sample.Build([]sample.Spec{spec}, args, sample.Settings{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return s, os.Remove(path)
}

func TestTheResultSaysWhatWasGiven(t *testing.T) {
	t.Parallel()
	result, findings := loadTest(t, models("bert-seq"), []string{"input_ids:int64[1,9]", "attention_mask:int64[1,9]"})
	if len(findings) != 0 {
		t.Fatalf("findings %v", findings)
	}
	if in := result.Inputs[1]; len(result.Inputs) != 2 || in.Name != "attention_mask" || in.DType != "int64" || len(in.Shape) != 2 ||
		in.Shape[1] != 9 || in.Sample != "attention_mask:int64[1,9]=ones" || in.Source != "--sample" {
		t.Errorf("inputs %+v", result.Inputs)
	}
	if result.LoadSeconds <= 0 || result.ForwardSeconds <= 0 {
		t.Errorf("%+v", result)
	}
}

// The bytes that are tested are those behind the descriptor, whatever the name
// stands for by now.
func TestTheDescriptorIsLoadedAndNotTheName(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "model.pt")
	content, err := os.ReadFile(models("scripted"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	result, findings := loadTest(t, path, []string{"float32[2,8]=ones"}, func(c *loadtest.Config) {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Model.Seek(7, 0); err != nil { // where the archiver reads just now
			t.Fatal(err)
		}
	})
	if result.Stage != protocol.StageDone {
		t.Errorf("stage %s, findings %v", result.Stage, findings)
	}
}

// Without the parent-death signal the hang-up of stdin has to do.
func TestClosingStdinEndsAWorkerInsideForward(t *testing.T) {
	worker := exec.Command(worker(t))
	stdin, err := worker.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := worker.Start(); err != nil {
		t.Fatal(err)
	}
	load := protocol.Request{Load: &protocol.Load{Path: testtools.Testdata("failing", "forever.pt")}}
	tensor := protocol.Value{Kind: protocol.Tensor, DType: "float32", Shape: []int64{1}}
	forward := protocol.Request{Forward: &protocol.Forward{Inputs: []protocol.Value{tensor}}}
	if err := errors.Join(protocol.Write(stdin, load), protocol.Write(stdin, forward)); err != nil {
		t.Fatal(err)
	}
	if _, err := stdin.Write(make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- worker.Wait() }()
	select {
	case err := <-ended:
		t.Fatalf("ended by itself: %v", err)
	case <-time.After(3 * time.Second): // now it is inside forward
	}
	_ = stdin.Close()
	select {
	case <-ended:
	case <-time.After(5 * time.Second):
		_ = worker.Process.Kill()
		t.Error("still runs five seconds later")
	}
}
