package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"
	"golang.org/x/sys/unix"

	"go-model-archiver/validate"
	"go-model-archiver/validate/loadtest/protocol"
)

const (
	maxThreads = 4096     // more than one machine has
	minMemory  = 64 << 20 // bytes; no libtorch starts with so little
)

var devicePattern = regexp.MustCompile(`^(?:cpu|cuda(?::\d{1,3})?)$`)

// readable says that the file of a flag is missing, or may not be read.
func readable(flag, path string) error {
	if err := unix.Access(path, unix.R_OK); err != nil {
		return fmt.Errorf("argument --%s: %q can't be read: %w", flag, path, err)
	}
	return nil
}

// parseWorker reads the flags that say what the worker gets and does.
func parseWorker(c *cli.Context, o *validate.LoadTestOptions) error {
	o.Device = c.String("device")
	if !devicePattern.MatchString(o.Device) {
		return usagef("argument --device: %q is no device; give cpu, cuda or cuda:N", o.Device)
	}
	for _, path := range c.StringSlice("library") {
		if err := readable("library", path); err != nil {
			return err
		}
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
			return usagef("argument --library: %q is no file", path)
		}
		absolute, err := filepath.Abs(path)
		if err != nil {
			return err
		}
		o.Libraries = append(o.Libraries, absolute)
	}
	if text := c.String("memory"); c.IsSet("memory") {
		size, err := humanize.ParseBytes(text)
		if err != nil || size == 0 {
			return usagef("argument --memory: %q is no size; give one such as 8GiB", text)
		}
		if size < minMemory {
			return usagef("argument --memory: %s is less than libtorch alone needs; give a size such as 8GiB", humanize.IBytes(size))
		}
		o.Memory = size
	}
	for _, n := range []struct {
		flag      string
		value     *int
		low, high int
	}{
		{"threads", &o.Threads, 1, maxThreads},
		{"warmup", &o.Warmup, 0, protocol.MaxCalls},
		{"iterations", &o.Iterations, 1, protocol.MaxCalls},
	} {
		*n.value = c.Int(n.flag)
		if *n.value < n.low || *n.value > n.high {
			return usagef("argument --%s: %d is not between %d and %d", n.flag, *n.value, n.low, n.high)
		}
	}
	return nil
}
