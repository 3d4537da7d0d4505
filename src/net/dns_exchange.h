// One query on its way to one resolver over one socket of its own, until its reply comes.
// Knows no time limit: its owner destroys it. Answer loop only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "event/loop.h"
#include "net/dns_codec.h"
#include "base/resolver.h"

namespace tlspolicyd {

class DnsExchange {
 public:
  struct Outcome {
    enum class Kind {
      reply,      // to this query, not judged further
      truncated,  // the reply is too long for this transport
      broken,     // no reply will come
    };
    Kind kind = Kind::reply;
    Octets reply;       // good during the call
    std::string cause;  // of broken, for people
  };
  // Runs at most once, never from within open_...(); must not destroy the exchange.
  using Done = std::function<void(const Outcome&)>;

  virtual ~DnsExchange() = default;
};

// Or the errno of the call that failed.
using Opened = tl::expected<std::unique_ptr<DnsExchange>, int>;

// A connected socket on a random port of the kernel's choice, so that only datagrams from the
// resolver's address and port arrive. What is no reply to `query` is counted in `foreign` and
// otherwise ignored. `query` is used as long as the exchange lives.
[[nodiscard]] Opened open_udp(Loop& loop, const Resolver& resolver, Octets query,
                              std::uint64_t& foreign, DnsExchange::Done done);

// Two octets of length before each message (RFC 7766 section 8).
[[nodiscard]] Opened open_tcp(Loop& loop, const Resolver& resolver, Octets query,
                              DnsExchange::Done done);

// A non-blocking socket that is connected to `resolver`, or is about to be; or errno.
[[nodiscard]] tl::expected<UniqueFd, int> connect_to(const Resolver& resolver, int socket_type);

// "Connection refused".
[[nodiscard]] std::string error_text(int error);

}  // namespace tlspolicyd
