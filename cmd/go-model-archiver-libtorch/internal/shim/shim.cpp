//go:build libtorch

#include "mapped.h"
#include "shim.h"

#include <chrono>
#include <csignal>
#include <cstring>
#include <sstream>

#include <dlfcn.h>

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/cuda.h>
#include <torch/script.h>
#include <torch/version.h>

using c10::IValue;
using c10::TypePtr;

namespace {

template <class F> auto guarded(char **err, F f) -> decltype(f()) {
  try {
    return f();
  } catch (const std::exception &e) {
    *err = strdup(e.what());
  } catch (...) {
    *err = strdup("a C++ exception that is no std::exception");
  }
  return {};
}

[[noreturn]] void fail(const std::string &message) { throw std::runtime_error(message); }

char *copy_of(const std::string &s) {
  char *out = static_cast<char *>(malloc(s.size() + 1));
  if (out == nullptr)
    throw std::bad_alloc();
  memcpy(out, s.c_str(), s.size() + 1);
  return out;
}

// Why CUDA cannot be used here; empty when it can. Its half of libtorch is not
// linked, because it takes a second to load: it registers itself when it is
// opened, which must be before libtorch first asks for it.
const std::string &no_cuda() {
  static const std::string reason = []() -> std::string {
    for (const char *name : {"libcuda.so.1", "libtorch_cuda.so"})
      if (dlopen(name, RTLD_NOW | RTLD_GLOBAL) == nullptr)
        return dlerror();
    return torch::cuda::is_available() ? "" : "there is no CUDA device";
  }();
  return reason;
}

c10::Device device_of(const char *text) {
  if (*text == 0)
    return c10::kCPU;
  const c10::Device device{std::string(text)};
  if (!device.is_cuda())
    return device;
  if (!no_cuda().empty())
    fail("this libtorch has no CUDA here: " + no_cuda());
  const auto count = static_cast<int64_t>(torch::cuda::device_count());
  if (device.index() >= count)
    fail("this libtorch has no CUDA device " + std::to_string(device.index()) + ", it has " + std::to_string(count));
  return device;
}

const c10::FunctionSchema &forward_schema(void *module) {
  return static_cast<torch::jit::Module *>(module)->get_method("forward").function().getSchema();
}

IValue typed(const IValue &value, const TypePtr &type);

IValue typed_list(const IValue &value, const TypePtr &element) {
  c10::impl::GenericList out(element);
  out.reserve(value.toListRef().size());
  for (const IValue &item : value.toListRef())
    out.push_back(typed(item, element));
  return out;
}

IValue typed_dict(const IValue &value, const TypePtr &key, const TypePtr &element) {
  c10::impl::GenericDict out(key, element);
  for (const auto &entry : value.toGenericDict())
    out.insert(typed(entry.key(), key), typed(entry.value(), element));
  return out;
}

IValue typed_tuple(const IValue &value, const c10::TupleTypePtr &type) {
  const auto &elements = value.toTupleRef().elements();
  const auto types = type->elements();
  std::vector<IValue> out;
  for (size_t i = 0; i < elements.size(); i++)
    out.push_back(i < types.size() ? typed(elements[i], types[i]) : elements[i]);
  if (type->schema() && out.size() == types.size()) // a NamedTuple
    return c10::ivalue::Tuple::createNamed(std::move(out), type);
  return c10::ivalue::Tuple::create(std::move(out));
}

// What does not fit is left as it is: forward then says so in its own words.
IValue typed(const IValue &value, const TypePtr &type) {
  if (auto optional = type->cast<c10::OptionalType>())
    return value.isNone() ? value : typed(value, optional->getElementType());
  if (auto list = type->cast<c10::ListType>(); list && value.isList())
    return typed_list(value, list->getElementType());
  if (auto dict = type->cast<c10::DictType>(); dict && value.isGenericDict())
    return typed_dict(value, dict->getKeyType(), dict->getValueType());
  if (auto tuple = type->cast<c10::TupleType>(); tuple && value.isTuple())
    return typed_tuple(value, tuple);
  if (type->kind() == c10::TypeKind::FloatType && value.isInt())
    return static_cast<double>(value.toInt());
  return value;
}

// A type as TorchScript writes it, but with a NamedTuple as the Tuple that it is:
// its name alone does not tell what it is made of.
std::string annotation(const c10::Type &type) {
  using Printed = c10::TypePrinter::result_type;
  return type.annotation_str([](const c10::Type &t) -> Printed {
    const auto tuple = t.cast<c10::TupleType>();
    if (!tuple || !tuple->schema() || tuple->elements().empty())
      return {};
    std::string text;
    for (const auto &element : tuple->elements())
      text += (text.empty() ? "Tuple[" : ", ") + annotation(*element);
    return text + "]";
  });
}

void require_copy(const at::Tensor &t, int64_t element_size, int64_t max_bytes) {
  if (t.numel() > max_bytes / element_size) {
    std::ostringstream message;
    message << "reading it needs a copy of " << t.numel() << " elements, and at most " << max_bytes
            << " bytes are copied";
    fail(message.str());
  }
}

// The dtypes whose memory Go reads; the others go by way of float32.
bool readable(at::ScalarType type) {
  switch (type) {
  case at::kByte: case at::kChar: case at::kShort: case at::kInt: case at::kLong:
  case at::kHalf: case at::kBFloat16: case at::kFloat: case at::kDouble: case at::kBool:
    return true;
  default:
    return false;
  }
}

at::Tensor plain(at::Tensor t, int64_t max_bytes) {
  if (t.layout() != at::kStrided) {
    require_copy(t, t.element_size(), max_bytes);
    t = t.to_dense();
  }
  if (t.is_quantized()) {
    require_copy(t, sizeof(float), max_bytes);
    t = t.dequantize();
  }
  if (!t.device().is_cpu() || !t.is_contiguous() || t.is_conj() || t.is_neg()) {
    require_copy(t, t.element_size(), max_bytes);
    t = t.cpu().resolve_conj().resolve_neg().contiguous();
  }
  if (t.is_complex()) {
    t = at::view_as_real(t.scalar_type() == at::kComplexHalf ? t.to(at::kComplexFloat) : t);
  } else if (!readable(t.scalar_type())) {
    const auto type = at::isIntegralType(t.scalar_type(), false) ? at::kDouble : at::kFloat;
    require_copy(t, c10::elementSize(type), max_bytes);
    t = t.to(type);
  }
  return t;
}

} // namespace

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)

