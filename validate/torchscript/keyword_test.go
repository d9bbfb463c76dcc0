package torchscript

import (
	"slices"
	"strings"
	"testing"
)

func TestCodeTellsArgumentsByName(t *testing.T) {
	code := `class M(Module):
  def forward(self: __torch__.M,
    x: Tensor, n: int=3) -> Tensor:
    a = torch.add(x, torch.sum((x), [1], dtype=6), alpha=2)
    b = ops.quantized.conv(a, scale=torch.item(a == x),
      "name=torch.mul(", bias =None)
    c = __torch__.helper(a, other=b)
    c.field=1
    return torch.gelu(c, approximate=` + "'tanh'" + `)
`
	deep := "    " + strings.Repeat("torch.neg(", maxCalls+5) + "x, hidden=1" + strings.Repeat(")", maxCalls+5) + "\n    torch.mul(x, shown=1)\n)))\n"
	m, err := openBytes(codeFile(t, code+deep))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{
		"aten::add(alpha)", "aten::gelu(approximate)", "aten::mul(shown)", "aten::sum(dtype)", "quantized::conv(scale)",
	}; !slices.Equal(m.Keywords, want) {
		t.Errorf("keywords %q, want %q", m.Keywords, want)
	}
}
