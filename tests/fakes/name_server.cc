#include "name_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <stdexcept>

#include "base/text.h"

namespace tlspolicyd {
namespace {

using wire::Bytes;

constexpr std::size_t kHeader = 12;
constexpr unsigned kOpt = 41;

unsigned u16_at(const Bytes& message, std::size_t at) {
  return static_cast<unsigned>(static_cast<unsigned char>(message.at(at))) << 8 |
         static_cast<unsigned char>(message.at(at + 1));
}

sockaddr_in at(const IpAddress& ip, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  std::copy_n(ip.octets.begin(), sizeof address.sin_addr, reinterpret_cast<std::uint8_t*>(&address.sin_addr));
  return address;
}

UniqueFd bound(int type, const IpAddress& ip, std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1, room = 8 << 20;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(fd.get(), SOL_SOCKET, type == SOCK_DGRAM ? SO_RCVBUF : SO_SNDBUF, &room, sizeof room);
  const sockaddr_in address = at(ip, port);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return fd;
}

std::uint16_t port_of(const UniqueFd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

std::size_t question_end(const Bytes& query) {
  std::size_t at = kHeader;
  while (query.at(at) != 0) at += static_cast<unsigned char>(query.at(at)) + 1u;
  return at + 5;
}

std::string name_at_question(const Bytes& query) {
  std::string name;
  for (std::size_t at = kHeader; query.at(at) != 0;) {
    const auto size = static_cast<unsigned char>(query.at(at));
    name += (name.empty() ? "" : ".") + query.substr(at + 1, size);
    at += size + 1u;
  }
  return to_lower(name);
}

Bytes question_of(const Bytes& query) { return query.substr(kHeader, question_end(query) - kHeader); }

wire::Message reply_to(const Bytes& query, const NameServer::Script& script) {
  wire::Message message{.id = u16_at(query, 0), .flags = wire::kResponse | script.rcode};
  if (script.ad) message.flags |= wire::kAuthentic;
  message.question = {question_of(query)};
  return message;
}

Bytes forgery(NameServer::Prank prank, const Bytes& query, const NameServer::Script& script) {
  wire::Message message = reply_to(query, script);
  message.flags &= ~0xFu;
  message.answer = script.forged;
  switch (prank) {
    case NameServer::Prank::wrong_id: message.id ^= 0x0101; break;
    case NameServer::Prank::wrong_question:
      message.question = {wire::question(wire::name("other.example"), u16_at(query, question_end(query) - 4))};
      break;
    case NameServer::Prank::wrong_type: message.question.front()[message.question.front().size() - 3] ^= 0x20; break;
    case NameServer::Prank::not_a_response: message.flags &= ~0x8000u; break;
    case NameServer::Prank::garbage: return "?";
    case NameServer::Prank::other_port: break;
  }
  return message.bytes();
}

}  // namespace

struct NameServer::Peer {
  sockaddr_in udp{};
  int tcp = -1;
  std::size_t answers = 0;

  void send(int fd, const Bytes& message) const {
    ::sendto(fd, message.data(), message.size(), 0, reinterpret_cast<const sockaddr*>(&udp), sizeof udp);
  }
  void send_framed(const Bytes& message, std::size_t cut) const {
    const Bytes framed = wire::u16(static_cast<unsigned>(message.size())) + message;
    const std::size_t size = cut == 0 ? framed.size() : std::min(cut, framed.size());
    if (::send(tcp, framed.data(), size, MSG_NOSIGNAL) != static_cast<ssize_t>(size) || cut != 0)
      ::shutdown(tcp, SHUT_RDWR);
  }
};

struct NameServer::Late {
  std::unique_ptr<Timer> timer;
};

struct NameServer::Connection {
  Connection(NameServer& server, UniqueFd socket, unsigned from)
      : owner(server),
        port(from),
        fd(std::move(socket)),
        peer(std::make_shared<Peer>()),
        event(server.loop_, fd.get(), [this](FdEvent::Watch) { on_readable(); }) {
    peer->tcp = fd.get();
    event.watch(FdEvent::Watch::read);
  }

  void on_readable() {
    char buffer[4096];
    const ssize_t size = ::recv(fd.get(), buffer, sizeof buffer, 0);
    if (size <= 0) {
      closed = true;
      return event.watch(FdEvent::Watch::nothing);
    }
    in.append(buffer, static_cast<std::size_t>(size));
    while (in.size() >= 2 && in.size() >= 2 + u16_at(in, 0)) {
      const Bytes query = in.substr(2, u16_at(in, 0));
      in.erase(0, 2 + query.size());
      owner.on_query(query, peer, true, port);
    }
  }

  NameServer& owner;
  unsigned port;
  UniqueFd fd;
  std::shared_ptr<Peer> peer;
  Bytes in;
  bool closed = false;
  FdEvent event;
};

NameServer::NameServer(Loop& loop, std::uint16_t port, const std::string& address)
    : loop_(loop), absent_{.rcode = 3, .authority = {wire::soa("example", 60, 60)}} {
  resolver_ = *parse_resolver(address);
  bind_both(port);
  resolver_.port = port_of(udp_);
  elsewhere_ = bound(SOCK_DGRAM, resolver_.address, 0);
  udp_event_ = std::make_unique<FdEvent>(loop, udp_.get(), [this](FdEvent::Watch) { on_datagrams(); });
  tcp_event_ = std::make_unique<FdEvent>(loop, tcp_.get(), [this](FdEvent::Watch) { on_connection(); });
  udp_event_->watch(FdEvent::Watch::read);
  tcp_event_->watch(FdEvent::Watch::read);
}

NameServer::~NameServer() = default;

// Another program may hold the TCP port of the UDP port that the kernel gave.
void NameServer::bind_both(std::uint16_t port) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    udp_ = bound(SOCK_DGRAM, resolver_.address, port);
    if (udp_) tcp_ = bound(SOCK_STREAM, resolver_.address, port_of(udp_));
    if (tcp_ && ::listen(tcp_.get(), 128) == 0) return;
  }
  throw std::runtime_error("no port for a name server");
}

