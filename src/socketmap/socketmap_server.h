// Serves Postfix's socketmap look-ups: holds the listeners and the connections, bounds
// them in number and time, and ends them in good order. What is answered it asks of
// Answers. Answer loop only.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "event/turn_end.h"
#include "listen/listener.h"
#include "socketmap/peer_log_limit.h"
#include "socketmap/socketmap_connection.h"

namespace tlspolicyd {

struct SocketmapServerOptions {
  std::size_t max_connections = 4096;
  SocketmapLimits limits;
};

class SocketmapServer final : private Listener::Owner, private SocketmapConnection::Owner {
 public:
  SocketmapServer(Loop& loop, Timers& timers, const Clock& clock, Answers& answers, Metrics& metrics, Logger& log,
                  SocketmapServerOptions options);
  SocketmapServer(const SocketmapServer&) = delete;
  SocketmapServer& operator=(const SocketmapServer&) = delete;

  void add_listener(ListeningSocket socket);
  // Serves a connection that is there already; non-blocking.
  void serve(UniqueFd connection) { on_accepted(std::move(connection)); }

  // Stops listening, answers what has been asked, closes. `done` runs on a later turn,
  // when all are closed or `limit` has passed. Once.
  void drain(milliseconds limit, std::function<void()> done);

  void set_max_connections(std::size_t most) { options_.max_connections = most; }
  [[nodiscard]] std::size_t connections() const { return connections_.size(); }
  [[nodiscard]] std::vector<std::string> listening() const;

 private:
  using Connections = std::list<SocketmapConnection>;

  void on_accepted(UniqueFd connection) override;
  void on_starved(const Listener& listener, int error) override;
  void on_limit_set() override;
  void on_input(SocketmapConnection& connection, std::string_view input) override;
  void on_closed(SocketmapConnection& connection, CloseReason reason, const std::string& detail) override;

  void announce_in_hand();
  void work_off_batch();
  void share_out();
  void sweep();
  [[nodiscard]] SocketmapConnection& longest_idle_of_the_greediest();
  void log_starved(const Listener& listener, int error);
  void log_closed(const SocketmapConnection& connection, CloseReason reason, const std::string& detail);
  void close_all(CloseReason reason);
  void finish_drain();

  Loop& loop_;
  Timers& timers_;
  Metrics& metrics_;
  Logger& log_;
  SocketmapServerOptions options_;
  SocketmapTraffic traffic_;
  PeerLogLimit log_limit_;
  std::uint64_t& accepted_;
  std::map<Peer, std::size_t> held_;  // connections by peer
  Connections connections_;
  Connections closed_;  // may still be in a callback of theirs
  std::list<Listener> listeners_;
  // What was received in this turn; worked off before anything else is done to a connection.
  using Batch = std::vector<std::pair<SocketmapConnection*, std::string_view>>;
  Batch batch_, in_hand_;
  TurnEnd turn_end_;
  std::unique_ptr<Timer> sweep_timer_;
  bool sweeping_ = false;
  std::unique_ptr<Timer> drain_timer_;
  std::function<void()> drained_;
};

}  // namespace tlspolicyd
