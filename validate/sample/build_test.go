package sample

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go-model-archiver/internal/testtools"
	"go-model-archiver/validate/loadtest/protocol"
)

// model is what testdata says about a real model.
type model struct {
	name      string
	Sample    []string
	Arguments []protocol.Argument
}

func models(t testing.TB) []model {
	t.Helper()
	files, err := filepath.Glob(testtools.Testdata("models", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no descriptions of models in testdata: %v", err)
	}
	var all []model
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := model{name: filepath.Base(file)}
		if err := json.Unmarshal(data, &m); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}

func parseAll(t testing.TB, texts ...string) []Spec {
	t.Helper()
	var specs []Spec
	for _, text := range texts {
		spec, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		specs = append(specs, spec)
	}
	return specs
}

// arguments reads "name: Type" or "name: Type = default".
func arguments(declared ...string) []protocol.Argument {
	var args []protocol.Argument
	for _, text := range declared {
		text, value, hasDefault := strings.Cut(text, " = ")
		name, typ, _ := strings.Cut(text, ": ")
		arg := protocol.Argument{Name: name, Type: typ}
		if hasDefault {
			arg.Default = &value
		}
		args = append(args, arg)
	}
	return args
}

func written(t testing.TB, s *Sample) []byte {
	t.Helper()
	var data bytes.Buffer
	if err := s.WriteData(&data); err != nil {
		t.Fatal(err)
	}
	if int64(data.Len()) != s.DataSize() {
		t.Fatalf("%d bytes were written, and DataSize is %d", data.Len(), s.DataSize())
	}
	return data.Bytes()
}

func specTexts(s *Sample) []string {
	var texts []string
	for _, in := range s.Inputs {
		texts = append(texts, in.Spec)
	}
	return texts
}

var tokens = Settings{MaxLength: 8, MaxLengthSource: "setup_config.json", SaveMode: "torchscript"}

func TestSamplesThatDoNotFitForwardAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		specs, args []string
		settings    Settings
		want        string
	}{
		"unknown name":        {[]string{"y:int=1"}, []string{"x: int"}, Settings{}, `it has no argument "y"; forward takes x: int`},
		"too many":            {[]string{"int=1", "int=2"}, []string{"x: int"}, Settings{}, "there are 2 samples for 1 arguments"},
		"no arguments":        {[]string{"int=1"}, nil, Settings{}, "there are 1 samples for 0 arguments; forward takes no arguments"},
		"twice by name":       {[]string{"x:int=1", "x:int=2"}, []string{"x: int", "y: int"}, Settings{}, `there are two samples for "x"`},
		"twice by base name":  {[]string{"x.1:int=1", "x:int=2"}, []string{"x.1: int", "y: int"}, Settings{}, `there are two samples for "x"`},
		"ambiguous base name": {[]string{"x:int=1"}, []string{"x.1: int", "x.2: int"}, Settings{}, `it has 2 arguments "x"`},
		"tensor for list":     {[]string{"float32[3]"}, []string{"images: List[Tensor]"}, Settings{}, "images takes List[Tensor], but float32[3] is a tensor"},
		"list for tensor":     {[]string{"[float32[3]]"}, []string{"x: Tensor"}, Settings{}, "x takes Tensor, but [float32[3]] is a list; give --sample 'x:float32[1,3,224,224]'"},
		"none for tensor":     {[]string{"none"}, []string{"x: Tensor"}, Settings{}, "x takes Tensor, but none is None"},
		"int for float":       {[]string{"int=1"}, []string{"x: float"}, Settings{}, "x takes float, but int=1 is an int"},
		"bool for number":     {[]string{"bool=true"}, []string{"x: number"}, Settings{}, "x takes number, but bool=true is a bool"},
		"wrong item":          {[]string{"[int=1, str=a]"}, []string{"x: List[int]"}, Settings{}, "x[1] takes int, but str=a is a string"},
		"short tuple":         {[]string{"(int=1)"}, []string{"x: Tuple[int, int]"}, Settings{}, "x takes Tuple[int, int], but the sample has 1 items"},
		"wrong key":           {[]string{`{"a": none}`}, []string{"x: Dict[int, Tensor]"}, Settings{}, `the key "a" of x takes int`},
		"wrong value":         {[]string{`{"a": none}`}, []string{"x: Dict[str, Tensor]"}, Settings{}, `x["a"] takes Tensor, but none is None`},
		"list for dict":       {[]string{"[]"}, []string{"x: Dict[str, Tensor]"}, Settings{}, "x takes Dict[str, Tensor], but [] is a list"},
		"wrong in optional":   {[]string{"int=1"}, []string{"x: Optional[Tensor]"}, Settings{}, "x takes Tensor, but int=1 is an int"},
		"none of a union":     {[]string{"str=a"}, []string{"x: Union[Tensor, int]"}, Settings{}, "x takes Union[Tensor, int], but str=a is a string"},
		"one is missing": {[]string{"x:int=1"}, []string{"x: int", "mode: str"}, Settings{},
			`"mode" has no sample; give --sample 'mode:str=text'`},
		"an odd default in between": {[]string{"c:int=1"}, []string{"a: List[int] = [1, 2]", "c: int"}, Settings{},
			`"a" needs a sample, since its default [1, 2] can't be given before "c"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Build(parseAll(t, test.specs...), arguments(test.args...), test.settings, 0)
			var mismatch *MismatchError
			if !errors.As(err, &mismatch) || errors.Is(err, ErrNone) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want a *MismatchError with %q", err, test.want)
			}
		})
	}
}

func TestWithoutASampleTheErrorSaysHowToGiveOne(t *testing.T) {
	for name, test := range map[string]struct {
		args     []string
		settings Settings
		want     []string
	}{
		"nothing known": {[]string{"x: Tensor"}, Settings{}, []string{"x: Tensor", "--sample 'x:float32[1,3,224,224]'"}},
		"max_length of something else": {[]string{"x: Tensor"}, Settings{MaxLength: 8, MaxLengthSource: "c.json"},
			[]string{`max_length 8 in "c.json" was not used: save_mode does not stand beside it`}},
		"pixels beside tokens":    {[]string{"input_ids: Tensor", "pixel_values: Tensor"}, Settings{MaxLength: 8}, []string{"--sample 'pixel_values:float32[1,3,224,224]'"}},
		"a third tensor":          {[]string{"a: Tensor", "b: Tensor", "lengths: Tensor"}, tokens, []string{"--sample 'lengths:float32[1,3,224,224]'"}},
		"a mask of any dtype":     {[]string{"input_ids: Tensor", "pad_mask: Tensor"}, tokens, []string{"--sample 'pad_mask:bool[1,8]=zeros'"}},
		"a mask of a square":      {[]string{"input_ids: Tensor", "src_mask: Tensor"}, tokens, []string{"--sample 'src_mask:int64[1,8]=ones'"}},
		"a type of no sample":     {[]string{"z: complex"}, Settings{}, []string{`z: complex: --sample has no value of the type complex of "z"`}},
		"a device beside an int":  {[]string{"n: int", "d: Device"}, Settings{}, []string{`give --sample 'n:int=1' with the model's own shapes, but --sample has no value of the type Device of "d"`}},
		"a class in a list":       {[]string{"l: List[__torch__.Odd]"}, Settings{}, []string{`no value of the type List[__torch__.Odd] of "l"`}},
		"tensors as keys":         {[]string{"k: Dict[Tensor, int]"}, Settings{}, []string{`no value of the type Dict[Tensor, int] of "k"`}},
		"an int beside tokens":    {[]string{"input_ids: Tensor", "n: int"}, tokens, []string{"--sample 'n:int=1'"}},
		"a dict beside an image":  {[]string{"x: Tensor", "d: Dict[str, List[int]]"}, Settings{VisionHandler: "image_classifier"}, []string{`'d:{"key": [int=1]}'`}},
		"a handler of our own":    {[]string{"x: Tensor"}, Settings{VisionHandler: "my_handler.py"}, []string{"'x:float32"}},
		"another built-in":        {[]string{"x: Tensor"}, Settings{VisionHandler: "text_classifier"}, []string{"'x:float32"}},
		"lists, tuples and words": {[]string{"a: List[Tensor]", "b: Tuple[float, bool]", "c: Dict[int, str]"}, Settings{}, []string{"'a:[float32[3,224,224]]'", "'b:(float=0.5, bool=true)'", "'c:{1: str=text}'"}},
		"keys that are numbers":   {[]string{"a: Dict[float, int]", "b: Dict[bool, int]"}, Settings{}, []string{"'a:{float=0.5: int=1}'", "'b:{bool=true: int=1}'"}},
		"a union without None":    {[]string{"x: Union[Tensor, int]"}, Settings{}, []string{"'x:float32[1,3,224,224]'"}},
		"a name out of grammar":   {[]string{"größe: Tensor"}, Settings{}, []string{"--sample 'float32[1,3,224,224]'"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Build(nil, arguments(test.args...), test.settings, 0)
			if !errors.Is(err, ErrNone) {
				t.Fatalf("got %v, want ErrNone", err)
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v lacks %q", err, want)
				}
			}
		})
	}
}

