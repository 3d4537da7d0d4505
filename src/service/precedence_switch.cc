#include "service/precedence_switch.h"

#include <utility>

namespace tlspolicyd {

bool PrecedenceSwitch::wanted() const {
  return tls_ && tls_->dnssec && (tls_->level == BaseLevel::dane || tls_->level == BaseLevel::dane_only);
}

void PrecedenceSwitch::set_postfix(const PostfixTls& tls) {
  if (tls.level != base_level()) log_.info(LogLine("postfix").with("security_level", name_of(tls.level)));
  tls_ = tls;
  tell();
}

void PrecedenceSwitch::set_dane_clients() {
  dane_clients_ = true;
  tell();
}

void PrecedenceSwitch::set_validates(bool validates, const std::string& canary) {
  validates_ = validates;
  canary_ = canary;
  tell();
}

void PrecedenceSwitch::tell() {
  const bool blind = (wanted() || dane_clients_) && !validates_;
  if (blind && !std::exchange(told_blind_, true))
    log_.warning(LogLine("resolver")
                     .with("reason", "no AD that counts in its answer to " + canary_ + ": it does not validate DNSSEC")
                     .with("effect", "DANE is not looked at and replies follow MTA-STS alone")
                     .with("cure", "let resolver name a validating one on loopback; or set resolver_trust_ad or dane_canary"));
  told_blind_ = blind;
  if (std::exchange(told_active_, active()) != active())
    log_.info(LogLine("dane").with("precedence", active() ? "on" : "off"));
}

}  // namespace tlspolicyd
