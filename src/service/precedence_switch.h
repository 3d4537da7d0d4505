// Whether DANE goes before MTA-STS (RFC 8461 section 2): what Postfix's level is, whether
// it asks with DNSSEC, and whether the resolver validates. Says so when that changes.
// Answer loop only.
#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "dnsdata/dns_answer.h"
#include "service/postfix_level.h"

namespace tlspolicyd {

class PrecedenceSwitch {
 public:
  explicit PrecedenceSwitch(Logger& log) : log_(log) {}

  void set_postfix(const PostfixTls& tls);
  // `canary`: what was asked, for the message.
  void set_resolver(AdBit ad, const std::string& canary);

  [[nodiscard]] bool level_known() const { return tls_.has_value(); }
  [[nodiscard]] BaseLevel base_level() const { return tls_ ? tls_->level : BaseLevel::unknown; }
  [[nodiscard]] bool active() const { return wanted() && validates(); }
  [[nodiscard]] bool validates() const { return ad_ == AdBit::trusted; }

 private:
  // The Postfix served does DANE.
  [[nodiscard]] bool wanted() const;
  void tell();

  Logger& log_;
  std::optional<PostfixTls> tls_;
  AdBit ad_ = AdBit::trusted;
  std::string canary_;
  bool told_active_ = false, told_blind_ = false;
};

}  // namespace tlspolicyd
