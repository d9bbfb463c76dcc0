#pragma once

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// Every function that takes err returns NULL and sets *err to a text of its
// own (the caller frees it) for a C++ exception of any type. Modules, values
// and tensors are those of libtch: torch::jit::Module, c10::IValue and
// at::Tensor on the heap.

// The version of this libtorch. The caller frees it.
char *shim_version(char **err);

// Whether std::string is laid out as since GCC 5 (the C++11 ABI).
int shim_cxx11_abi(void);

// libtorch's own words about its build. The caller frees them.
char *shim_config(char **err);

// The file that matrix products come from, or null. Nobody frees it.
const char *shim_blas_file(void);

// The number of CUDA devices that this libtorch can use.
int shim_cuda_devices(char **err);

// The speed of a float32 matrix product on one thread, measured for 0.1 s, in
// 10^9 operations a second.
double shim_gflops(char **err);

// Open a library for the operators that it registers.
char *shim_open(const char *path, char **err);

// The part of a file that is a TorchScript file.
typedef struct {
  const char *path;
  int64_t offset, size;
} shim_part;

// One entry of a TorchScript file that is stored as it is: where in the part
// its bytes begin, and how many they are.
typedef struct {
  int64_t offset, size;
} shim_record;

// Load a TorchScript file, whose stored entries are records, on a device such
// as "cuda:0"; "" is the CPU.
void *shim_load(shim_part part, const shim_record *records, int64_t n, const char *device, char **err);

// Run forward and return its result, an IValue, and how long it took.
void *shim_forward(void *module, void **values, int n, double *seconds, char **err);

// A tensor with the same values on a device.
void *shim_on_device(void *tensor, const char *device, char **err);

// The declaration of forward: for each argument but self its name, type and
// "=default" or "", then the type of the result, each followed by a NUL; a
// NamedTuple is written as a Tuple. *len is -1 when the module has no forward.
char *shim_schema(void *module, int64_t *len, char **err);

// A copy of value in which lists, dicts and tuples have the element types that
// argument i of forward wants; self is argument 0.
void *shim_typed(void *module, int i, void *value, char **err);

// A tensor whose memory is plain: dense, contiguous, on the CPU, quantized
// values as float, complex ones as pairs. NULL without *err for a tensor that
// has no values to read. It fails rather than copy more than max_bytes.
void *shim_plain(void *tensor, int64_t max_bytes, char **err);

// The number of elements.
int64_t shim_numel(void *tensor, char **err);

// Let the signals of a crash end the process instead of Go's runtime.
void shim_die_of_signals(void);

#ifdef __cplusplus
}
#endif
