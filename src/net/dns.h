// The port for DNS questions. The real one is net/dns_client.
#pragma once

#include <functional>

#include "dnsdata/dns_answer.h"
#include "event/ticket.h"

namespace tlspolicyd {

class Dns {
 public:
  using Done = std::function<void(const DnsAnswer&)>;

  virtual ~Dns() = default;
  // Asks for one name and type, following CNAMEs (unless CNAME itself is asked) as far
  // as the client allows. Always answers within the client's time for all its tries.
  // The client caches nothing.
  [[nodiscard]] virtual Ticket ask(const DnsQuestion& question, Done done) = 0;
};

}  // namespace tlspolicyd
