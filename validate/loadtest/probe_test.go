package loadtest_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go-model-archiver/validate/loadtest"
	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

// shapedModels are traces that took one thing or another as a constant, and
// scripts that misbehave at other shapes than the sample's.
const shapedModels = `
import torch
from torch import nn, Tensor

class Text(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.tokens, self.positions = nn.Embedding(50, 8), nn.Embedding(64, 8)

class MaskedMean(Text):
    def forward(self, input_ids, attention_mask):
        m = attention_mask.unsqueeze(2)
        return (self.tokens(input_ids) * m).sum(1) / m.sum(1)

class PerToken(Text):
    def forward(self, input_ids, attention_mask):
        x = self.tokens(input_ids) * attention_mask.unsqueeze(2)
        return x, x @ x.transpose(1, 2)

class ConstantMean(Text):
    def forward(self, input_ids, attention_mask):
        n = len(input_ids[0])
        return self.tokens(input_ids).sum(1) / n + attention_mask.sum(1, keepdim=True) * 0

class ConstantPositions(Text):
    def forward(self, input_ids, attention_mask):
        n = int(input_ids.shape[1])
        x = (self.tokens(input_ids) + self.positions(torch.arange(n))) * attention_mask.unsqueeze(2)
        return x.sum(1)

class LastToken(Text):
    def forward(self, input_ids, attention_mask):
        m = attention_mask.unsqueeze(2)
        x = self.tokens(input_ids) * m
        return x[:, -1] + x.sum(1) / m.sum(1)

class PaddingToken(Text):
    def forward(self, input_ids, attention_mask):
        x = self.tokens(input_ids) * attention_mask.unsqueeze(2)
        last = (input_ids != 49).sum(1) - 1
        return x[:, 0] + x[torch.arange(input_ids.size(0)), last]

class CutOff(Text):
    def forward(self, input_ids, attention_mask):
        n = len(input_ids[0])
        x = (self.tokens(input_ids) * attention_mask.unsqueeze(2))[:, :n]
        return x.sum(1) / attention_mask.sum(1, keepdim=True).clamp(max=n)

class FirstToken(Text):
    def forward(self, input_ids, attention_mask):
        return self.tokens(input_ids)[:, 0] * attention_mask[:, :1]

class Largest(Text):
    def forward(self, input_ids, attention_mask):
        return self.tokens(input_ids).masked_fill(attention_mask.unsqueeze(2) == 0, -1e9).amax(1)

class Chance(Text):
    def forward(self, input_ids, attention_mask):
        m = attention_mask.unsqueeze(2)
        return (self.tokens(input_ids) * m).sum(1) / m.sum(1) + torch.rand(1) * 0.01

class Hidden(Text):
    def forward(self, input_ids, mask):
        m = 1 - mask.unsqueeze(2)
        return (self.tokens(input_ids) * m).sum(1) / m.sum(1).clamp(min=1)

class Pair(Text):
    def forward(self, query_ids, query_mask, doc_ids, doc_mask):
        q, d = query_mask.unsqueeze(2), doc_mask.unsqueeze(2)
        return (self.tokens(query_ids) * q).sum(1) / q.sum(1) * (self.tokens(doc_ids) * d).sum(1) / d.sum(1)

class HungryBatch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.zeros(1 << (2 + 17 * x.size(0))).sum()

class ConstantBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.out = nn.Linear(12, 2)
    def forward(self, x):
        return self.out(x.reshape(int(x.shape[0]), -1))

class Picture(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.out = nn.Conv2d(3, 4, 3, 2), nn.Linear(4 * 15 * 15, 2)
    def forward(self, x):
        return self.out(torch.flatten(self.conv(x), 1))

class OnlyOne(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while x.size(0) > 1:
            x = x + 0
        return x

class CrashesOnTwo(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.size(0) > 1:
            lengths = torch.full([1], 1 << 40, dtype=torch.int64)
            return torch.segment_reduce(x, "sum", lengths=lengths, unsafe=True)
        return x

class Two(nn.Module):
    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return a.sum() + b.sum()

ids, mask = torch.arange(40).reshape(1, 40) % 4, torch.ones(1, 40, dtype=torch.int64)
for model in (MaskedMean(), PerToken(), ConstantMean(), ConstantPositions(), LastToken(), PaddingToken(), CutOff(), FirstToken(), Largest(), Chance()):
    torch.jit.trace(model.eval(), (ids, mask), check_trace=False).save(type(model).__name__ + ".pt")
torch.jit.trace(Hidden(), (ids, mask * 0)).save("Hidden.pt")
torch.jit.trace(Pair(), (ids, mask, ids[:, :30], mask[:, :30])).save("Pair.pt")
torch.jit.trace(ConstantBatch(), torch.ones(1, 3, 4)).save("ConstantBatch.pt")
torch.jit.trace(Picture(), torch.ones(1, 3, 32, 32)).save("Picture.pt")
for model in (OnlyOne(), CrashesOnTwo(), Two(), HungryBatch()):
    torch.jit.script(model).save(type(model).__name__ + ".pt")
`

