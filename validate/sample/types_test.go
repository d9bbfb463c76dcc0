package sample

import (
	"strings"
	"testing"
)

func TestTypesAreRead(t *testing.T) {
	for text, want := range map[string]string{
		"Tensor":                              "Tensor",
		" Dict[ str ,Tensor ] ":               "Dict[str, Tensor]",
		"Optional[List[Dict[str, Tensor]]]":   "Optional[List[Dict[str, Tensor]]]",
		"__torch__.torch.nn.Linear":           "__torch__.torch.nn.Linear",
		"List[Tuple[int, Union[str, float]]]": "List[Tuple[int, Union[str, float]]]",
	} {
		got := parseType(text)
		if got.String() != want || strings.Contains(text, "[") != (len(got.args) > 0) {
			t.Errorf("parseType(%q) = %v", text, got)
		}
	}
}

func TestTypesThatCannotBeReadAreUnknown(t *testing.T) {
	for _, text := range []string{
		"", "List[", "List[]", "List[int", "List[int]]", "List[int,]", "[int]", "Tuple[()]", "int[]?", "Dict(str, Tensor)",
		strings.Repeat("List[", 20) + "int" + strings.Repeat("]", 20), "List[" + strings.Repeat("a", 5000) + "]",
	} {
		got := parseType(text)
		if got.name != text || got.args != nil {
			t.Errorf("parseType(%q) = %+v", clip(text, 40), got)
		}
		if reason := got.check(parseAll(t, "[int=1]")[0].value, "x"); reason != "" {
			t.Errorf("%q: %s", clip(text, 40), reason)
		}
	}
}

func TestTheNamesThatTracingGivesAreTrimmed(t *testing.T) {
	for name, want := range map[string]string{
		"input.1": "input", "input.12": "input", "x": "x", "x1": "x1", "argument_1": "argument_1",
		"a.b": "a.b", "a.1b": "a.1b", "a.": "a.", ".1": ".1", "x.1.2": "x.1",
	} {
		if got := baseName(name); got != want {
			t.Errorf("baseName(%q) = %q, want %q", name, got, want)
		}
	}
}
