package sample

import (
	"testing"

	"go-model-archiver/validate/loadtest/protocol"
)

func TestTheLargestNumberOfAnInput(t *testing.T) {
	args := []protocol.Argument{{Name: "many", Type: "List[Tensor]"}, {Name: "input_ids.1", Type: "Tensor"}, {Name: "x", Type: "Tensor"}}
	for text, want := range map[string]int64{
		"int64[2,3]=arange": 5, "int32[4]=randint(-9,-8)": -9, "int64[3]=zeros": 0, "int64[20000]=arange": 19999,
	} {
		specs := parseAll(t, "[int64[2]=arange, int64[3]=arange]", text, "float32[2]")
		s, err := Build(specs, args, Settings{}, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Largest("input_ids"); !ok || got != want {
			t.Errorf("%s: %d, %v; want %d", text, got, ok, want)
		}
		for _, name := range []string{"x", "many", "other"} {
			if got, ok := s.Largest(name); ok {
				t.Errorf("%s has the largest number %d", name, got)
			}
		}
	}
}

func TestNumbersThatComeInPieces(t *testing.T) {
	m := &maximum{most: -1, width: 2, read: func(b []byte) int64 { return int64(b[0]) + 256*int64(b[1]) }}
	for _, piece := range []string{"\x01", "\x00\x05", "\x01\x00", "\x00", ""} {
		if n, err := m.Write([]byte(piece)); n != len(piece) || err != nil {
			t.Fatal(n, err)
		}
	}
	if m.most != 5+256 {
		t.Errorf("the largest is %d", m.most)
	}
}
