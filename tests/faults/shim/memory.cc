// A heap with a bound that the test chooses. What is freed can be had again.
#include <malloc.h>

#include <cerrno>
#include <cstddef>

#include "page.h"

extern "C" {
void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* old, std::size_t size) noexcept;
void __libc_free(void* block) noexcept;
}

namespace {

// Whether `size` more octets are too many.
bool is_out(std::size_t size) noexcept {
  const Page* const told = page();
  if (told == nullptr || told->heap_limit == 0) return false;
  if (told->heap_used + static_cast<std::int64_t>(size) <= told->heap_limit) return false;
  errno = ENOMEM;
  return true;
}

void note(void* block, int sign) noexcept {
  if (Page* const told = page(); told != nullptr && block != nullptr)
    told->heap_used += sign * static_cast<std::int64_t>(malloc_usable_size(block));
}

void* noted(void* block) noexcept {
  note(block, 1);
  return block;
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) noexcept { return is_out(size) ? nullptr : noted(__libc_malloc(size)); }

void* calloc(std::size_t count, std::size_t size) noexcept {
  return is_out(count * size) ? nullptr : noted(__libc_calloc(count, size));
}

void* realloc(void* old, std::size_t size) noexcept {
  const std::size_t had = old == nullptr ? 0 : malloc_usable_size(old);
  if (size > had && is_out(size - had)) return nullptr;
  note(old, -1);
  void* const block = noted(__libc_realloc(old, size));
  if (block == nullptr && size != 0) note(old, 1);
  return block;
}

void free(void* block) noexcept {
  note(block, -1);
  __libc_free(block);
}

}  // extern "C"
