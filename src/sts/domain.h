// A policy domain (RFC 8461 section 1.1): the one form under which it is asked, cached
// and shown. The only place that knows libidn2.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tlspolicyd {

// A-labels in lower case, no root dot, at least two labels, the last one not all
// digits, at most 244 octets so that `_mta-sts.` fits before it.
class Domain {
 public:
  // `text`: UTF-8; U-labels are converted (UTS 46, non-transitional), case is folded,
  // one root dot is dropped. Fails for single labels, IP addresses, underscores and
  // everything that is no host name (RFC 1123 section 2.1).
  [[nodiscard]] static Result<Domain> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] std::string txt_name() const { return "_mta-sts." + text_; }    // section 3.1
  [[nodiscard]] std::string policy_host() const { return "mta-sts." + text_; }  // section 3.2

  friend auto operator<=>(const Domain&, const Domain&) = default;

 private:
  explicit Domain(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace tlspolicyd
