package loadtest

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/dustin/go-humanize"
	"golang.org/x/sys/unix"

	"go-model-archiver/validate/loadtest/protocol"
	"go-model-archiver/validate/rules"
)

const rebuildHint = `build the worker again with "make worker"`

// deathGrace is how long a worker that closed its stdout may take to end.
const deathGrace = 2 * time.Second

func noWorker(file string, err error) rules.Finding {
	return rules.New(rules.WorkerMissing, file, fmt.Sprintf("%q cannot be load-tested: %s", file, err),
		`build the worker with "make worker", name it with --worker, or archive without the load test with --load-test=off`)
}

// doing says what the worker does in a stage.
func doing(s protocol.Stage) string {
	switch s {
	case protocol.StageOpen:
		return "starting"
	case protocol.StageLoad:
		return "loading the model"
	}
	return "running forward"
}

// lost explains why no message came from the worker; it always returns false.
func (t *test) lost(err error) bool {
	stage := t.result.Stage
	switch {
	case t.process.expired.Load() && stage == protocol.StageOpen:
		t.failWorker(fmt.Sprintf("did not answer within %s", t.cfg.Timeout), "give it more time with --timeout, or "+t.orMemory(rebuildHint))
	case t.process.expired.Load():
		t.tookTooLong()
	case t.ctx.Err() != nil:
		t.fail(rules.WorkerFailed, fmt.Sprintf("the load test of %q was cancelled while %s", t.cfg.ModelPath, doing(stage)), "run it again")
	case errors.Is(err, protocol.ErrMalformed):
		t.failWorker(fmt.Sprintf("sent what it should not: %s", clean(err.Error(), 200)), rebuildHint)
	default:
		t.died()
	}
	return false
}

// tookTooLong explains a model that was stopped at the deadline.
func (t *test) tookTooLong() {
	hint := "give it more time with --timeout, or look for an endless loop in forward"
	if t.result.Stage == protocol.StageLoad {
		hint = "give it more time with --timeout: libtorch reads the code and the weights in it"
	}
	used := ""
	if data := t.process.data.Load(); t.cfg.Memory > 0 && data+blasBuffer > t.cfg.Memory {
		used = fmt.Sprintf(", with %s of the %s of --memory in use", humanize.IBytes(data), humanize.IBytes(t.cfg.Memory))
		hint = "raise --memory: OpenBLAS waits without end for memory that it does not get; else " + hint
	}
	t.fail(rules.LoadTestTimeout, fmt.Sprintf("the load test of %q was stopped after %s while %s%s%s",
		t.cfg.ModelPath, t.cfg.Timeout, doing(t.result.Stage), t.on(), used), hint)
}

// orMemory adds to a hint what else may help where the memory is bounded.
func (t *test) orMemory(hint string) string {
	if t.cfg.Memory == 0 {
		return hint
	}
	return hint + ", or raise --memory: libtorch alone takes some hundred MiB"
}

func (t *test) failWorker(what, hint string) {
	t.result.Error = t.process.stderr.String()
	t.fail(rules.WorkerFailed, fmt.Sprintf("the worker %q %s", t.worker, what), hint)
}

// died explains the end of the worker by its exit status.
func (t *test) died() {
	select {
	case <-t.process.exited:
	case <-time.After(deathGrace):
		t.failWorker("closed its output", rebuildHint)
		return
	}
	status, _ := t.process.cmd.ProcessState.Sys().(syscall.WaitStatus)
	text := t.process.stderr.String()
	said, starved := lastLine(text), t.cfg.Memory > 0 && outOfMemory.MatchString(text)
	if starved {
		said = clean(outOfMemory.FindString(text), maxQuote) // above what is printed of the stack
	}
	end := ending(status)
	if said != "" {
		end += ": " + said
	}
	switch {
	case t.result.Stage == protocol.StageOpen && starved:
		t.failWorker(fmt.Sprintf("cannot start within the %s of --memory: it %s", humanize.IBytes(t.cfg.Memory), end),
			"raise --memory: libtorch alone takes some hundred MiB")
	case t.result.Stage == protocol.StageOpen && strings.Contains(said, "loading shared libraries"):
		t.failWorker(end, "the libtorch that it was built with is gone: install it again, or "+rebuildHint)
	case t.result.Stage == protocol.StageOpen:
		t.failWorker(end, t.orMemory(rebuildHint))
	case starved:
		t.result.Error = text
		finding, _ := t.beyondMemory(text, "the worker "+end)
		t.findings = append(t.findings, finding)
	default:
		t.result.Error = text
		t.fail(rules.WorkerCrashed, fmt.Sprintf("libtorch crashed while %s%s of %q: the worker %s",
			doing(t.result.Stage), t.on(), t.cfg.ModelPath, end), t.crashHint(status))
	}
}

// ending says how a process ended: "was killed by SIGSEGV (segmentation
// fault)" or "ended with status 127".
func ending(status syscall.WaitStatus) string {
	if status.Signaled() {
		return fmt.Sprintf("was killed by %s (%s)", unix.SignalName(status.Signal()), status.Signal())
	}
	return fmt.Sprintf("ended with status %d", status.ExitStatus())
}

func (t *test) crashHint(status syscall.WaitStatus) string {
	switch {
	case status.Signaled() && status.Signal() == syscall.SIGKILL:
		return "most probably the machine ran out of memory; bound the worker with --memory"
	case len(t.cfg.Libraries) > 0:
		return fmt.Sprintf("a library made for another libtorch crashes it too; --library takes what was built against libtorch %s", t.result.Libtorch)
	}
	return "the same crash would end the server's worker; try the model in Python with the server's version of torch"
}

// on names the sample that forward runs on: " on input_ids int64[1,150]".
func (t *test) on() string {
	s := t.running
	if s == nil {
		s = t.sample
	}
	if s == nil || t.result.Stage == protocol.StageLoad {
		return ""
	}
	return " on " + describeSample(s)
}