NameServer::Script& NameServer::set(const std::string& name, RrType type, Script script) {
  return table_[{name, type}] = std::move(script);
}

NameServer::Script& NameServer::set_txt(const std::string& name, const std::vector<std::string>& texts,
                                        std::uint32_t ttl) {
  Script script;
  for (const std::string& text : texts) script.answer.push_back(wire::txt(name, {text}, ttl));
  return set(name, RrType::txt, std::move(script));
}

NameServer::Script& NameServer::set_address(const std::string& name, std::string_view ip, std::uint32_t ttl) {
  const bool v4 = ip.find(':') == ip.npos;
  return set(name, v4 ? RrType::a : RrType::aaaa, {.answer = {wire::address(name, ip, ttl)}});
}

NameServer::Script& NameServer::set_cname(const std::string& name, const std::string& target, std::uint32_t ttl) {
  return aliases_[name] = Script{.answer = {wire::cname(name, target, ttl)}};
}

std::size_t NameServer::count(const std::string& name, RrType type) const {
  return static_cast<std::size_t>(std::count_if(
      asked.begin(), asked.end(), [&](const Asked& each) { return each.name == name && each.type == type; }));
}

std::size_t NameServer::open_connections() const {
  return static_cast<std::size_t>(
      std::count_if(connections_.begin(), connections_.end(), [](const Connection& each) { return !each.closed; }));
}

void NameServer::on_datagrams() {
  for (;;) {
    char buffer[4096];
    const auto peer = std::make_shared<Peer>();
    socklen_t size = sizeof peer->udp;
    const ssize_t got =
        ::recvfrom(udp_.get(), buffer, sizeof buffer, 0, reinterpret_cast<sockaddr*>(&peer->udp), &size);
    if (got < 0) return;
    on_query(Bytes(buffer, static_cast<std::size_t>(got)), peer, false, ntohs(peer->udp.sin_port));
  }
}

void NameServer::on_connection() {
  sockaddr_in from{};
  socklen_t size = sizeof from;
  UniqueFd fd(::accept4(tcp_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (fd) connections_.emplace_back(*this, std::move(fd), ntohs(from.sin_port));
}

void NameServer::on_query(const Bytes& query, const std::shared_ptr<Peer>& peer, bool tcp, unsigned port) {
  const std::size_t end = question_end(query);
  Asked seen{name_at_question(query),
             static_cast<RrType>(u16_at(query, end - 4)),
             tcp,
             u16_at(query, 0),
             u16_at(query, 2),
             port,
             0,
             false};
  if (query.size() >= end + 11 && u16_at(query, end + 1) == kOpt) {
    seen.edns_size = u16_at(query, end + 3);
    seen.edns_do = (u16_at(query, end + 7) & 0x8000) != 0;
  }
  ++asked_in_all;
  if (remember) asked.push_back(seen);
  Script& script = script_for(seen);
  if (hanging_ || script.drops < 0) return;
  if (script.drops > 0) {
    --script.drops;
    return;
  }
  if (script.delay == milliseconds(0)) return answer(query, seen, script, peer);
  late_.push_back({loop_.make([this, query, seen, peer] { answer(query, seen, script_for(seen), peer); })});
  late_.back().timer->start(script.delay);
}

NameServer::Script& NameServer::script_for(const Asked& seen) {
  const auto found = table_.find({seen.name, seen.type});
  if (found != table_.end()) return found->second;
  const auto alias = aliases_.find(seen.name);
  return alias == aliases_.end() ? absent_ : alias->second;
}

void NameServer::answer(const Bytes& query, const Asked& seen, Script& script, const std::shared_ptr<Peer>& peer) {
  wire::Message message = reply_to(query, script);
  const bool cut = script.truncate && !seen.tcp;
  if (script.refusals > 0) {
    --script.refusals;
    message.flags |= 5;
  } else if (script.edns_unknown && seen.edns_size != 0) {
    message = {.id = message.id, .flags = wire::kResponse | 1};
  } else if (cut) {
    message.flags |= wire::kTruncated;
  } else {
    message.answer = script.answer;
    message.authority = script.authority;
  }
  const Bytes bytes = script.raw.empty() || cut ? message.bytes() : query.substr(0, 2) + script.raw;
  if (seen.tcp) {
    peer->send_framed(bytes, script.tcp_cut);
    if (++peer->answers == tcp_answers) ::shutdown(peer->tcp, SHUT_RDWR);
    return;
  }
  if (script.prank_rounds > 0) --script.prank_rounds;
  else if (script.prank_rounds == 0) script.pranks.clear();
  for (const Prank prank : script.pranks)
    peer->send(prank == Prank::other_port ? elsewhere_.get() : udp_.get(), forgery(prank, query, script));
  peer->send(udp_.get(), bytes);
}

}  // namespace tlspolicyd
