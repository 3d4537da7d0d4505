#include "learn/precedence_switch.h"

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

void PrecedenceSwitch::set_resolver(AdBit ad, const std::string& canary) {
  ad_ = ad;
  canary_ = canary;
  tell();
}

void PrecedenceSwitch::tell() {
  const bool blind = (wanted() || dane_clients_) && !validates();
  if (blind && !std::exchange(told_blind_, true)) {
    const bool ignored = ad_ == AdBit::not_trusted;
    log_.warning(LogLine("resolver")
                     .with("reason", ignored ? "its AD is not trusted here, by resolver_trust_ad"
                                             : "no AD in its answer to " + canary_ + ": it does not validate DNSSEC")
                     .with("effect", "DANE is not looked at, and replies follow MTA-STS alone")
                     .with("cure", ignored
                                       ? "run a validating resolver on loopback, or, where nobody can forge answers on "
                                         "the way from this one, set resolver_trust_ad = always"
                                       : "let resolver name a validating one on loopback; if it does validate, let "
                                         "dane_canary name a signed record"));
  }
  told_blind_ = blind;
  if (std::exchange(told_active_, active()) != active())
    log_.info(LogLine("dane").with("precedence", active() ? "on" : "off"));
}

}  // namespace tlspolicyd
