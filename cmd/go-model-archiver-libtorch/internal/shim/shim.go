//go:build libtorch

// Package shim holds the few calls into libtorch that gotch's libtch lacks, or
// through which an exception could slip.
package shim

// #cgo LDFLAGS: -lstdc++ -ltorch_cpu -lc10
// #include <stdlib.h>
// #include "shim.h"
// // Of libtch, which has no Go wrapper for the first and a wrong one for the second.
// void at_set_num_threads(int n);
// void atm_set_profiling_mode(int on);
import "C"

import (
	"errors"
	"strings"
	"unsafe"

	"github.com/sugarme/gotch/libtch"
)

// Error is what libtorch threw, and clears it; nil when it threw nothing.
func Error() error {
	// libtch keeps the text per thread, and the caller frees it.
	return take((*C.char)(unsafe.Pointer(libtch.GetAndResetLastErr())))
}

func take(text *C.char) error {
	if text == nil {
		return nil
	}
	defer C.free(unsafe.Pointer(text))
	return errors.New(C.GoString(text))
}

// Version is the version of the libtorch that this runs with.
func Version() (string, error) {
	var thrown *C.char
	text := C.shim_version(&thrown)
	if err := take(thrown); err != nil {
		return "", err
	}
	defer C.free(unsafe.Pointer(text))
	return C.GoString(text), nil
}

// SetThreads sets the number of threads inside one operator.
func SetThreads(n int) { C.at_set_num_threads(C.int(n)) }

// SetProfiling turns the profiling executor on or off. Off, the first forwards
// are several times faster, because nothing is recorded for optimising later.
func SetProfiling(on bool) {
	if on {
		C.atm_set_profiling_mode(1)
	} else {
		C.atm_set_profiling_mode(0)
	}
}

// DieOfSignals lets a crash in libtorch end the process by its signal, which
// the parent sees, instead of by a stack trace of Go's runtime.
func DieOfSignals() { C.shim_die_of_signals() }

// Open opens a library for the operators that it registers.
func Open(library string) error {
	path := C.CString(library)
	defer C.free(unsafe.Pointer(path))
	var thrown *C.char
	C.shim_open(path, &thrown)
	return take(thrown)
}

// Part is the part of a file that is a TorchScript file, in bytes.
type Part struct {
	Path         string
	Offset, Size int64
}

// Record is an entry of a TorchScript file that is stored as it is: where in
// the Part its bytes begin, and how many they are.
type Record struct{ Offset, Size int64 }

// Load loads a TorchScript file on a device such as "cuda:0"; empty is the CPU.
// The records that it is given are mapped into memory, not read.
func Load(p Part, records []Record, device string) (libtch.Cmodule, error) {
	cpath, cdevice := C.CString(p.Path), C.CString(device)
	defer C.free(unsafe.Pointer(cpath))
	defer C.free(unsafe.Pointer(cdevice))
	var thrown *C.char
	part := C.shim_part{cpath, C.int64_t(p.Offset), C.int64_t(p.Size)}
	m := C.shim_load(part, (*C.shim_record)(unsafe.Pointer(unsafe.SliceData(records))), C.int64_t(len(records)), cdevice, &thrown)
	return libtch.Cmodule(m), take(thrown)
}

// Forward runs forward on values, one for each argument without self, and
// tells how many seconds it took.
func Forward(m libtch.Cmodule, values []libtch.Civalue) (libtch.Civalue, float64, error) {
	var thrown *C.char
	var seconds C.double
	out := C.shim_forward(unsafe.Pointer(m), (*unsafe.Pointer)(unsafe.Pointer(unsafe.SliceData(values))), C.int(len(values)), &seconds, &thrown)
	return libtch.Civalue(out), float64(seconds), take(thrown)
}

// OnDevice returns a tensor with t's values on a device. The caller frees both.
func OnDevice(t libtch.Ctensor, device string) (libtch.Ctensor, error) {
	cdevice := C.CString(device)
	defer C.free(unsafe.Pointer(cdevice))
	var thrown *C.char
	out := C.shim_on_device(unsafe.Pointer(t), cdevice, &thrown)
	return libtch.Ctensor(out), take(thrown)
}

// Argument is one argument of forward; Default is nil when it has none.
type Argument struct {
	Name, Type string
	Default    *string
}

// Schema is the declaration of m's forward without self, and whether m has one.
func Schema(m libtch.Cmodule) (arguments []Argument, returns string, ok bool, err error) {
	var thrown *C.char
	var length C.int64_t
	text := C.shim_schema(unsafe.Pointer(m), &length, &thrown)
	if err := take(thrown); err != nil || length < 0 {
		return nil, "", false, err
	}
	defer C.free(unsafe.Pointer(text))
	fields := strings.Split(C.GoStringN(text, C.int(length)), "\x00")
	for ; len(fields) > 3; fields = fields[3:] {
		a := Argument{Name: fields[0], Type: fields[1]}
		if value, ok := strings.CutPrefix(fields[2], "="); ok {
			a.Default = &value
		}
		arguments = append(arguments, a)
	}
	return arguments, fields[0], true, nil
}

// Typed returns a copy of v in which lists, dicts and tuples have the element
// types that the argument wants; the first argument after self is 0. The
// caller frees both.
func Typed(m libtch.Cmodule, argument int, v libtch.Civalue) (libtch.Civalue, error) {
	var thrown *C.char
	out := C.shim_typed(unsafe.Pointer(m), C.int(argument+1), unsafe.Pointer(v), &thrown)
	return libtch.Civalue(out), take(thrown)
}

// Plain returns a tensor with t's values that is dense, contiguous and on the
// CPU, quantized values as float32 and complex ones as pairs of floats, or nil
// when there is nothing to read. The caller frees it. It fails rather than
// copy more than maxBytes.
func Plain(t libtch.Ctensor, maxBytes int64) (libtch.Ctensor, error) {
	var thrown *C.char
	out := C.shim_plain(unsafe.Pointer(t), C.int64_t(maxBytes), &thrown)
	return libtch.Ctensor(out), take(thrown)
}

// Elements is the number of t's elements.
func Elements(t libtch.Ctensor) (int64, error) {
	var thrown *C.char
	n := C.shim_numel(unsafe.Pointer(t), &thrown)
	return int64(n), take(thrown)
}
