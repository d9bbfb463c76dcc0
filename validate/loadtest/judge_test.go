package loadtest

import (
	"slices"
	"testing"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

func TestOddNumbersAreJudged(t *testing.T) {
	for _, c := range []struct {
		output protocol.Output
		want   []string
	}{
		{protocol.Output{}, nil},
		{protocol.Output{NaN: 1}, []string{rules.OutputNaN}},
		{protocol.Output{Inf: 2, NegInf: 2}, []string{rules.OutputNegInf}},
		{protocol.Output{Inf: 2, NegInf: 1}, []string{rules.OutputInf}},
		{protocol.Output{NaN: 1, Inf: 1}, []string{rules.OutputNaN, rules.OutputInf}},
	} {
		odd := &test{result: &Result{Outputs: []protocol.Output{c.output}}}
		odd.judge()
		var got []string
		for _, f := range odd.findings {
			got = append(got, f.Rule)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.output, got, c.want)
		}
	}
}
