// One policy fetch from the first connect to the last octet: TCP race, TLS handshake,
// one GET, one answer, one deadline over all. Fetch thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "event/fd_event.h"
#include "event/loop.h"
#include "event/timer.h"
#include "fetch/attempt_log.h"
#include "fetch/connector.h"
#include "http/http_reader.h"
#include "fetch/https.h"
#include "tls/tls_link.h"
#include "tls/trust.h"

namespace tlspolicyd {

class Fetch {
 public:
  // Called once, perhaps inside start(); the fetch must then not be destroyed yet.
  using Done = std::function<void(FetchOutcome)>;

  struct Begin {
    SteadyTime asked;  // when the time allowed began to run
    bool more_follow;  // addresses, by add()
  };
  Fetch(Loop& loop, Trust& trust, FetchRequest request, Begin begin, Done done);
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;
  ~Fetch();

  void start();
  // The addresses that were to follow, before or after start(). May call back, as start() does.
  void add(const std::vector<IpAddress>& addresses);

 private:
  enum class Phase : unsigned char { connect, handshake, request, answer, finished };
  struct Channel;  // the session and its event

  [[nodiscard]] Connector::Events connector_events();
  void connected(UniqueFd socket, const IpAddress& address);
  void connect_failed(const IpAddress& address, int error);

  void advance();
  [[nodiscard]] bool step();  // false: wait, or it is over
  [[nodiscard]] bool took(TlsLink::Step step);
  [[nodiscard]] TlsLink::Step shake_hands();
  [[nodiscard]] bool next_phase();
  [[nodiscard]] TlsLink::Step read_answer();
  void judge(HttpReader::State state);
  void closed();
  void link_failed();
  void try_elsewhere(FetchFailure failure);

  void patience_over();
  void deadline_over();
  void came_further();
  void note_trickle();
  void finish(FetchFailure failure);
  void fill(FetchFailure failure);
  [[nodiscard]] milliseconds elapsed() const;

  Loop& loop_;
  Trust& trust_;
  FetchRequest request_;
  SteadyTime asked_;
  Done done_;
  Phase phase_ = Phase::connect;
  FetchOutcome outcome_;
  IpAddress address_;  // tried last
  AttemptLog attempts_;
  std::string octets_;       // of the request
  std::string_view unsent_;  // the rest of it
  HttpReader reader_;
  std::size_t steps_ = 0;  // of the handshake or the answer that counted as progress
  Connector connector_;
  std::unique_ptr<Channel> channel_;
  std::unique_ptr<Timer> deadline_;
  std::unique_ptr<Timer> patience_;
};

}  // namespace tlspolicyd
