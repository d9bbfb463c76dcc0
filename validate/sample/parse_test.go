package sample

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var diffUnexported = cmp.AllowUnexported(Spec{}, node{}, source{})

func TestTextThatIsNoSampleIsRefusedWhereItGoesWrong(t *testing.T) {
	for _, test := range []struct {
		text     string
		column   int
		expected string
	}{
		{"", 1, "a dtype, int,"},
		{"x:", 3, "a dtype, int,"},
		{":int64[1]", 1, "a dtype, int,"},
		{"x:y:int64[1]", 3, "a dtype (uint8, int8,"},
		{"1x:int64[1]", 1, "a dtype (uint8, int8,"},
		{"flaot32[1]", 1, "a dtype (uint8, int8,"},
		{"FLOAT32[1]", 1, "a dtype (uint8, int8,"},
		{"complex64[1]", 1, "a dtype (uint8, int8,"},
		{"größe:int64[1]", 1, "a dtype (uint8, int8,"},
		{"float32", 8, `"[" and the dimensions after "float32"`},
		{"float32=zeros", 8, `"[" and the dimensions after "float32"`},
		{"bool", 5, `"[" and the dimensions after "bool"`},
		{"float[1]", 6, `"=" and a value after "float" (a tensor's dtype has its size`},
		{"int64[", 7, "a dimension"},
		{"int64[1", 8, `"," or "]"`},
		{"int64[-1]", 7, "a dimension: a whole number of at least 0"},
		{"int64[1.5]", 7, "a dimension"},
		{"int64[9223372036854775808]", 7, "a dimension"},
		{"int64[536870913]", 1, "a tensor of at most 4 GiB"},
		{"int8[4294967296,4294967296]", 1, "a tensor of at most 4 GiB"},
		{"int8[0,4294967297]", 1, "a tensor of at most 4 GiB"},
		{"int8[" + strings.Repeat("1,", 64) + "1]", 134, "at most 64 dimensions"},
		{"int64[1]=", 10, "zeros, ones, arange"},
		{"int64[1]=one", 10, "zeros, ones, arange"},
		{"int64[1]=random", 10, "randint(LOW,HIGH), since random draws floats"},
		{"bool[1]=random", 9, "randint(LOW,HIGH), since random draws floats"},
		{"int64[1]=randint", 17, `"(" after randint`},
		{"int64[1]=randint(1)", 19, `"," and the bound`},
		{"int64[1]=randint(5,5)", 18, "LOW,HIGH where LOW is less than HIGH"},
		{"int8[1]=randint(0,129)", 17, "int8 holds LOW to HIGH-1"},
		{"uint8[1]=randint(-1,5)", 18, "uint8 holds LOW to HIGH-1"},
		{"bool[1]=randint(0,3)", 17, "bool holds LOW to HIGH-1"},
		{"float16[1]=randint(0,2050)", 20, "float16 holds LOW to HIGH-1"},
		{"int64[1]=arange(0)", 17, "N of at least 1"},
		{"int8[1]=arange(129)", 16, "N of at least 1, where int8 holds N-1"},
		{"int64[1]=arange(4", 18, `")"`},
		{"int64[1] int64[1]", 10, "the end of the sample"},
		{"@", 2, "the name of a .npy or .npz file"},
		{`@""`, 2, "the name of a .npy or .npz file"},
		{`@"a\x00b"`, 2, "the name of a .npy or .npz file"},
		{`@"a`, 2, "a string in double quotes"},
		{"@my image.npy", 5, "the end of the sample"},
		{"@a[", 4, "the name of an array in the file"},
		{`@a[""]`, 4, "the name of an array in the file"},
		{"@a[b", 5, `"]"`},
		{"@a[b]c", 6, "the end of the sample"},
		{"[int64[1]", 10, `"," or "]"`},
		{"[int64[1] int64[1]]", 11, `"," or "]"`},
		{"[,]", 2, "a dtype, int,"},
		{"[x:int64[1]]", 2, "a dtype (uint8,"},
		{"(int64[1]", 10, `"," or ")"`},
		{`{"a" int64[1]}`, 6, `":" after the key`},
		{`{a: int64[1]}`, 2, "a key: a string in double quotes, a whole number, float=NUMBER or bool=true"},
		{`{"a": none`, 11, `"," or "}"`},
		{`{"a": none, "a": none}`, 13, `another key than "\"a\""`},
		{`{float=1: none, float=1.0: none}`, 17, `another key than "float=1.0"`},
		{`{bool: none}`, 6, `"=" and a value after "bool"`},
		{`{int=1: none}`, 2, "a key: "},
		{`{1: none, 01: none}`, 11, `another key than "01"`},
		{"int=", 5, "a whole number of 64 bits"},
		{"int=1.5", 5, "a whole number of 64 bits"},
		{"float=half", 7, "a decimal number"},
		{"float=1e999", 7, "a decimal number"},
		{"float=0x1p4", 7, "a decimal number"},
		{"bool=1", 6, "true or false"},
		{"bool=True", 6, "true or false"},
		{"str=", 5, "a text"},
		{`str="a`, 5, "a string in double quotes"},
		{"str='a b'", 5, "a text"},
		{strings.Repeat("[", 17), 17, "at most 16 lists, tuples and dicts"},
		{"[" + strings.Repeat("none,", 20_000) + "]", 1, "at most 65536 bytes"},
	} {
		_, err := Parse(test.text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Errorf("Parse(%q) = %v, want a *SyntaxError", clip(test.text, 80), err)
			continue
		}
		if syntax.Column != test.column || !strings.Contains(syntax.Expected, test.expected) {
			t.Errorf("Parse(%q) = column %d: %s, want column %d: %s",
				clip(test.text, 80), syntax.Column, syntax.Expected, test.column, test.expected)
		}
	}
}

