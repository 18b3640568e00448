// tests/allocation/counting.cpp - the replaced operators
// A block is preceded by its size, so that live bytes are exact; over-aligned types are not used.
#include "counting.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace allocation {

counters& now() {
  static counters c;
  return c;
}

namespace {

constexpr std::size_t head = alignof(std::max_align_t);
static_assert(head >= sizeof(std::size_t));

void* allocate(std::size_t size) noexcept {
  counters& c = now();
  if (c.counting) {
    const std::uint64_t number = c.allocations++;
    if (number >= c.fail_from && number < c.fail_to) {
      ++c.failures;
      return nullptr;
    }
  }
  void* block = std::malloc(size + head);
  if (block == nullptr) return nullptr;
  std::memcpy(block, &size, sizeof size);
  c.live_bytes += size;
  if (c.live_bytes > c.peak_bytes) c.peak_bytes = c.live_bytes;
  ++c.live_blocks;
  return static_cast<char*>(block) + head;
}

void* allocate_or_throw(std::size_t size) {
  void* at = allocate(size);
  if (at == nullptr) throw std::bad_alloc{};
  return at;
}

void release(void* at) noexcept {
  if (at == nullptr) return;
  void* block = static_cast<char*>(at) - head;
  std::size_t size = 0;
  std::memcpy(&size, block, sizeof size);
  now().live_bytes -= size;
  --now().live_blocks;
  std::free(block);
}

}  // namespace
}  // namespace allocation

void* operator new(std::size_t size) { return allocation::allocate_or_throw(size); }
void* operator new[](std::size_t size) { return allocation::allocate_or_throw(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return allocation::allocate(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return allocation::allocate(size);
}
void operator delete(void* at) noexcept { allocation::release(at); }
void operator delete[](void* at) noexcept { allocation::release(at); }
void operator delete(void* at, std::size_t) noexcept { allocation::release(at); }
void operator delete[](void* at, std::size_t) noexcept { allocation::release(at); }
void operator delete(void* at, const std::nothrow_t&) noexcept { allocation::release(at); }
void operator delete[](void* at, const std::nothrow_t&) noexcept { allocation::release(at); }
