// Matching of MX host names against a policy's patterns (RFC 8461 section 4.1). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tlspolicyd {

/// Checks an `mx` value and gives its canonical form: lower case, no root dot.
[[nodiscard]] Result<std::string> parse_mx_pattern(std::string_view value);

/// Null, or why no host name can match `pattern` (in canonical form), to follow its text in a
/// message. Grammar allows such patterns: an IPv4 address is four labels to it (RFC 5321
/// section 4.1.2), but no host name ends in a number, and none is longer than DNS can carry.
[[nodiscard]] const char* unmatchable(std::string_view pattern);

/// Whether `host` (A-labels, any case, with or without root dot) is covered by `pattern`
/// in canonical form. "*" stands for exactly one complete left-most label.
[[nodiscard]] bool mx_matches(std::string_view pattern, std::string_view host);

[[nodiscard]] bool any_mx_matches(const std::vector<std::string>& patterns, std::string_view host);

class MxPatterns {
 public:
  MxPatterns() = default;

  // `value`: of an `mx` field. Fails, and adds nothing, for what is no pattern and for a pattern
  // that no host name can match: OpenSSL takes an address in Postfix's match= as an order to find
  // it in the certificate.
  [[nodiscard]] Result<void> add(std::string_view value);

  // The patterns with kBetween between them, and back: nothing where one is not canonical. Those
  // that no host name can match, which earlier versions stored, are left out.
  static constexpr char kBetween = '\n';
  [[nodiscard]] const std::string& joined() const { return joined_; }
  [[nodiscard]] static std::optional<MxPatterns> parse_joined(std::string_view joined);

  // Whether one of them allows mail to this host: a host name in lower case, without root dot.
  [[nodiscard]] bool allow(std::string_view host) const;

  [[nodiscard]] bool empty() const { return joined_.empty(); }
  [[nodiscard]] std::vector<std::string> list() const;

  friend bool operator==(const MxPatterns&, const MxPatterns&) = default;

 private:
  void append(std::string_view pattern);

  std::string joined_;
};

}  // namespace tlspolicyd