func shaped(t *testing.T) string { return made(t, shapedModels) }

// shapeTexts writes each input as "x: batch free (2), height fixed (24 40)".
func shapeTexts(s *loadtest.Shapes) string {
	var inputs []string
	for _, in := range s.Inputs {
		var dims []string
		for _, d := range in.Dimensions {
			tried := strings.Trim(fmt.Sprint(d.Ran), "[]")
			if len(d.Failed) > 0 {
				tried += " not " + strings.Trim(fmt.Sprint(d.Failed), "[]")
			}
			dims = append(dims, fmt.Sprintf("%s %d %s (%s)", d.Name, d.Size, d.State, strings.TrimSpace(tried)))
		}
		inputs = append(inputs, in.Name+": "+strings.Join(dims, ", "))
	}
	return strings.Join(inputs, "; ")
}

func TestOtherShapesAreTried(t *testing.T) {
	dir := shaped(t)
	own := func(name string) string { return filepath.Join(dir, name+".pt") }
	text := func(n int) []string {
		return []string{fmt.Sprintf("input_ids:int64[1,%d]", n), fmt.Sprintf("attention_mask:int64[1,%d]", n)}
	}
	both := func(dims string) string { return "input_ids: " + dims + "; attention_mask: " + dims }
	for _, test := range []struct {
		model  string
		sample []string
		probe  loadtest.Probe
		want   string
		rule   string
	}{
		{models("bert-seq"), text(150), loadtest.Probe{Positions: 160}, both("batch 1 free (2), length 150 free (16 158)"), ""},
		{models("bert-seq"), text(150), loadtest.Probe{}, both("batch 1 free (2), length 150 free (16 158)"), ""},
		{models("bert-seq"), text(156), loadtest.Probe{}, both("batch 1 free (2), length 156 partly (16 not 164)"), ""},
		{models("bert-seq"), text(160), loadtest.Probe{Positions: 160, Batch: 4}, both("batch 1 free (4), length 160 free (16)"), ""},
		{models("bert-seq"), []string{"int64[4,20]", "int64[4,20]"}, loadtest.Probe{Positions: 160}, both("batch 4 free (1 2), length 20 free (10 28)"), ""},
		{models("roberta-seq"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{models("distilbert-seq"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{models("bert-token"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{models("bert-seq-ids-only"), []string{"int64[1,40]"}, loadtest.Probe{}, "input_ids: batch 1 free (2), length 40 free (16 48)", ""},
		{models("longformer-80"), text(80), loadtest.Probe{}, both("batch 1 fixed (not 2), length 80 fixed (not 16 40 88)"), ""},
		{models("longformer-80"), text(80), loadtest.Probe{Batch: 8, BatchSource: "batchSize in \"c.yaml\""},
			both("batch 1 fixed (not 8), length 80 fixed (not 16 40 88)"), rules.BatchFails},
		{models("conv"), []string{"float32[1,3,224,224]"}, loadtest.Probe{},
			"x: batch 1 free (2), channels 3 fixed (not 4), height 224 free (192 256), width 224 free (192 256)", ""},
		{own("MaskedMean"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("PerToken"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("ConstantMean"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), rules.PaddingMatters},
		{own("ConstantPositions"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 fixed (not 16 20 48)"), ""},
		{own("LastToken"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("PaddingToken"), text(40), loadtest.Probe{Vocabulary: 50}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("PaddingToken"), text(40), loadtest.Probe{Vocabulary: 30}, both("batch 1 free (2), length 40 free (16 48)"), rules.PaddingMatters},
		{own("ConstantMean"), text(40), loadtest.Probe{Vocabulary: 50}, both("batch 1 free (2), length 40 free (16 48)"), rules.PaddingMatters},
		{own("ConstantMean"), text(40), loadtest.Probe{Quantized: true}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("CutOff"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), rules.TokensIgnored},
		{own("CutOff"), text(40), loadtest.Probe{Quantized: true}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("FirstToken"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("Largest"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("Chance"), text(40), loadtest.Probe{}, both("batch 1 free (2), length 40 free (16 48)"), ""},
		{own("Hidden"), []string{"int64[1,40]", "int64[1,40]=zeros"}, loadtest.Probe{},
			"input_ids: batch 1 free (2), length 40 free (16 48); mask: batch 1 free (2), length 40 free (16 48)", ""},
		{own("Hidden"), []string{"int64[1,40]", "int64[1,40]=ones"}, loadtest.Probe{},
			"input_ids: batch 1 free (2), length 40 free (16 48); mask: batch 1 free (2), length 40 free (16 48)", ""},
		{own("Pair"), []string{"int64[1,40]", "int64[1,40]", "int64[1,30]", "int64[1,30]"}, loadtest.Probe{},
			"query_ids: batch 1 free (2), length 40 free (16 48); query_mask: batch 1 free (2), length 40 free (16 48); " +
				"doc_ids: batch 1 free (2), length 30 free (15 38); doc_mask: batch 1 free (2), length 30 free (15 38)", ""},
		{own("ConstantBatch"), []string{"float32[1,3,4]"}, loadtest.Probe{Batch: 3, BatchSource: `batch_size in "setup_config.json"`},
			"x: batch 1 fixed (not 3), dimension 1 3 fixed (not 2 4), dimension 2 4 fixed (not 2 6)", rules.BatchFails},
		{own("Picture"), []string{"float32[1,3,32,32]"}, loadtest.Probe{},
			"x: batch 1 free (2), channels 3 fixed (not 4), height 32 fixed (not 16 48), width 32 fixed (not 16 48)", ""},
	} {
		t.Run(fmt.Sprintf("%s %s %+v", filepath.Base(test.model), strings.Join(test.sample, " "), test.probe), func(t *testing.T) {
			t.Parallel()
			result, findings := loadTest(t, test.model, test.sample, func(c *loadtest.Config) { c.Probe = &test.probe })
			if result.Stage != protocol.StageDone || result.Shapes == nil {
				t.Fatalf("stage %s, findings %v", result.Stage, findings)
			}
			if got := shapeTexts(result.Shapes); got != test.want || result.Shapes.LeftOut != "" {
				t.Errorf("%s %s\nwant %s", got, result.Shapes.LeftOut, test.want)
			}
			if test.rule == "" && len(findings) > 0 || test.rule != "" && !has(findings, test.rule) || len(findings) > 1 {
				t.Errorf("findings %v, want %q", findings, test.rule)
			}
		})
	}
}

// Whatever happens to the worker while other shapes are tried, the load test
// has passed.
func TestShapesThatHurtTheWorkerAreNoFinding(t *testing.T) {
	dir := shaped(t)
	for _, test := range []struct {
		model   string
		samples []string
		timeout time.Duration
		want    string
		leftOut string
	}{
		{"OnlyOne", []string{"float32[1,6]"}, 20 * time.Second, "x: batch 1 unknown (), dimension 1 6 unknown ()", "the time for trying other shapes was up"},
		{"CrashesOnTwo", []string{"float32[1,6]"}, time.Minute, "x: batch 1 fixed (not 2), dimension 1 6 unknown ()", "the worker ended while it tried another shape"},
		{"Two", []string{"float32[1,6]", "float32[2,6]"}, time.Minute, "", "the inputs have no first dimension in common"},
		{"Two", []string{"float32[]", "float32[]"}, time.Minute, "", "the sample has no tensor with dimensions"},
		{"Two", []string{"float32[0,2]", "float32[0,2]"}, time.Minute, "", "an input is empty"},
		{"Two", []string{"float32[3000,1000]", "float32[3000,1000]"}, time.Minute, "", "the sample is large"},
	} {
		t.Run(test.model+" "+strings.Join(test.samples, " "), func(t *testing.T) {
			t.Parallel()
			result, findings := loadTest(t, filepath.Join(dir, test.model+".pt"), test.samples, func(c *loadtest.Config) {
				c.Probe, c.Timeout = &loadtest.Probe{}, test.timeout
			})
			if result.Stage != protocol.StageDone || len(findings) > 0 {
				t.Fatalf("stage %s, findings %v", result.Stage, findings)
			}
			if got := shapeTexts(result.Shapes); got != test.want || result.Shapes.LeftOut != test.leftOut {
				t.Errorf("%s: %q, want %s: %q", got, result.Shapes.LeftOut, test.want, test.leftOut)
			}
		})
	}
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		result, findings := loadTest(t, filepath.Join(dir, "HungryBatch.pt"), []string{"float32[1,6]"}, func(c *loadtest.Config) {
			c.Probe, c.Memory = &loadtest.Probe{Batch: 2, BatchSource: "batchSize"}, 2<<30
		})
		if result.Stage != protocol.StageDone || len(findings) > 0 {
			t.Fatalf("stage %s, findings %v", result.Stage, findings)
		}
		want := "x: batch 1 unknown (), dimension 1 6 free (4 8)"
		if got := shapeTexts(result.Shapes); got != want || result.Shapes.LeftOut != "a shape needed more memory than the worker may have" {
			t.Errorf("%s: %q, want %s", got, result.Shapes.LeftOut, want)
		}
	})
	t.Run("tensors in a list", func(t *testing.T) {
		t.Parallel()
		path, e := model(t, models("list-input"))
		result, _ := loadTest(t, path, e.Sample, func(c *loadtest.Config) { c.Probe = &loadtest.Probe{} })
		if !strings.Contains(result.Shapes.LeftOut, "lists, tuples and dicts") {
			t.Errorf("%+v", result.Shapes)
		}
	})
}