func TestErrorsStayShortWhateverTheModelDeclares(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	wide := "Tuple[" + strings.Repeat("int, ", 800) + "int]"
	args := arguments(slices.Repeat([]string{long + ": " + wide, "a: " + long, "b: " + long + " = " + long}, 100)...)
	_, none := Build(nil, args, Settings{}, 0)
	_, mismatch := Build(parseAll(t, "none"), args, Settings{}, 0)
	for _, err := range []error{none, mismatch} {
		if err == nil || len(err.Error()) > 20_000 {
			t.Errorf("a message of %d bytes", len(err.Error()))
		}
	}
}

func TestTheSamplesOfTheErrorAreTaken(t *testing.T) {
	args := arguments("input_ids: Tensor", "position_ids.1: Tensor", "images: List[Tensor]", "b: Tuple[float, bool]", "c: Dict[int, str]", "d: number", "e: Optional[Tensor]", "f: Union[int, str]", "g: None")
	b := &builder{args: args}
	var texts []string
	for _, arg := range args {
		flag, ok := b.example(arg)
		if !ok {
			t.Errorf("nothing for %s", arg.Type)
		}
		texts = append(texts, strings.Trim(strings.TrimPrefix(flag, "--sample "), "'"))
	}
	if _, err := Build(parseAll(t, texts...), args, Settings{}, 0); err != nil {
		t.Error(err)
	}
}

