package loadtest

import (
	"errors"
	"fmt"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"
)

// hide keeps from the worker what this process has: the descriptors that it
// inherited itself, and its memory and environment in /proc. Landlock does not
// keep them, because the thread that starts the worker is in the worker's own
// domain. What the kernel refuses stays as it is.
func hide() {
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC) // Linux 5.11
	_ = unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
}

// dropCapabilities takes from the calling thread what root may do beyond the
// owner of files, but for reading: the model's file may be somebody else's. With
// confineThread's "no new privileges" the worker does not get it back.
func dropCapabilities() {
	const kept = 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_DAC_READ_SEARCH // Landlock keeps it from writing
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var sets [2]unix.CapUserData // of 32 capabilities each
	if unix.Capget(&header, &sets[0]) != nil {
		return
	}
	for i := range sets {
		mask := uint32(0)
		if i == 0 {
			mask = kept
		}
		sets[i].Effective &= mask
		sets[i].Permitted &= mask
		sets[i].Inheritable &= mask
	}
	_ = unix.Capset(&header, &sets[0]) // to have less is always allowed, unless a sandbox refuses the call
}

// What Landlock takes from the worker, by the version of its ABI that knows
// it. Nothing but writing to some devices is allowed again, so the rest is
// denied everywhere.
var denied = []struct {
	abi             uintptr
	fs, net, scoped uint64
}{
	{abi: 1, fs: unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_REMOVE_DIR | unix.LANDLOCK_ACCESS_FS_REMOVE_FILE |
		unix.LANDLOCK_ACCESS_FS_MAKE_CHAR | unix.LANDLOCK_ACCESS_FS_MAKE_DIR | unix.LANDLOCK_ACCESS_FS_MAKE_REG |
		unix.LANDLOCK_ACCESS_FS_MAKE_SOCK | unix.LANDLOCK_ACCESS_FS_MAKE_FIFO | unix.LANDLOCK_ACCESS_FS_MAKE_BLOCK |
		unix.LANDLOCK_ACCESS_FS_MAKE_SYM},
	{abi: 2, fs: unix.LANDLOCK_ACCESS_FS_REFER},
	{abi: 3, fs: unix.LANDLOCK_ACCESS_FS_TRUNCATE},
	{abi: 4, net: unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP},
	{abi: 6, scoped: unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL},
}

// confineThread takes from the calling thread, and from the processes that it
// starts, the right to change files, to open TCP connections and to signal
// others. A scripted model can do the first: aten::save and a shared
// aten::from_file are operators like any other. Writing to the files in
// writable stays allowed. The thread must end with its goroutine. Where the
// kernel has no Landlock nothing is taken.
//
// This is not go-landlock because that confines the whole process, which has
// an archive to write.
func confineThread(writable []string) error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	abi, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return nil // the kernel has no Landlock, or it is off
	}
	var attr unix.LandlockRulesetAttr
	for _, d := range denied {
		if abi >= d.abi {
			attr.Handled_access_fs |= d.fs
			attr.Handled_access_net |= d.net
			attr.Scoped |= d.scoped
		}
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), unsafe.Sizeof(attr), 0)
	if errno != 0 {
		return fmt.Errorf("make a Landlock ruleset: %w", errno)
	}
	defer unix.Close(int(fd))
	for _, path := range writable {
		if err := allowWriting(int(fd), path); err != nil {
			return fmt.Errorf("let the worker write to %q: %w", path, err)
		}
	}
	_, _, errno = unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0)
	if errno != 0 && !errors.Is(errno, unix.E2BIG) { // too many rulesets already: it is confined enough
		return fmt.Errorf("restrict the worker with Landlock: %w", errno)
	}
	return nil
}

// allowWriting makes an exception for what stands at path.
func allowWriting(ruleset int, path string) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	attr := unix.LandlockPathBeneathAttr{Allowed_access: unix.LANDLOCK_ACCESS_FS_WRITE_FILE, Parent_fd: int32(fd)}
	_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(ruleset), unix.LANDLOCK_RULE_PATH_BENEATH,
		uintptr(unsafe.Pointer(&attr)), 0, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
