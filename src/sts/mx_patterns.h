// The MX host patterns of a policy (RFC 8461 section 3.2), canonical by construction, in
// the order published. One string, since a million policies lie in memory and a reply
// should touch little of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tlspolicyd {

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
