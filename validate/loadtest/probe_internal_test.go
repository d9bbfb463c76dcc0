package loadtest

import (
	"testing"
	"time"
)

func TestNothingIsTriedWhereForwardIsSlow(t *testing.T) {
	slow := &test{cfg: Config{Timeout: time.Minute, Probe: &Probe{}}, result: &Result{ForwardSeconds: 3.5}}
	slow.probe()
	if got, want := slow.result.Shapes.LeftOut, "forward took 3.5s, more than a twentieth of --timeout"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	off := &test{cfg: Config{Timeout: time.Minute}, result: &Result{}}
	off.probe()
	if off.result.Shapes != nil {
		t.Errorf("%+v", off.result.Shapes)
	}
}

func TestPicturesShrinkAndGrowAsModelsHalveThem(t *testing.T) {
	for size, want := range map[int64]int64{224: 32, 256: 32, 299: 1, 28: 4, 32: 16, 64: 32, 12: 4, 3: 1, 2: 1, 1: 1} {
		if got := stepOf(size); got != want {
			t.Errorf("stepOf(%d) = %d, want %d", size, got, want)
		}
	}
}
