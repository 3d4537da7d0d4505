#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "event/fd_event.h"
#include "net/dns_exchange.h"

namespace tlspolicyd {
namespace {

// More than we offered; servers that do not heed the offer are met with TCP.
constexpr std::size_t kDatagramMax = 4096;
// Datagrams read before other events get their turn, however fast forged ones arrive.
constexpr int kReadsPerTurn = 16;

class UdpExchange final : public DnsExchange {
 public:
  UdpExchange(Loop& loop, UniqueFd fd, Octets query, std::uint64_t& foreign, Done done)
      : query_(query), foreign_(foreign), done_(std::move(done)), fd_(std::move(fd)),
        event_(loop, fd_.get(), [this](FdEvent::Watch) { on_readable(); }) {
    event_.watch(FdEvent::Watch::read);
  }

 private:
  void on_readable() {
    for (int reads = 0; reads < kReadsPerTurn; ++reads)
      if (!read_one()) return;
  }

  // False: nothing is left to read, or the exchange has ended.
  bool read_one() {
    std::array<std::uint8_t, kDatagramMax> buffer;
    const ssize_t size = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_TRUNC);
    if (size < 0) return on_error(errno);
    const bool whole = static_cast<std::size_t>(size) <= buffer.size();
    const Octets message(buffer.data(), whole ? static_cast<std::size_t>(size) : buffer.size());
    if (!is_reply_to(query_, message)) {
      ++foreign_;
      return true;
    }
    finish({.kind = whole && !is_truncated(message) ? Outcome::Kind::reply : Outcome::Kind::truncated,
            .reply = message});
    return false;
  }

  bool on_error(int error) {
    if (error == EINTR) return true;
    if (error != EAGAIN) finish({.kind = Outcome::Kind::broken, .cause = error_text(error)});
    return false;
  }

  void finish(const Outcome& outcome) {
    event_.watch(FdEvent::Watch::nothing);
    done_(outcome);
  }

  Octets query_;
  std::uint64_t& foreign_;
  Done done_;
  UniqueFd fd_;
  FdEvent event_;
};

}  // namespace

Opened open_udp(Loop& loop, const Resolver& resolver, Octets query, std::uint64_t& foreign,
                DnsExchange::Done done) {
  auto fd = connect_to(resolver, SOCK_DGRAM);
  if (!fd) return tl::unexpected(fd.error());
  if (::send(fd->get(), query.data(), query.size(), MSG_NOSIGNAL) < 0) return tl::unexpected(errno);
  return std::make_unique<UdpExchange>(loop, *std::move(fd), query, foreign, std::move(done));
}

}  // namespace tlspolicyd
