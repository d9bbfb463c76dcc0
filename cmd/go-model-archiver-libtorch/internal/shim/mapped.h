#pragma once

#include <torch/script.h>

#include "shim.h"

// Load a TorchScript file. Large records become mappings of the file
// instead of copies: nothing is read before it is used, and what forward does
// not touch takes no memory. A model that writes to its weights writes to
// pages of its own.
torch::jit::Module load_mapped(const shim_part &part, const shim_record *records, size_t n, c10::Device device);
