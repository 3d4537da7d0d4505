#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "event/fd_event.h"
#include "net/dns_exchange.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kLengthSize = 2;

std::vector<std::uint8_t> framed(Octets query) {
  std::vector<std::uint8_t> out(kLengthSize + query.size());
  out[0] = static_cast<std::uint8_t>(query.size() >> 8);
  out[1] = static_cast<std::uint8_t>(query.size() & 0xFF);
  std::copy(query.begin(), query.end(), out.begin() + kLengthSize);
  return out;
}

// connect -> send -> read the length -> read the message
class TcpExchange final : public DnsExchange {
 public:
  TcpExchange(Loop& loop, UniqueFd fd, Octets query, Done done)
      : query_(query), out_(framed(query)), in_(kLengthSize), done_(std::move(done)),
        fd_(std::move(fd)), event_(loop, fd_.get(), [this](FdEvent::Watch ready) { on_ready(ready); }) {
    event_.watch(FdEvent::Watch::write);
  }

 private:
  void on_ready(FdEvent::Watch ready) {
    if (ready == FdEvent::Watch::write) return on_writable();
    on_readable();
  }

  // A connection that could not be made shows here, as the error of the first send().
  void on_writable() {
    const ssize_t size = ::send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (size < 0) return on_error(errno);
    sent_ += static_cast<std::size_t>(size);
    if (sent_ == out_.size()) event_.watch(FdEvent::Watch::read);
  }

  void on_readable() {
    const ssize_t size = ::recv(fd_.get(), in_.data() + filled_, in_.size() - filled_, 0);
    if (size < 0) return on_error(errno);
    if (size == 0) return fail("connection closed");
    filled_ += static_cast<std::size_t>(size);
    if (filled_ < in_.size()) return;
    if (filled_ > kLengthSize) return on_message(Octets(in_).subspan(kLengthSize));
    const std::size_t length = static_cast<std::size_t>(in_[0]) << 8 | in_[1];
    if (length == 0) return fail("empty message over TCP");
    in_.resize(kLengthSize + length);
  }

  // On a connection of our own any other message is the server's fault, not a forger's.
  void on_message(Octets message) {
    if (!is_reply_to(query_, message)) return fail("reply to another question over TCP");
    if (is_truncated(message)) return fail("truncated over TCP");
    finish({.reply = message});
  }

  void on_error(int error) {
    if (error != EINTR && error != EAGAIN) fail(error_text(error));
  }
  void fail(std::string cause) { finish({.kind = Outcome::Kind::broken, .cause = std::move(cause)}); }

  void finish(const Outcome& outcome) {
    event_.watch(FdEvent::Watch::nothing);
    done_(outcome);
  }

  Octets query_;
  std::vector<std::uint8_t> out_;
  std::vector<std::uint8_t> in_;  // grows to what the length announces, 65537 octets at most
  std::size_t sent_ = 0, filled_ = 0;
  Done done_;
  UniqueFd fd_;
  FdEvent event_;
};

}  // namespace

Opened open_tcp(Loop& loop, const Resolver& resolver, Octets query, DnsExchange::Done done) {
  auto fd = connect_to(resolver, SOCK_STREAM);
  if (!fd) return tl::unexpected(fd.error());
  return std::make_unique<TcpExchange>(loop, *std::move(fd), query, std::move(done));
}

}  // namespace tlspolicyd
