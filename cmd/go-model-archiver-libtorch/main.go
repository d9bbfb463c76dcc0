//go:build libtorch

// Command go-model-archiver-libtorch is the worker of go-model-archiver's load
// test: it loads a TorchScript file in libtorch and runs it, as the main
// program asks on stdin (docs/worker-protocol.md). It is a process of its own
// because a model can crash it, hang it or eat its memory. It needs cgo and
// libtorch; scripts/build-worker builds it.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"golang.org/x/sys/unix"

	"go-model-archiver/cmd/go-model-archiver-libtorch/internal/shim"
	"go-model-archiver/validate/loadtest/protocol"
)

// libtorch keeps its last error and whether gradients are on per thread, so
// everything happens on one; the main thread has the largest stack.
func init() { runtime.LockOSThread() }

func main() {
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "go-model-archiver-libtorch: error:", err)
		os.Exit(1)
	}
}

func serve() error {
	replies, err := claimStdout()
	if err != nil {
		return err
	}
	shim.DieOfSignals()
	version, err := shim.Version()
	if err != nil {
		return err
	}
	if err := protocol.Write(replies, protocol.Hello{Protocol: protocol.Version, Libtorch: version}); err != nil {
		return err
	}
	go exitWithParent()
	requests := bufio.NewReaderSize(os.Stdin, 1<<20)
	var s session
	for {
		var request protocol.Request
		if err := protocol.Read(requests, &request); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if err := s.answer(request, requests, replies); err != nil {
			return err
		}
	}
}

// claimStdout keeps the pipe of the protocol to ourselves: a model's print
// writes to descriptor 1, which from now on is stderr.
func claimStdout() (*os.File, error) {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("keep stdout: %w", err)
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return nil, fmt.Errorf("point stdout at stderr: %w", err)
	}
	return os.NewFile(uintptr(fd), "protocol"), nil
}

// exitWithParent ends the process when the other end of stdin is closed, also
// while libtorch is busy: the kernel closes it even when the parent is killed.
func exitWithParent() {
	fds := []unix.PollFd{{Fd: 0}} // no events asked for: only a hang-up is told
	for {
		_, err := unix.Poll(fds, -1)
		if err == nil && fds[0].Revents != 0 {
			os.Exit(0)
		}
		if err != nil && err != unix.EINTR {
			return // reading stdin tells it too
		}
	}
}
