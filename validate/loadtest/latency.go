package loadtest

import (
	"math"
	"slices"
)

// Latency sums up the calls of forward that were measured, in seconds.
type Latency struct {
	Warmup     int `json:"warmup"`     // calls before
	Iterations int `json:"iterations"` // calls that were measured
	// Each is the latency of a real call: the shortest that so many percent of
	// the calls did not exceed.
	Median float64 `json:"median"`
	P90    float64 `json:"p90"`
	P99    float64 `json:"p99"`
}

// latency is nil where nothing but one call was asked for.
func latency(warmup int, seconds []float64) *Latency {
	if len(seconds) == 0 || warmup == 0 && len(seconds) == 1 {
		return nil
	}
	sorted := slices.Sorted(slices.Values(seconds))
	rank := func(percent float64) float64 {
		return sorted[max(int(math.Ceil(percent/100*float64(len(sorted)))), 1)-1]
	}
	return &Latency{Warmup: warmup, Iterations: len(sorted), Median: rank(50), P90: rank(90), P99: rank(99)}
}
