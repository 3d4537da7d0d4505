// The limit of open descriptors, which bounds the connections that can be held.
#pragma once

#include <cstddef>

namespace tlspolicyd {

struct DescriptorLimit {
  std::size_t before;  // the soft limit as it was
  std::size_t now;
  // How many connections of Postfix that carries besides `reserved` other descriptors.
  [[nodiscard]] std::size_t connections(std::size_t reserved) const { return now > reserved ? now - reserved : 0; }
};

// Raises the soft limit to the hard one. At start.
DescriptorLimit raise_descriptor_limit();

// Descriptors 0 to 2, where whoever started this left them closed, lead nowhere: else a socket
// would get such a number, and with it what is meant for a terminal or the log. First of all.
void open_standard_descriptors();

// How many descriptors one kind of use may hold, of `most` that it would like: a quarter of
// the limit at the most, so that under a small limit no kind starves the others.
[[nodiscard]] std::size_t descriptor_share(std::size_t most);

}  // namespace tlspolicyd
