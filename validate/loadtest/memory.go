package loadtest

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"go-model-archiver/validate/rules"
)

// outOfMemory is how libtorch, C++, Go's runtime, the dynamic loader and
// OpenBLAS say that there is no memory for them.
var outOfMemory = regexp.MustCompile(`(?m)^.*(?:can't allocate memory|not enough memory|bad_alloc|(?i:cannot allocate memory|out of memory)|` +
	`cannot map zero-fill|failed to map segment|pthread_create failed|failed to create new OS thread|Memory allocation still failed).*$`)

// blasBuffer is what OpenBLAS asks for at once, and more than others do: it asks
// again without end.
const blasBuffer = 129 << 20

// dataOf is how much of what RLIMIT_DATA bounds a process has, in bytes.
func dataOf(pid int) uint64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0 // it has ended
	}
	_, rest, _ := strings.Cut(string(status), "\nVmData:")
	kib, _ := strconv.ParseUint(strings.TrimSpace(strings.Split(rest, "kB")[0]), 10, 54)
	return kib << 10
}

// beyondMemory explains a failure whose text tells of memory that Config.Memory
// does not allow; quote is what of it is said.
func (t *test) beyondMemory(text, quote string) (rules.Finding, bool) {
	if t.cfg.Memory == 0 || !outOfMemory.MatchString(text) {
		return rules.Finding{}, false
	}
	return rules.New(rules.MemoryExceeded, t.cfg.ModelPath, fmt.Sprintf("%s%s of %q needs more than the %s of --memory: %s",
		doing(t.result.Stage), t.on(), t.cfg.ModelPath, humanize.IBytes(t.cfg.Memory), quote),
		"raise --memory, or give a smaller --sample; the server would need as much"), true
}
