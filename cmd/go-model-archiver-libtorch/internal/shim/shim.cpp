//go:build libtorch

#include "shim.h"

#include <csignal>
#include <cstring>
#include <sstream>

#include <torch/script.h>

using c10::IValue;
using c10::TypePtr;

// libtch's, which let pass what is not a std::exception.
extern "C" {
void *atm_load_on_device(char *path, int device);
void *atm_forward_(void *module, void **values, int n);
}

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

IValue typed_tuple(const IValue &value, c10::ArrayRef<TypePtr> types) {
  const auto &elements = value.toTupleRef().elements();
  std::vector<IValue> out;
  for (size_t i = 0; i < elements.size(); i++)
    out.push_back(i < types.size() ? typed(elements[i], types[i]) : elements[i]);
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
    return typed_tuple(value, tuple->elements());
  if (type->kind() == c10::TypeKind::FloatType && value.isInt())
    return static_cast<double>(value.toInt());
  return value;
}

void require_copy(const at::Tensor &t, int64_t element_size, int64_t max_bytes) {
  if (t.numel() > max_bytes / element_size) {
    std::ostringstream message;
    message << "reading it needs a copy of " << t.numel() << " elements, and at most " << max_bytes
            << " bytes are copied";
    throw std::runtime_error(message.str());
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
  if (t.is_complex())
    t = at::view_as_real(t);
  if (!readable(t.scalar_type())) {
    require_copy(t, sizeof(float), max_bytes);
    t = t.to(at::kFloat);
  }
  return t;
}

} // namespace

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
const char *shim_version(void) { return TEXT(LIBTORCH_VERSION); }

void *shim_load(char *path, char **err) {
  return guarded(err, [&] { return atm_load_on_device(path, -1); });
}

void *shim_forward(void *module, void **values, int n, char **err) {
  return guarded(err, [&] { return atm_forward_(module, values, n); });
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
      text << a.name() << '\0' << a.type()->annotation_str() << '\0';
      if (a.default_value())
        text << '=' << *a.default_value();
      text << '\0';
    }
    for (const auto &r : schema.returns())
      text << r.type()->annotation_str() << '\0';
    const std::string s = text.str();
    char *out = static_cast<char *>(malloc(s.size() + 1));
    if (out == nullptr)
      throw std::bad_alloc();
    memcpy(out, s.data(), s.size());
    *len = static_cast<int64_t>(s.size());
    return out;
  });
}

void *shim_typed(void *module, int i, void *value, char **err) {
  return guarded(err, [&]() -> void * {
    const auto &arguments = forward_schema(module).arguments();
    const IValue &v = *static_cast<IValue *>(value);
    return new IValue(static_cast<size_t>(i) < arguments.size() ? typed(v, arguments[i].type()) : v);
  });
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

void shim_die_of_signals(void) {
  for (int s : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
    std::signal(s, SIG_DFL);
}
