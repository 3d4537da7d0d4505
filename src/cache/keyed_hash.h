// A hash of names that strangers choose: keyed at random, so that nobody outside can
// pick names that fall together (SipHash-1-3). Not for signatures. Any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "sts/domain.h"

namespace tlspolicyd {

class KeyedHash {
 public:
  struct Key {
    std::uint64_t first, second;
  };
  KeyedHash();  // a random key
  explicit KeyedHash(Key key) : key_(key) {}

  [[nodiscard]] std::uint64_t operator()(std::string_view text) const noexcept;

 private:
  Key key_;
};

// For hash tables of domains.
struct DomainHash {
  KeyedHash hash;
  [[nodiscard]] std::uint64_t operator()(const Domain& domain) const noexcept { return hash(domain.text()); }
};

}  // namespace tlspolicyd
