package loadtest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLatency(t *testing.T) {
	hundred := make([]float64, 100) // 100, 99, … 1
	for i := range hundred {
		hundred[i] = float64(100 - i)
	}
	for name, test := range map[string]struct {
		warmup  int
		seconds []float64
		want    *Latency
	}{
		"one call, not asked for more": {0, []float64{3}, nil},
		"no call":                      {0, nil, nil},
		"one call after another":       {1, []float64{3}, &Latency{1, 1, 3, 3, 3}},
		"two calls":                    {0, []float64{2, 1}, &Latency{0, 2, 1, 2, 2}},
		"a hundred":                    {5, hundred, &Latency{5, 100, 50, 90, 99}},
	} {
		if diff := cmp.Diff(test.want, latency(test.warmup, test.seconds)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
