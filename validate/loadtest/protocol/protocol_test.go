package protocol_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	. "go-model-archiver/validate/loadtest/protocol"
)

func TestReadRefusesWhatIsNoMessage(t *testing.T) {
	for name, test := range map[string]struct {
		in   string
		want error
	}{
		"nothing":           {"", io.EOF},
		"half a line":       {`{"protocol":1`, io.ErrUnexpectedEOF},
		"no JSON":           {"Segmentation fault\n", ErrMalformed},
		"another type":      {`{"protocol":"1"}` + "\n", ErrMalformed},
		"two messages":      {`{"protocol":1}{"protocol":1}` + "\n", ErrMalformed},
		"an endless line":   {strings.Repeat("0", MaxLine+1), ErrMalformed},
		"deep nesting":      {strings.Repeat("[", 20_000) + "\n", ErrMalformed},
		"a number too big":  {`{"protocol":1e99}` + "\n", ErrMalformed},
		"an empty line":     {"\n", ErrMalformed},
		"bytes of a tensor": {"\x00\xff\x80\n", ErrMalformed},
	} {
		var hello Hello
		if err := Read(bufio.NewReader(strings.NewReader(test.in)), &hello); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// filled is a list of n times the same element.
func filled(n int, element string) string {
	return "[" + strings.Repeat(element+",", n-1) + element + "]"
}

// No honest worker says so much, and decoding it takes many times its memory.
func TestReadRefusesMoreThanHonestWorkersSay(t *testing.T) {
	for in, ok := range map[string]bool{
		`{"outcome":{"outputs":` + filled(MaxOutputs, "{}") + `}}`:                true,
		`{"outcome":{"outputs":` + filled(MaxOutputs+1, "{}") + `}}`:              false,
		`{"outcome":{"outputs":` + filled(MaxOutputs+1, "null") + `}}`:            false,
		`{"loaded":{"arguments":` + filled(MaxArguments, "{}") + `}}`:             true,
		`{"loaded":{"arguments":` + filled(MaxArguments+1, "{}") + `}}`:           false,
		`{"outcome":{"latencies":` + filled(MaxCalls, "0.001234567") + `}}`:       true,
		`{"outcome":{"latencies":` + filled(500_000, "0") + `}}`:                  false,
		`{"outcome":{"data":["` + strings.Repeat(`,\",`, 500_000) + `"]}}`:        true,
		`{"described":{"config":"` + strings.Repeat(`\\`, 9) + `","devices":[]}}`: true,
		`{"outcome":{"outputs":null}}`:                                            true,
		`{"outcome":{"outputs":{}}}`:                                              false,
	} {
		var reply Reply
		err := Read(bufio.NewReader(strings.NewReader(in+"\n")), &reply)
		if ok && err != nil || !ok && !errors.Is(err, ErrMalformed) {
			t.Errorf("%.60s… of %d bytes: %v", in, len(in), err)
		}
	}
}

func TestWriteRefusesWhatReadDoes(t *testing.T) {
	var wire bytes.Buffer
	for _, message := range []Reply{
		{Failure: &Failure{Message: strings.Repeat("x", MaxLine)}},
		{Described: &Described{Devices: make([]string, 500_000)}},
	} {
		if err := Write(&wire, message); err == nil || wire.Len() > 0 {
			t.Errorf("%v, and %d bytes are written", err, wire.Len())
		}
	}
}

func TestMessagesSurviveTheWire(t *testing.T) {
	sent := Reply{Outcome: &Outcome{Seconds: 0.25, Outputs: []Output{
		{Path: `output["a"]`, DType: "float32", Shape: []int64{1, 2}, Min: new(-1.5), Max: new(2.0), Mean: new(0.25), NaN: 1, Inf: 2},
		{Path: "output[1]", DType: "none", Shape: []int64{}},
	}}}
	var wire bytes.Buffer
	if err := Write(&wire, sent); err != nil {
		t.Fatal(err)
	}
	if err := Write(&wire, Hello{Protocol: Version, Libtorch: "1.13.1"}); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReaderSize(&wire, 16) // lines are longer than the buffer
	var got Reply
	if err := Read(r, &got); err != nil || !cmp.Equal(sent, got) {
		t.Errorf("%v\n%s", err, cmp.Diff(sent, got))
	}
	var hello Hello
	if err := Read(r, &hello); err != nil || hello.Libtorch != "1.13.1" {
		t.Errorf("%+v, %v", hello, err)
	}
	if err := Read(r, &hello); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestWriteMakesTextValid(t *testing.T) {
	var wire bytes.Buffer
	if err := Write(&wire, Reply{Failure: &Failure{Stage: StageLoad, Message: "line\n\xff"}}); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(wire.String(), "\n"); lines != 1 {
		t.Errorf("%d lines", lines)
	}
	var got Reply
	if err := Read(bufio.NewReader(&wire), &got); err != nil || got.Failure.Message != "line\n\uFFFD" {
		t.Errorf("%+v, %v", got.Failure, err)
	}
	if err := Write(io.Discard, Outcome{Seconds: math.NaN()}); err == nil {
		t.Error("JSON has no NaN")
	}
}

func tensor(dtype string, shape ...int64) Value {
	return Value{Kind: Tensor, DType: dtype, Shape: shape}
}

func TestDataSize(t *testing.T) {
	for _, test := range []struct {
		value Value
		want  int64
	}{
		{tensor("int64", 1, 150), 1200},
		{tensor("float64"), 8},
		{tensor("float16", 3), 6},
		{tensor("bool", 0, math.MaxInt64), 0},
		{Value{Kind: Int, Int: 5}, 0},
		{Value{Kind: Dict, Items: []Value{{Kind: Str, Text: "a"}, tensor("uint8", 7), {Kind: Str, Text: "b"},
			{Kind: List, Items: []Value{tensor("float32", 2), {Kind: None}}}}}, 15},
	} {
		if got, err := test.value.DataSize(); got != test.want || err != nil {
			t.Errorf("%+v: %d, %v, want %d", test.value, got, err, test.want)
		}
	}
	huge := tensor("uint8", math.MaxInt64)
	for _, bad := range []Value{
		tensor("float8", 1), tensor(""), tensor("int64", -1), tensor("int64", 0, -1), tensor("int64", 1<<40, 1<<40),
		{Kind: List, Items: []Value{huge, huge}},
	} {
		if n, err := bad.DataSize(); err == nil {
			t.Errorf("%+v: %d", bad, n)
		}
	}
}
