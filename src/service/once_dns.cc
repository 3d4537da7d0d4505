#include "service/once_dns.h"

namespace tlspolicyd {

Ticket OnceDns::ask(const DnsQuestion& question, Done done) {
  if (question.type != RrType::tlsa) return dns_.ask(question, std::move(done));
  const auto asker = std::make_shared<Done>(std::move(done));
  const auto [place, is_new] = asked_.try_emplace(question.name);
  Asked& asked = place->second;
  if (asked.answer) tell_later(asked, asker);
  else asked.askers.push_back(asker);
  if (is_new) asked.ticket = dns_.ask(question, [this, &asked](const DnsAnswer& answer) { tell(asked, answer); });
  return Ticket([asker] { *asker = nullptr; });
}

void OnceDns::tell(Asked& asked, const DnsAnswer& answer) {
  asked.answer = answer;
  for (const Asker& asker : std::exchange(asked.askers, {}))
    if (const Done done = std::exchange(*asker, nullptr)) done(answer);
}

void OnceDns::tell_later(const Asked& asked, const Asker& asker) {
  loop_.post([asker, answer = *asked.answer] {
    if (const Done done = std::exchange(*asker, nullptr)) done(answer);
  });
}

}  // namespace tlspolicyd