func TestSpecsFindTheirArguments(t *testing.T) {
	for name, test := range map[string]struct {
		specs, args []string
		settings    Settings
		want        []string
	}{
		"in order":              {[]string{"int=1", "int=2"}, []string{"a: int", "b: int"}, Settings{}, []string{"a:int=1", "b:int=2"}},
		"by name":               {[]string{"b:int=2", "a:int=1"}, []string{"a: int", "b: int"}, Settings{}, []string{"a:int=1", "b:int=2"}},
		"mixed":                 {[]string{"int=1", "a:int=2", "int=3"}, []string{"a: int", "b: int", "c: int"}, Settings{}, []string{"a:int=2", "b:int=1", "c:int=3"}},
		"by what was traced":    {[]string{"input:int=1"}, []string{"input.1: int"}, Settings{}, []string{"input.1:int=1"}},
		"by whole name":         {[]string{"x.1:int=1", "x:int=2"}, []string{"x.1: int", "x: int"}, Settings{}, []string{"x.1:int=1", "x:int=2"}},
		"the rest left out":     {[]string{"int=1"}, []string{"a: int", "b: int = 2"}, Settings{}, []string{"a:int=1"}},
		"the rest derived":      {[]string{"attention_mask:int64[1,8]=zeros"}, []string{"input_ids: Tensor", "attention_mask: Tensor"}, tokens, []string{"input_ids:int64[1,8]=arange(4)", "attention_mask:int64[1,8]=zeros"}},
		"none for optional":     {[]string{"a:none"}, []string{"a: Optional[Tensor]"}, Settings{}, []string{"a:none"}},
		"a union":               {[]string{"a:int=1", "b:none"}, []string{"a: Union[Tensor, int]", "b: Union[Tensor, NoneType]"}, Settings{}, []string{"a:int=1", "b:none"}},
		"numbers":               {[]string{"int=1", "float=2"}, []string{"a: number", "b: number"}, Settings{}, []string{"a:int=1", "b:float=2"}},
		"an unknown type":       {[]string{"(int=1)"}, []string{"a: __torch__.Pair"}, Settings{}, []string{"a:(int=1)"}},
		"a type beyond reading": {[]string{"int=1"}, []string{"a: Tuple[()]"}, Settings{}, []string{"a:int=1"}},
		"gaps": {[]string{"h:int=1"},
			[]string{"a: int = -2", "b: float = 1e-05", "c: bool = True", "d: Optional[Tensor] = None", "e: str = \"me'an\"", "f: Optional[int] = 3", "g: Optional[Tensor]", "h: int", "i: int = 4"}, Settings{},
			[]string{"a:int=-2", "b:float=1e-05", "c:bool=true", "d:none", `e:str="me'an"`, "f:int=3", "g:none", "h:int=1"}},
		"gaps as libtorch writes them": {[]string{"h:int=1"},
			[]string{"a: Tuple[int, Tuple[float, Optional[bool]]] = (3, (inf, None))", `b: str = a'"\b`, "c: str = None", "d: Tuple[int] = (-7,)", "h: int"}, Settings{},
			[]string{"a:(int=3, (float=+Inf, none))", `b:str="a'\"\\b"`, "c:str=None", "d:(int=-7)", "h:int=1"}},
		"a dict of odd keys": {[]string{"{float=0.5: none, float=-0.25: none}", "{bool=true: int=1}"}, []string{"a: Dict[float, Optional[int]]", "b: Dict[bool, int]"}, Settings{},
			[]string{"a:{float=0.5: none, float=-0.25: none}", "b:{bool=true: int=1}"}},
		"defaults by name": {[]string{`{"attention_mask": int64[1,2], "x": int64[2], "m": bool[2], "f": float16[2]}`}, []string{"a: Dict[str, Tensor]"}, Settings{},
			[]string{`a:{"attention_mask": int64[1,2]=ones, "x": int64[2]=arange(4), "m": bool[2]=ones, "f": float16[2]=random}`}},
		"positions in each row": {[]string{"position_ids:int64[2,3]"}, []string{"position_ids.3: Tensor"}, Settings{}, []string{"position_ids.3:int64[2,3]=arange(3)"}},
		"no positions":          {[]string{"position_ids:int64[2,0]"}, []string{"position_ids: Tensor"}, Settings{}, []string{"position_ids:int64[2,0]=arange(4)"}},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Build(parseAll(t, test.specs...), arguments(test.args...), test.settings, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := specTexts(s); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestSamplesAreDerived(t *testing.T) {
	vision := func(name string) Settings { return Settings{VisionHandler: name} }
	for name, test := range map[string]struct {
		args     []string
		settings Settings
		want     []string
		source   string
	}{
		"tokens by save_mode": {[]string{"a: Tensor", "b.1: Tensor"}, tokens, []string{"a:int64[1,8]=arange(4)", "b.1:int64[1,8]=ones"}, `max_length 8 in "setup_config.json"`},
		"tokens by input_ids": {[]string{"input_ids.1: Tensor"}, Settings{MaxLength: 3, MaxLengthSource: "model-config.yaml"}, []string{"input_ids.1:int64[1,3]=arange(4)"}, `max_length 3 in "model-config.yaml"`},
		"all that BERT takes": {[]string{"input_ids: Tensor", "attention_mask: Tensor", "token_type_ids: Tensor", "position_ids: Tensor", "head_mask: Optional[Tensor] = None"}, tokens,
			[]string{"input_ids:int64[1,8]=arange(4)", "attention_mask:int64[1,8]=ones", "token_type_ids:int64[1,8]=zeros", "position_ids:int64[1,8]=arange"}, `max_length 8 in "setup_config.json"`},
		"all that Google's BERT takes": {[]string{"input_ids: Tensor", "input_mask: Tensor", "segment_ids: Tensor"}, tokens,
			[]string{"input_ids:int64[1,8]=arange(4)", "input_mask:int64[1,8]=ones", "segment_ids:int64[1,8]=zeros"}, `max_length 8 in "setup_config.json"`},
		"an encoder and a decoder": {[]string{"input_ids: Tensor", "mask: Tensor", "decoder_input_ids: Tensor", "decoder_attention_mask: Tensor", "src_key_padding_mask: Tensor"}, tokens,
			[]string{"input_ids:int64[1,8]=arange(4)", "mask:int64[1,8]=ones", "decoder_input_ids:int64[1,8]=arange(4)", "decoder_attention_mask:int64[1,8]=ones", "src_key_padding_mask:bool[1,8]=zeros"}, `max_length 8 in "setup_config.json"`},
		"tensors with a default": {[]string{"a: Tensor", "b: Optional[Tensor] = None", "c: bool = True"}, tokens, []string{"a:int64[1,8]=arange(4)"}, `max_length 8 in "setup_config.json"`},
		"an image":               {[]string{"x: Tensor"}, vision("image_classifier"), []string{"x:float32[1,3,224,224]=random"}, "the built-in image_classifier"},
		"a segmenter":            {[]string{"x: Tensor"}, vision("image_segmenter"), []string{"x:float32[1,3,224,224]=random"}, "the built-in image_segmenter"},
		"a detector":             {[]string{"images: List[Tensor]", "targets: Optional[List[Dict[str, Tensor]]] = None"}, vision("object_detector"), []string{"images:[float32[3,224,224]=random]"}, "the built-in object_detector"},
		"a traced detector":      {[]string{"x: Tensor"}, vision("object_detector"), []string{"x:float32[1,3,224,224]=random"}, "the built-in object_detector"},
		"an optional without":    {[]string{"x: Optional[Tensor]"}, Settings{}, []string{"x:none"}, "its type Optional[Tensor]"},
		"an optional union":      {[]string{"x: Union[Tensor, NoneType]"}, Settings{}, []string{"x:none"}, "its type Union[Tensor, NoneType]"},
		"nothing to give":        {[]string{"x: int = 1"}, Settings{}, nil, ""},
		"no arguments":           {nil, Settings{}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Build(nil, arguments(test.args...), test.settings, 0)
			if err != nil {
				t.Fatal(err)
			}
			if got := specTexts(s); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
			for _, in := range s.Inputs {
				if in.Source != test.source {
					t.Errorf("%s comes from %q, want %q", in.Name, in.Source, test.source)
				}
			}
		})
	}
}

func TestRealModelsTakeTheirSamples(t *testing.T) {
	t.Chdir(testtools.Testdata("models"))
	for _, m := range models(t) {
		t.Run(m.name, func(t *testing.T) {
			s, err := Build(parseAll(t, m.Sample...), m.Arguments, Settings{}, 0)
			if err != nil {
				t.Fatal(err)
			}
			pasted, err := Build(parseAll(t, specTexts(s)...), m.Arguments, Settings{}, 0)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(written(t, s), written(t, pasted)) {
				t.Errorf("%q pasted back is another sample", specTexts(s))
			}
		})
	}
}

func TestBuildLeavesTheSpecsAsTheyAre(t *testing.T) {
	specs := parseAll(t, `[float32[2], {"a": int64[2]}]`)
	if _, err := Build(specs, arguments("x: Any"), Settings{}, 0); err != nil {
		t.Fatal(err)
	}
	if got := specs[0].String(); got != `[float32[2], {"a": int64[2]}]` {
		t.Errorf("the spec has become %s", got)
	}
}

func TestASampleIsBounded(t *testing.T) {
	args := arguments("x: List[Tensor]", "y: Tensor")
	for _, texts := range [][]string{
		{"[uint8[4294967296]=zeros, uint8[1]=zeros]", "uint8[1]=zeros"},
		{"[uint8[4294967296]=zeros]", "uint8[1]=zeros"},
	} {
		if _, err := Build(parseAll(t, texts...), args, Settings{}, 0); err == nil || !strings.Contains(err.Error(), "4 GiB") {
			t.Errorf("%q: %v", texts, err)
		}
	}
	if _, err := Build(nil, arguments(slices.Repeat([]string{"x: int = 1"}, maxArguments+1)...), Settings{}, 0); err == nil {
		t.Error("a forward with 1001 arguments is taken")
	}
	for text, limit := range map[string]string{"uint8[257]": "arange(256)", "bool[3]": "arange(2)", "bfloat16[258]": "arange(257)"} {
		if _, err := Build(parseAll(t, text+"=arange"), arguments("x: Tensor"), Settings{}, 0); err == nil || !strings.Contains(err.Error(), limit) {
			t.Errorf("%s=arange: %v, want advice to write %s", text, err, limit)
		}
	}
}

func FuzzBuild(f *testing.F) {
	for _, m := range models(f) {
		f.Add(strings.Join(m.Sample, "\n"), m.Arguments[0].Type, "Optional[int]", "image_classifier", int64(8))
	}
	f.Add("images:[float32[3]]\nb:int=1", "List[Tensor]", "Dict[str, Tuple[int, List[Union[Tensor, NoneType]]]]", "object_detector", int64(1))
	f.Fuzz(func(t *testing.T, texts, first, second, handler string, maxLength int64) {
		var specs []Spec
		for text := range strings.SplitSeq(texts, "\n") {
			spec, err := Parse(text)
			if err != nil || strings.Contains(text, "@") {
				return
			}
			specs = append(specs, spec)
		}
		fallback := "3"
		args := []protocol.Argument{{Name: "input_ids", Type: first}, {Name: "b", Type: second}, {Name: "c.1", Type: first, Default: &fallback}}
		s, err := Build(specs, args, Settings{MaxLength: maxLength, VisionHandler: handler}, 1)
		if err != nil || s.DataSize() > 1<<20 {
			return
		}
		pasted, err := Build(parseAll(t, specTexts(s)...), args, Settings{}, 1)
		if err != nil {
			t.Fatalf("%q: %v", specTexts(s), err)
		}
		if !bytes.Equal(written(t, s), written(t, pasted)) {
			t.Fatalf("%q pasted back is another sample", specTexts(s))
		}
	})
}
