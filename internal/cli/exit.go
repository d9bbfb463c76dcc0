package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// The exit codes; --help and the README list them.
const (
	exitDone         = 0
	exitFailed       = 1   // missing file, name clash, archive exists, I/O
	exitUsage        = 2   // a mistake on the command line
	exitNotPassed    = 3   // the model or the archive did not pass
	exitInconclusive = 4   // a required check could not be run here
	exitSignal       = 128 // plus the signal's number
)

// Errors that stand for what the report already says.
var (
	errNotPassed    = errors.New("the model did not pass")
	errInconclusive = errors.New("the model could not be tested here")
)

// signalError is the cause of a context that a signal ended.
type signalError struct{ received syscall.Signal }

func (e *signalError) Error() string { return fmt.Sprintf("stopped by %s", e.received) }

// isRefusal says that the report tells why nothing was written.
func isRefusal(err error) bool {
	return errors.Is(err, errNotPassed) || errors.Is(err, errInconclusive)
}

// exitCode is the highest code among the joined errors.
func exitCode(ctx context.Context, err error) int {
	if s, ok := errors.AsType[*signalError](context.Cause(ctx)); ok && err != nil {
		return exitSignal + int(s.received)
	}
	code := exitDone
	for _, e := range flatten(err) {
		code = max(code, codeOf(e))
	}
	return code
}

func codeOf(err error) int {
	_, usage := errors.AsType[*usageError](err)
	_, nothing := errors.AsType[*nothingFound](err)
	_, unusable := errors.AsType[*noUsableWorker](err)
	switch {
	case err == nil:
		return exitDone
	case usage:
		return exitUsage
	case errors.Is(err, errNotPassed):
		return exitNotPassed
	case errors.Is(err, errInconclusive), nothing, unusable:
		return exitInconclusive
	default:
		return exitFailed
	}
}

// withSignals returns a context that ends with a *signalError as its cause at
// the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once.
// Those that whoever started us has told to be ignored, as nohup does, stay so.
func withSignals(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signal.Notify(signals, s)
		}
	}
	go func() {
		select {
		case s := <-signals:
			signal.Stop(signals)
			cancel(&signalError{s.(syscall.Signal)})
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel(nil)
	}
}
