#include "socketmap/socketmap_server.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <span>
#include <utility>

#include "postfix/netstring.h"

namespace tlspolicyd {
namespace {

// Limits are watched by the second: one timer for all connections, none per question.
constexpr milliseconds kSweep{1000};
// Closed in one turn where thousands came and stalled together, and how long others get then.
constexpr std::size_t kClosedATurn = 256;
constexpr milliseconds kNextTurn{1};

// Enough for what they reach for in memory to be fetched at the same time, few enough for
// the first not to wait long.
constexpr std::size_t kBatch = 32;

// Of the first question that has arrived whole.
std::string_view first_key(std::string_view input) {
  const auto frame = read_netstring(input, kMaxRequest);
  const auto request = frame && *frame ? parse_socketmap_request((*frame)->payload) : std::nullopt;
  return request ? request->key : std::string_view();
}

// Whether somebody should look: at what talks to us, at the number of connections, or
// at why no answer came.
LogLevel level_of(CloseReason reason) {
  const bool warning =
      reason == CloseReason::malformed || reason == CloseReason::displaced || reason == CloseReason::late;
  return warning ? LogLevel::warning : LogLevel::info;
}

}  // namespace

SocketmapServer::SocketmapServer(Loop& loop, Timers& timers, const Clock& clock, Answers& answers, Metrics& metrics,
                                 Logger& log, SocketmapServerOptions options)
    : loop_(loop),
      timers_(timers),
      metrics_(metrics),
      log_(log),
      options_(options),
      traffic_(clock, answers, metrics, options.limits),
      accepted_(metrics.counter("connections", "accepted")),
      turn_end_(loop, [this] { work_off_batch(); }),
      sweep_timer_(timers.make([this] { sweep(); })),
      drain_timer_(timers.make([this] { close_all(CloseReason::drained); })) {}

void SocketmapServer::add_listener(ListeningSocket socket) {
  Listener::Owner& owner = *this;
  listeners_.emplace_back(loop_, timers_, std::move(socket), owner);
}

std::vector<std::string> SocketmapServer::listening() const {
  std::vector<std::string> names;
  for (const Listener& listener : listeners_) names.push_back(listener.name());
  return names;
}

void SocketmapServer::drain(milliseconds limit, std::function<void()> done) {
  work_off_batch();
  for (Listener& listener : listeners_) listener.accept_rest();
  listeners_.clear();
  drained_ = std::move(done);
  drain_timer_->start(limit);
  for (auto next = connections_.begin(); next != connections_.end();) (next++)->drain();
  if (connections_.empty()) finish_drain();
}

void SocketmapServer::on_accepted(UniqueFd fd) {
  work_off_batch();
  traffic_.spent.clear();
  closed_.clear();
  ++accepted_;
  SocketmapConnection::Owner& owner = *this;
  SocketmapConnection& added = connections_.emplace_back(loop_, traffic_, owner, std::move(fd));
  added.place = {std::prev(connections_.end()), held_.try_emplace(added.peer(), 0).first};
  ++added.place.held->second;
  share_out();
  if (connections_.size() > options_.max_connections) longest_idle_of_the_greediest().close(CloseReason::displaced);
}

// Who asks now is worth more than who stays connected without asking, and the answer from
// the cache that it may be after is worth more than waiting for a name nobody knows.
void SocketmapServer::on_starved(const Listener& listener, int error) {
  work_off_batch();
  metrics_.add("connections", "starved");
  log_starved(listener, error);
  if (connections_.empty()) return;
  SocketmapConnection& idle = longest_idle_of_the_greediest();
  if (idle.give_up()) metrics_.add("first_contact", "overloaded");
  if (!idle.is_busy()) idle.close(CloseReason::displaced);
}

void SocketmapServer::on_limit_set() {
  if (sweeping_) return;
  sweeping_ = true;
  sweep_timer_->start(kSweep);
}

void SocketmapServer::on_input(SocketmapConnection& connection, std::string_view input) {
  batch_.emplace_back(&connection, input);
  const bool has_room = traffic_.inbox.keep(input.size());
  if (!has_room || batch_.size() == kBatch) work_off_batch();
  else turn_end_.request();
}

void SocketmapServer::share_out() {
  const std::size_t each = SocketmapTraffic::kAllAtOnce / std::max<std::size_t>(connections_.size(), 1);
  traffic_.share = std::clamp<std::size_t>(each, 1, SocketmapTraffic::kMostAtOnce);
}

void SocketmapServer::announce_in_hand() {
  std::array<std::string_view, kBatch> keys;
  std::transform(in_hand_.begin(), in_hand_.end(), keys.begin(),
                 [](const auto& item) { return first_key(item.second); });
  traffic_.answers.expect(std::span(keys).first(in_hand_.size()));
}

void SocketmapServer::work_off_batch() {
  if (batch_.empty()) return;
  in_hand_.swap(batch_);
  if (in_hand_.size() > 1 && traffic_.answers.looks_ahead()) announce_in_hand();
  for (const auto& [connection, input] : in_hand_) connection->work_in(input);
  in_hand_.clear();
  traffic_.inbox.clear();
}

void SocketmapServer::on_closed(SocketmapConnection& connection, CloseReason reason, const std::string& detail) {
  log_closed(connection, reason, detail);
  metrics_.add("connections_closed", name_of(reason));
  const SocketmapConnection::Place place = connection.place;
  if (--place.held->second == 0) held_.erase(place.held);
  closed_.splice(closed_.end(), connections_, place.connection);
  share_out();
  on_limit_set();  // the sweep frees it
  for (Listener& listener : listeners_) listener.resume();
  if (connections_.empty() && drained_) finish_drain();
}

void SocketmapServer::sweep() {
  work_off_batch();
  sweeping_ = false;
  traffic_.spent.clear();
  closed_.clear();
  const SteadyTime now = traffic_.clock.steady();
  bool limited = false;
  std::size_t closed = 0;
  for (auto next = connections_.begin(); next != connections_.end() && closed < kClosedATurn;) {
    SocketmapConnection& connection = *next++;
    if (const auto reason = connection.overdue(now)) ++closed, connection.close(*reason);
    else limited |= connection.is_limited();
  }
  if (closed == kClosedATurn) sweep_timer_->start(kNextTurn);
  else if (limited) on_limit_set();
}

// One that owes nothing goes before one that does: Postfix has long turned to other things.
SocketmapConnection& SocketmapServer::longest_idle_of_the_greediest() {
  std::size_t most = 0;
  for (const auto& [peer, count] : held_) most = std::max(most, count);
  const SteadyTime now = traffic_.clock.steady();
  SocketmapConnection* found = nullptr;
  std::pair<bool, SteadyTime> least;
  for (SocketmapConnection& connection : connections_) {
    if (connection.place.held->second < most) continue;
    const std::pair rank(connection.owes() || connection.is_new(now), connection.last_heard());
    if (found == nullptr || rank < least) found = &connection, least = rank;
  }
  return *found;
}

void SocketmapServer::log_starved(const Listener& listener, int error) {
  const Peer nobody;
  if (!log_limit_.allows(nobody, traffic_.clock.steady())) return;
  log_.warning(LogLine("socketmap")
                   .with("listen", listener.name())
                   .with("action", "paused")
                   .with("connections", connections_.size())
                   .with("reason", std::strerror(error))
                   .with("cure", "raise the limit of open files (LimitNOFILE=)"));
}

void SocketmapServer::log_closed(const SocketmapConnection& connection, CloseReason reason, const std::string& detail) {
  if (reason == CloseReason::peer || reason == CloseReason::drained) return;
  if (!log_limit_.allows(connection.peer(), traffic_.clock.steady())) return;
  LogLine line("socketmap");
  line.with("peer", to_text(connection.peer())).with("action", "closed").with("reason", name_of(reason));
  if (!detail.empty()) line.with("detail", detail);
  if (reason == CloseReason::displaced) line.with("connections", connections_.size());
  log_.write(level_of(reason), line.text());
}

void SocketmapServer::close_all(CloseReason reason) {
  work_off_batch();
  for (auto next = connections_.begin(); next != connections_.end();) (next++)->close(reason);
}

void SocketmapServer::finish_drain() {
  drain_timer_->cancel();
  if (drained_) loop_.post(std::exchange(drained_, nullptr));
}

}  // namespace tlspolicyd
