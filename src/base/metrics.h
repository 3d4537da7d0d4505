// Counters by name and label, the same words as in the log and in `--status`.
// Answer loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace tlspolicyd {

class Metrics {
 public:
  using Family = std::map<std::string, std::uint64_t, std::less<>>;  // by label value

  // The counter, made with 0 on first use. The reference stays good for the life of
  // this object, so that hot paths look it up once.
  // `label` is a word of ours, never remote text: the number of counters is bounded.
  [[nodiscard]] std::uint64_t& counter(std::string_view name, std::string_view label);
  void add(std::string_view name, std::string_view label) { ++counter(name, label); }

  [[nodiscard]] std::uint64_t value(std::string_view name, std::string_view label) const;
  [[nodiscard]] const std::map<std::string, Family, std::less<>>& families() const { return families_; }

 private:
  std::map<std::string, Family, std::less<>> families_;
};

}  // namespace tlspolicyd
