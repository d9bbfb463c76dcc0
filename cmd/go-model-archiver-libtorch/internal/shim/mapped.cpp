//go:build libtorch

#include "mapped.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <c10/core/CPUAllocator.h>
#include <caffe2/serialize/read_adapter_interface.h>

namespace {

constexpr int64_t smallest = 1 << 16; // bytes of a record that is worth a mapping
constexpr int64_t alignment = 64;     // of what libtorch allocates

// The mappings that are in use: their lengths, by where the record begins.
std::mutex mappings_mutex;
std::unordered_map<void *, size_t> &mappings() {
  static auto *all = new std::unordered_map<void *, size_t>; // tensors may outlive everything
  return *all;
}

// Gives back what Mapper allocated, or what the allocator below it did.
void release(void *data) {
  size_t length = 0;
  {
    std::lock_guard<std::mutex> lock(mappings_mutex);
    const auto found = mappings().find(data);
    if (found != mappings().end()) {
      length = found->second;
      mappings().erase(found);
    }
  }
  if (length == 0)
    return c10::GetDefaultCPUAllocator()->raw_deallocate(data);
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  munmap(reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(data) / page * page), length);
}

// libtorch allocates memory of a record's size and then asks for the bytes at
// the record's place to be read into it. Records come in the order of the file,
// so the place is guessed when the memory is asked for, and the memory is a
// mapping of it. After a right guess there is nothing to read; after a wrong
// one, reading overwrites the private pages.
class MappedFile final : public caffe2::serialize::ReadAdapterInterface {
public:
  MappedFile(const shim_part &part, const shim_record *records, size_t n)
      : fd_(open(part.path, O_RDONLY | O_CLOEXEC)), offset_(part.offset), size_(part.size), page_(sysconf(_SC_PAGESIZE)) {
    struct stat info;
    if (fd_ < 0 || fstat(fd_, &info) != 0)
      throw std::runtime_error("open the model: " + std::string(strerror(errno)));
    if (offset_ < 0 || size_ < 0 || size_ > info.st_size || offset_ > info.st_size - size_)
      throw std::runtime_error("the model reaches beyond the end of its file");
    for (size_t i = 0; i < n; i++)
      if (records[i].size >= smallest && (offset_ + records[i].offset) % alignment == 0 && records[i].offset <= size_ - records[i].size)
        places_[records[i].size].offsets.push_back(records[i].offset);
    for (auto &places : places_)
      std::sort(places.second.offsets.begin(), places.second.offsets.end());
  }
  ~MappedFile() override { close(fd_); }

  size_t size() const override { return size_; }

  size_t read(uint64_t pos, void *buf, size_t n, const char *) const override {
    const auto begin = static_cast<int64_t>(pos);
    if (begin < 0 || begin > size_)
      return 0;
    n = std::min<size_t>(n, size_ - begin);
    if (guessed(begin, buf, n))
      return n;
    size_t done = 0;
    while (done < n) {
      const ssize_t got = pread(fd_, static_cast<char *>(buf) + done, n - done, offset_ + begin + done);
      if (got > 0)
        done += got;
      else if (got == 0 || errno != EINTR)
        break;
    }
    return done;
  }

  // Memory of n bytes that maps the record guessed to come next, or none.
  c10::DataPtr map(size_t n) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto places = places_.find(n);
    if (places == places_.end() || places->second.next == places->second.offsets.size())
      return {};
    const int64_t offset = places->second.offsets[places->second.next], before = (offset_ + offset) % page_;
    const size_t length = n + before;
    void *base = mmap(nullptr, length, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd_, offset_ + offset - before);
    if (base == MAP_FAILED)
      return {};
    last_ = {offset, static_cast<char *>(base) + before};
    std::lock_guard<std::mutex> all(mappings_mutex);
    mappings()[last_.data] = length;
    return {last_.data, last_.data, release, c10::kCPU};
  }

private:
  struct Places {
    std::vector<int64_t> offsets; // of the records of one size
    size_t next = 0;
  };

  // Whether buf already maps what stands at pos; also learns what comes next.
  bool guessed(int64_t pos, const void *buf, size_t n) const {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto places = places_.find(n);
    if (places == places_.end())
      return false;
    const auto &offsets = places->second.offsets;
    const auto at = std::lower_bound(offsets.begin(), offsets.end(), pos);
    if (at == offsets.end() || *at != pos)
      return false;
    places->second.next = at - offsets.begin() + 1;
    return last_.data == buf && last_.offset == pos;
  }

  const int fd_;
  const int64_t offset_, size_; // of the model in the file
  const int64_t page_;
  mutable std::mutex mutex_;
  mutable std::map<int64_t, Places> places_; // by size
  struct {
    int64_t offset;
    void *data;
  } last_{};
};

// The allocator that hands out a file's mappings while it is loaded, and else
// what libtorch's own does. It stays for good: oneDNN keeps memory without its
// deleter and gives it back to the allocator of that day. Whether allocate is
// const depends on the version of libtorch, as does copy_data.
class Mapper final : public c10::Allocator {
public:
  c10::DataPtr allocate(size_t n) const {
    if (MappedFile *file = file_) {
      c10::DataPtr mapped = file->map(n);
      if (mapped)
        return mapped;
    }
    return c10::GetDefaultCPUAllocator()->allocate(n);
  }
  c10::DataPtr allocate(size_t n) { return const_cast<const Mapper *>(this)->allocate(n); }
  c10::DeleterFnPtr raw_deleter() const override { return release; }
  void copy_data(void *to, const void *from, std::size_t n) const { memcpy(to, from, n); }

  std::atomic<MappedFile *> file_{};
};

Mapper &mapper() {
  static auto *installed = [] {
    auto *m = new Mapper;
    c10::SetCPUAllocator(m, 255); // 255 is the highest priority
    return m;
  }();
  return *installed;
}

struct Loading {
  explicit Loading(MappedFile &file) { mapper().file_ = &file; }
  ~Loading() { mapper().file_ = nullptr; }
};

} // namespace

torch::jit::Module load_mapped(const shim_part &part, const shim_record *records, size_t n, c10::Device device) {
  const auto file = std::make_shared<MappedFile>(part, records, n);
  const Loading loading(*file);
  return torch::jit::load(file, device);
}
