// Whether DANE goes before MTA-STS (RFC 8461 section 2): what Postfix's level is, whether
// it asks with DNSSEC, and whether the resolver validates. Says so when that changes.
// Answer loop only.
#pragma once

#include <optional>
#include <string>

#include "base/log.h"
#include "dnsdata/dns_answer.h"
#include "postconf/postfix_setup.h"

namespace tlspolicyd {

class PrecedenceSwitch {
 public:
  explicit PrecedenceSwitch(Logger& log) : log_(log) {}

  void set_postfix(const PostfixTls& tls);
  // There are clients that say they are at level dane, whatever main.cf has.
  void set_dane_clients();
  // `canary`: what was asked, for the message.
  void set_resolver(AdBit ad, const std::string& canary);

  [[nodiscard]] bool level_known() const { return tls_.has_value(); }
  [[nodiscard]] BaseLevel base_level() const { return postfix().level; }
  [[nodiscard]] PostfixTls postfix() const { return tls_.value_or(PostfixTls{}); }
  [[nodiscard]] bool active() const { return wanted() && validates(); }
  [[nodiscard]] bool validates() const { return ad_ == AdBit::trusted; }

 private:
  // The Postfix served does DANE.
  [[nodiscard]] bool wanted() const;
  void tell();

  Logger& log_;
  std::optional<PostfixTls> tls_;
  AdBit ad_ = AdBit::trusted;
  bool dane_clients_ = false;
  std::string canary_;
  bool told_active_ = false, told_blind_ = false;
};

}  // namespace tlspolicyd
