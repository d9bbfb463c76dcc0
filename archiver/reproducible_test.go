package archiver

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"
)

func TestAReproducibleArchiveHasTheSameBytesOnEveryMachine(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	defer func(l *time.Location) { time.Local = l }(time.Local)
	defer syscall.Umask(syscall.Umask(0))
	epoch := time.Unix(1700000001, 0)
	for _, format := range []Format{Default, ZipStore, TGZ} {
		sums := map[string]bool{}
		for i, zone := range []string{"UTC", "Asia/Kathmandu", "America/New_York"} {
			runtime.GOMAXPROCS(1 + 2*i)
			time.Local = time.FixedZone(zone, i*20700)
			syscall.Umask([]int{0o022, 0o077, 0o002}[i])
			weights := weightsFile(t, 4<<20)
			when := time.Now().AddDate(-i, 0, 0)
			if err := os.Chtimes(weights, when, when); err != nil {
				t.Fatal(err)
			}
			p, err := NewPlan(t.Context(), Spec{ModelName: "bert", Version: "1.0", Handler: "base_handler", Format: format,
				SerializedFile: weights, ExportPath: filepath.Join(t.TempDir(), zone), Epoch: &epoch})
			if err != nil {
				t.Fatal(err)
			}
			sums[mustWrite(t, p, Options{SHA256: true}).SHA256] = true
			p.Close()
		}
		if len(sums) != 1 {
			t.Errorf("%s: %d different archives", format, len(sums))
		}
	}
}