// A worker may find another libtorch than it was built against, and run all the
// same. Debian's package has another version than its libtorch says of itself.
char *shim_version(char **err) {
  return guarded(err, [] {
    const std::string config = at::show_config(), key = "TORCH_VERSION=";
    const std::string built = TEXT(TORCH_VERSION_MAJOR) "." TEXT(TORCH_VERSION_MINOR) "." TEXT(TORCH_VERSION_PATCH);
    const size_t at = config.find(key), begin = at + key.size();
    const std::string said = at == std::string::npos ? built : config.substr(begin, config.find_first_of(", \n", begin) - begin);
    return copy_of(said == built ? TEXT(LIBTORCH_VERSION) : said);
  });
}

char *shim_open(const char *path, char **err) {
  return guarded(err, [&]() -> char * {
    if (dlopen(path, RTLD_NOW | RTLD_GLOBAL) == nullptr)
      fail(dlerror());
    return nullptr;
  });
}

void *shim_load(shim_part part, const shim_record *records, int64_t n, const char *device, char **err) {
  return guarded(err, [&] { return new torch::jit::Module(load_mapped(part, records, n, device_of(device))); });
}

void *shim_forward(void *module, void **values, int n, double *seconds, char **err) {
  return guarded(err, [&] {
    std::vector<IValue> inputs;
    for (int i = 0; i < n; i++)
      inputs.push_back(*static_cast<IValue *>(values[i]));
    const auto start = std::chrono::steady_clock::now();
    auto out = std::make_unique<IValue>(static_cast<torch::jit::Module *>(module)->forward(std::move(inputs)));
    if (torch::cuda::is_available()) // never before CUDA was asked for
      torch::cuda::synchronize();
    *seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return out.release();
  });
}

char *shim_schema(void *module, int64_t *len, char **err) {
  return guarded(err, [&]() -> char * {
    *len = -1;
    if (!static_cast<torch::jit::Module *>(module)->find_method("forward"))
      return nullptr;
    const auto &schema = forward_schema(module);
    std::ostringstream text;
    for (size_t i = 1; i < schema.arguments().size(); i++) {
      const auto &a = schema.arguments()[i];
      text << a.name() << '\0' << annotation(*a.type()) << '\0';
      if (a.default_value())
        text << '=' << *a.default_value();
      text << '\0';
    }
    for (const auto &r : schema.returns())
      text << annotation(*r.type()) << '\0';
    const std::string s = text.str();
    *len = static_cast<int64_t>(s.size());
    return copy_of(s);
  });
}

void *shim_typed(void *module, int i, void *value, char **err) {
  return guarded(err, [&]() -> void * {
    const auto &arguments = forward_schema(module).arguments();
    const IValue &v = *static_cast<IValue *>(value);
    return new IValue(static_cast<size_t>(i) < arguments.size() ? typed(v, arguments[i].type()) : v);
  });
}

void *shim_on_device(void *tensor, const char *device, char **err) {
  return guarded(err, [&] { return new at::Tensor(static_cast<at::Tensor *>(tensor)->to(device_of(device))); });
}

void *shim_plain(void *tensor, int64_t max_bytes, char **err) {
  return guarded(err, [&]() -> void * {
    const at::Tensor &t = *static_cast<at::Tensor *>(tensor);
    if (t.device().is_meta() || t.numel() == 0)
      return nullptr;
    return new at::Tensor(plain(t, max_bytes));
  });
}

int64_t shim_numel(void *tensor, char **err) {
  return guarded(err, [&] { return static_cast<at::Tensor *>(tensor)->numel(); });
}

int shim_cxx11_abi(void) { return _GLIBCXX_USE_CXX11_ABI; }

char *shim_config(char **err) {
  return guarded(err, [] { return copy_of(at::show_config()); });
}

// Several BLAS may be mapped, such as LAPACK's own: only the linker's choice tells.
const char *shim_blas_file(void) {
  void *sgemm = dlsym(RTLD_DEFAULT, "sgemm_");
  Dl_info info;
  return sgemm && dladdr(sgemm, &info) ? info.dli_fname : nullptr;
}

int shim_cuda_devices(char **err) {
  return guarded(err, [] { return no_cuda().empty() ? static_cast<int>(torch::cuda::device_count()) : 0; });
}

double shim_gflops(char **err) {
  return guarded(err, [] {
    constexpr int n = 256;
    constexpr double operations = 2.0 * n * n * n;
    using clock = std::chrono::steady_clock;
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const at::Tensor a = at::rand({n, n}), b = at::rand({n, n});
    at::mm(a, b); // the first one also starts the library
    double best = 0;
    for (const auto begin = clock::now(); clock::now() - begin < std::chrono::milliseconds(100);) {
      const auto start = clock::now();
      at::mm(a, b);
      best = std::max(best, operations / std::chrono::duration<double>(clock::now() - start).count());
    }
    at::set_num_threads(threads);
    return best / 1e9;
  });
}

void shim_die_of_signals(void) {
  for (int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
    std::signal(s, SIG_DFL);
}
