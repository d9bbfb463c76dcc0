//go:build libtorch

package shim

// #include <stdlib.h>
// #include "shim.h"
import "C"

import "unsafe"

// CXX11ABI tells whether libtorch's std::string is laid out as since GCC 5.
func CXX11ABI() bool { return C.shim_cxx11_abi() != 0 }

// Config is libtorch's own words about its build.
func Config() (string, error) {
	var thrown *C.char
	text := C.shim_config(&thrown)
	if err := take(thrown); err != nil {
		return "", err
	}
	defer C.free(unsafe.Pointer(text))
	return C.GoString(text), nil
}

// BLASFile is the library whose sgemm_ libtorch calls, or empty where there is
// none of that name: that of libtorch itself where it has a BLAS inside.
func BLASFile() string {
	if file := C.shim_blas_file(); file != nil {
		return C.GoString(file)
	}
	return ""
}

// CUDADevices is the number of CUDA devices that libtorch can use.
func CUDADevices() (int, error) {
	var thrown *C.char
	n := C.shim_cuda_devices(&thrown)
	return int(n), take(thrown)
}

// GFLOPS measures a float32 matrix product on one thread, for 0.1 s, in 10^9
// operations a second.
func GFLOPS() (float64, error) {
	var thrown *C.char
	speed := C.shim_gflops(&thrown)
	return float64(speed), take(thrown)
}
