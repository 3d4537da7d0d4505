// The addresses of the family that DNS answers later, for a fetch that has begun, or waits for
// its turn, with those of the other. Lives on the loop of whoever asked for the fetch.
#pragma once

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "base/ip_address.h"

namespace tlspolicyd {

class LateAddresses {
 public:
  using Listener = std::function<void(const std::vector<IpAddress>&)>;

  // Once; with none where that family has none, or could not be looked up.
  void arrive(std::vector<IpAddress> addresses) {
    arrived_ = std::move(addresses);
    if (const auto listener = std::exchange(listener_, nullptr)) listener(*arrived_);
  }
  // Called at arrival, unless another takes its place before.
  void listen(Listener listener) { listener_ = std::move(listener); }

  [[nodiscard]] const std::optional<std::vector<IpAddress>>& arrived() const { return arrived_; }

 private:
  std::optional<std::vector<IpAddress>> arrived_;
  Listener listener_;
};

}  // namespace tlspolicyd
