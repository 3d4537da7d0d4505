// A name server that does as it is told, on 127.0.0.1 or another loopback address over UDP
// and TCP, on a loop of the test's choice. What is not scripted is NXDOMAIN with a negative TTL of 60 s.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/resolver.h"
#include "dns_wire.h"
#include "event/fd_event.h"

namespace tlspolicyd {

class NameServer {
 public:
  // Sent before the true answer, with `forged` in its answer section.
  enum class Prank { wrong_id, wrong_question, wrong_type, not_a_response, garbage, other_port };

  struct Script {
    unsigned rcode = 0;
    bool ad = false;
    std::vector<wire::Bytes> answer, authority;
    int drops = 0;  // so many queries get no answer; negative: none gets one
    milliseconds delay{0};
    int refusals = 0;           // so many queries are answered REFUSED
    bool truncate = false;      // over UDP: TC and no records
    bool edns_unknown = false;  // FORMERR without question to a query with OPT
    std::vector<Prank> pranks;
    int prank_rounds = -1;  // so many queries; negative: all
    std::vector<wire::Bytes> forged;
    wire::Bytes raw;          // not empty: this, behind the query's id, is the message (if not truncated)
    std::size_t tcp_cut = 0;  // not 0: so many octets of the framed answer, then closed
  };

  struct Asked {
    std::string name;
    RrType type;
    bool tcp;
    unsigned id, flags, port;
    unsigned edns_size;  // 0: no OPT
    bool edns_do;

    friend bool operator==(const Asked&, const Asked&) = default;
  };

  // `port`: of the kernel's choice where 0.
  explicit NameServer(Loop& loop, std::uint16_t port = 0, const std::string& address = "127.0.0.1");
  ~NameServer();

  [[nodiscard]] const Resolver& resolver() const { return resolver_; }

  Script& set(const std::string& name, RrType type, Script script);
  Script& set_txt(const std::string& name, const std::vector<std::string>& texts, std::uint32_t ttl = 300);
  Script& set_address(const std::string& name, std::string_view ip, std::uint32_t ttl = 300);
  // For every type that is not scripted by itself.
  Script& set_cname(const std::string& name, const std::string& target, std::uint32_t ttl = 300);
  void hang(bool on) { hanging_ = on; }

  [[nodiscard]] std::size_t count(const std::string& name, RrType type) const;
  [[nodiscard]] std::size_t open_connections() const;

  std::size_t tcp_answers = 0;  // not 0: a connection is closed after so many
  bool remember = true;         // fills `asked`
  std::vector<Asked> asked;
  std::size_t asked_in_all = 0;

 private:
  struct Connection;
  struct Peer;  // where an answer goes
  struct Late;  // an answer that waits

  void bind_both(std::uint16_t port);
  void on_datagrams();
  void on_connection();
  void on_query(const wire::Bytes& query, const std::shared_ptr<Peer>& peer, bool tcp, unsigned port);
  void answer(const wire::Bytes& query, const Asked& asked, Script& script, const std::shared_ptr<Peer>& peer);
  [[nodiscard]] Script& script_for(const Asked& asked);

  Loop& loop_;
  Resolver resolver_;
  UniqueFd udp_, tcp_, elsewhere_;
  std::unique_ptr<FdEvent> udp_event_, tcp_event_;
  std::list<Connection> connections_;
  std::list<Late> late_;
  std::map<std::pair<std::string, RrType>, Script> table_;
  std::map<std::string, Script> aliases_;
  Script absent_;
  bool hanging_ = false;
};

}  // namespace tlspolicyd