func TestSyntaxErrorsStayShortAndTheirExamplesAreSamples(t *testing.T) {
	for _, text := range []string{"", "q" + strings.Repeat("é", 5000), "int64[1]=x", "@", "[", "{", "int=x"} {
		_, err := Parse(text)
		var syntax *SyntaxError
		if !errors.As(err, &syntax) {
			t.Fatalf("Parse(%q) = %v", text, err)
		}
		if len(err.Error()) > 800 {
			t.Errorf("Parse(%q): a message of %d bytes", clip(text, 20), len(err.Error()))
		}
		if _, err := Parse(syntax.Example); err != nil {
			t.Errorf("the example for %q: %v", clip(text, 20), err)
		}
	}
}

func TestSamplesAreReadAndWrittenInTheirShortestSpelling(t *testing.T) {
	for text, want := range map[string]string{
		"int64[]":                              "int64[]",
		"int64[1,]":                            "int64[1]",
		"int64[0,3]=zeros":                     "int64[0,3]=zeros",
		" x : int64 [ 1 , 2 ] = arange ( 4 )":  "x:int64[1,2]=arange(4)",
		"x.1:none":                             "x.1:none",
		"none:none":                            "none:none",
		"int64:int64[1]":                       "int64:int64[1]",
		"int8[1]=randint(-128,128)":            "int8[1]=randint(-128,128)",
		"float64[2]=random":                    "float64[2]=random",
		"bool=true":                            "bool=true",
		"bool[3]=ones":                         "bool[3]=ones",
		"bool=@x.npy":                          "bool=@x.npy",
		"bool = @x.npy":                        "bool=@x.npy",
		"int64=@x.npy":                         "int64=@x.npy",
		"int64[2]=@/a/b-c_d+1.npy":             "int64[2]=@/a/b-c_d+1.npy",
		"@C:\\x.npy":                           `@"C:\\x.npy"`,
		"@größe.npy":                           `@"größe.npy"`,
		`@"a, b.npy"`:                          `@"a, b.npy"`,
		`@"plain.npy"`:                         `@plain.npy`,
		"@a.npz[x]":                            "@a.npz[x]",
		"x : float32 = @ a.npz [ x ]":          "x:float32=@a.npz[x]",
		`@"a[1].npz"["b]"]`:                    `@"a[1].npz"["b]"]`,
		"[@a.npz[x],@a.npz[y]]":                "[@a.npz[x], @a.npz[y]]",
		"[@a.npy,@b.npy]":                      "[@a.npy, @b.npy]",
		"[]":                                   "[]",
		"()":                                   "()",
		"{}":                                   "{}",
		"(none)":                               "(none)",
		"(none,)":                              "(none)",
		"[[int=1,],(str=a,bool=false)]":        "[[int=1], (str=a, bool=false)]",
		`{"a":none,-1:[]}`:                     `{"a": none, -1: []}`,
		"{float = 1e-3 : none, bool=true: []}": `{float=0.001: none, bool=true: []}`,
		"float=1":                              "float=1",
		"float=1e-05":                          "float=1e-05",
		"float=inf":                            "float=+Inf",
		"float=NaN":                            "float=NaN",
		"int=+7":                               "int=7",
		`str=""`:                               `str=""`,
		`str="a\tb"`:                           `str="a\tb"`,
		"str=none":                             "str=none",
		strings.Repeat("[", 16) + strings.Repeat("]", 16): strings.Repeat("[", 16) + strings.Repeat("]", 16),
	} {
		spec, err := Parse(text)
		if err != nil {
			t.Errorf("Parse(%q): %v", text, err)
			continue
		}
		if got := spec.String(); got != want {
			t.Errorf("Parse(%q) = %s, want %s", text, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := Parse(text)
		if err != nil {
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Column < 1 || syntax.Column > len(text)+1 {
				t.Fatalf("Parse(%q) = %v", text, err)
			}
			return
		}
		again, err := Parse(spec.String())
		if err != nil {
			t.Fatalf("Parse(%q), which came from %q: %v", spec, text, err)
		}
		if diff := cmp.Diff(spec, again, diffUnexported); diff != "" {
			t.Fatalf("%q became %q: %s", text, spec, diff)
		}
	})
}

// seeds are the samples of the real models, and one of each kind.
func seeds(t testing.TB) []string {
	seeds := []string{
		exampleTensor, exampleFloat, exampleRand, exampleFile, exampleList, exampleDict,
		`int=3`, `float=0.5`, `bool=true`, `str="text"`, `none`, `x.1:(int64[1]=arange(4), {1: @"a b.npy"})`,
		`float16[2]=random`, `bool=@x.npy`, `x:@"in put.npz"[x.1]`, `position_ids:int64[2,3]`, fmt.Sprintf("str=%q", "é\x00\xff"),
	}
	for _, model := range models(t) {
		seeds = append(seeds, model.Sample...)
	}
	return seeds
}
