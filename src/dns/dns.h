// The port for DNS questions. The real one is dns/dns_client.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/resolver.h"
#include "dnsdata/dns_answer.h"
#include "event/ticket.h"

namespace tlspolicyd {

// What a question is asked for, which decides about its turn (dns/link/dns_turns.h).
enum class DnsTurn : std::uint8_t {
  enforced,       // DANE of a domain whose enforced policy applies: its mail must not wait
  first_contact,  // somebody waits for a name of which nothing is cached
  mail_host,      // the same, of the many mail hosts that a stranger's domain may name
  refresh,        // nobody waits
};

class Dns {
 public:
  using Done = std::function<void(const DnsAnswer&)>;

  virtual ~Dns() = default;
  // Asks for one name and type, following CNAMEs (unless CNAME itself is asked) as far
  // as the client allows. Always answers within the client's time for all its tries.
  // The client caches nothing.
  [[nodiscard]] virtual Ticket ask(const DnsQuestion& question, DnsTurn turn, Done done) = 0;
  [[nodiscard]] Ticket ask(const DnsQuestion& question, Done done) {
    return ask(question, DnsTurn::first_contact, std::move(done));
  }
};

// One that also tries its resolvers one by one: whether each validates DNSSEC. What is asked by ask()
// goes only to those that do, and waits until one is known to, but not for long.
class ValidatingDns : public Dns {
 public:
  [[nodiscard]] virtual const std::vector<Resolver>& resolvers() = 0;
  [[nodiscard]] virtual Ticket ask_one(const Resolver& resolver, const DnsQuestion& question, Done done) = 0;
  virtual void set_validates(const Resolver& resolver, bool validates) = 0;
  // `tell` runs, on a turn of its own, whenever there is a resolver that has not been tried.
  virtual void on_new_resolver(std::function<void()> tell) = 0;
};

}  // namespace tlspolicyd
