package loadtest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// maxStages is more than the stages of a load test with all its probes.
const maxStages = 32

// limits are what the worker may have.
type limits struct {
	threads int
	memory  uint64        // bytes of data; 0 is no limit
	stage   time.Duration // that one may take; 0 is no limit
	cuda    bool
}

// cpu is the processor time that no load test needs: the kernel's backstop for a
// worker that outlives its deadlines and this program. 0 is no limit.
func (l limits) cpu() time.Duration {
	return l.stage * maxStages * time.Duration(max(l.threads, runtime.NumCPU()))
}

// apply bounds what the worker may do from outside: no core file, no byte
// written to any file, so much data and so much processor time.
func (l limits) apply(pid int) error {
	bounds := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 0}
	if l.memory > 0 {
		bounds[unix.RLIMIT_DATA] = l.memory
	}
	if l.stage > 0 {
		bounds[unix.RLIMIT_CPU] = uint64(l.cpu()/time.Second) + 1
	}
	for resource, most := range bounds {
		err := unix.Prlimit(pid, resource, &unix.Rlimit{Cur: most, Max: most}, nil)
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("limit the worker: %w", err)
		}
	}
	return nil
}

// devices are the files that the worker may write to: CUDA talks to its driver
// through them.
func (l limits) devices() []string {
	var paths []string
	if l.cuda {
		for _, pattern := range []string{"/dev/nvidia*", "/dev/nvidia-caps/*", "/dev/dxg"} {
			found, _ := filepath.Glob(pattern) // the patterns are well formed
			paths = append(paths, found...)
		}
	}
	return paths
}

// environment is the worker's: what its dynamic loader and its mathematics
// libraries look at, and nothing that could be a secret.
func environment(l limits) []string {
	// Where libtorch's threads and OpenBLAS's take turns, those that wait must
	// not spin: with two of each that makes forward take four times as long.
	env := []string{"LC_ALL=C", "OMP_WAIT_POLICY=PASSIVE"}
	names := []string{"PATH", "TMPDIR", "LD_LIBRARY_PATH"}
	if l.cuda {
		names = append(names, "CUDA_VISIBLE_DEVICES")
	}
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	for _, name := range []string{"OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"} {
		env = append(env, name+"="+strconv.Itoa(l.threads))
	}
	return env
}

// offerToKiller makes the worker the first to go when the machine runs out of
// memory, and not this program or one beside it.
func (p *process) offerToKiller() {
	score := fmt.Sprintf("/proc/%d/oom_score_adj", p.cmd.Process.Pid)
	_ = os.WriteFile(score, []byte("1000"), 0) // it may have ended already
}

// isCUDA says that a device of --device is one of CUDA's.
func isCUDA(device string) bool { return strings.HasPrefix(device, "cuda") }
