// Owners for objects of C libraries, one alias per type where the type is used.
#pragma once

#include <memory>

namespace tlspolicyd {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* p) const noexcept {
    static_cast<void>(Free(p));
  }
};

// One pointer wide; destroys with `Free`, whatever that returns.
template <typename T, auto Free>
using CPtr = std::unique_ptr<T, FreeWith<Free>>;

}  // namespace tlspolicyd
