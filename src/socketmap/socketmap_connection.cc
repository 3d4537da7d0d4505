#include "socketmap/socketmap_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <span>
#include <utility>

#include "net/socket_io.h"
#include "postfix/netstring.h"

namespace tlspolicyd {
namespace {

// Replies may be 100 kB each: no more are made before these are on their way.
constexpr std::size_t kMaxUnsent = 262'144;

// Between connecting and asking, on a busy machine.
constexpr seconds kFirstMoment{1};

// Of what has arrived when the server ends: more than a socket's buffer holds.
constexpr std::size_t kMaxDrained = 16 << 20;

// Whether the other end is closed in both directions. On TCP that shows only when
// something is sent.
bool is_hung_up(int fd) {
  pollfd state{fd, 0, 0};
  return poll(&state, 1, 0) == 1 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

CloseReason reason_of(int error) {
  return error == EPIPE || error == ECONNRESET ? CloseReason::peer : CloseReason::error;
}

}  // namespace

SocketmapConnection::SocketmapConnection(Loop& loop, SocketmapTraffic& traffic, Owner& owner, UniqueFd fd)
    : traffic_(traffic),
      owner_(owner),
      fd_(std::move(fd)),
      event_(
          loop, fd_.get(), [this](FdEvent::Watch ready) { on_ready(ready); }, FdEvent::Urgency::at_once,
          FdEvent::Trigger::edge),
      peer_(peer_of(fd_.get())),
      pending_(traffic.limits.pending),
      last_heard_(traffic.clock.steady()),
      rest_(loop.backlog(), [this] { go_on(); }) {
  event_.watch(FdEvent::Watch::read);
  owner_.on_limit_set();
}

bool SocketmapConnection::is_new(SteadyTime now) const { return !heard_ && now - last_heard_ < kFirstMoment; }

bool SocketmapConnection::is_busy() const {
  char octet;
  return is_new(traffic_.clock.steady()) || owes() || recv(fd_.get(), &octet, 1, MSG_PEEK) > 0;
}

bool SocketmapConnection::is_limited() const {
  return !heard_ || frame_since_ || outbox_.blocked_since() || !pending_.empty();
}

std::optional<CloseReason> SocketmapConnection::overdue(SteadyTime now) const {
  const SocketmapLimits& limits = traffic_.limits;
  if (!heard_ && now - last_heard_ >= limits.first_octet) return CloseReason::first_octet;
  if (frame_since_ && now - *frame_since_ >= limits.frame) return CloseReason::frame;
  const auto blocked_since = outbox_.blocked_since();
  if (blocked_since && now - *blocked_since >= limits.unread) return CloseReason::unread;
  if (!pending_.empty() && now - pending_.asked_first() >= limits.late) return CloseReason::late;
  return std::nullopt;
}

void SocketmapConnection::drain() {
  left_to_drain_ = kMaxDrained;
  settle();
}

// Postfix would take a question left behind in the socket for one that was lost.
void SocketmapConnection::read_rest() {
  while (*left_to_drain_ > 0 && may_read()) {
    const std::string_view input = receive();
    *left_to_drain_ -= input.empty() ? *left_to_drain_ : std::min(input.size(), *left_to_drain_);
    if (!input.empty()) take_in(input);
  }
  if (may_read()) end(CloseReason::drained, "");
}

bool SocketmapConnection::give_up() {
  const bool waited = pending_.give_up(traffic_.answers);
  std::string out;
  deliver(out);
  if (has_room() && !kept_.empty()) work_off_kept(traffic_.share);
  settle();
  return waited;
}

void SocketmapConnection::close(CloseReason reason, const std::string& detail) {
  if (closed_) return;
  closed_ = true;
  event_.watch(FdEvent::Watch::nothing);
  fd_.reset();
  pending_.clear();
  more_ = false;
  rest_.cancel();
  frame_since_.reset();
  owner_.on_closed(*this, reason, detail);
}

void SocketmapConnection::on_ready(FdEvent::Watch ready) {
  traffic_.spent.clear();
  if (ready != FdEvent::Watch::read) send_rest();
  if (!closed_ && has_room() && !kept_.empty()) work_off_kept(traffic_.share);
  if (may_read() && ready != FdEvent::Watch::write) {
    const std::string_view input = receive();
    if (!input.empty()) return left_to_drain_ ? work_in(input) : owner_.on_input(*this, input);
  }
  settle();
}

std::string_view SocketmapConnection::receive() {
  const std::span<char> room = traffic_.inbox.room();
  const ssize_t got = recv_now(fd_.get(), room.data(), room.size());
  if (got == 0) on_end_of_input();
  else if (got < 0 && errno == EINTR) event_.watch_anew();
  else if (got < 0 && errno != EAGAIN) close(reason_of(errno), std::strerror(errno));
  if (got <= 0) return {};
  // A read that comes back short has emptied the socket, but for the end of input.
  if (got == std::ssize(room) || event_.input_ended()) event_.watch_anew();
  heard_ = true;
  last_heard_ = traffic_.clock.steady();
  return {room.data(), static_cast<std::size_t>(got)};
}

void SocketmapConnection::work_in(std::string_view input) {
  if (closed_) return;
  take_in(input);
  settle();
}

void SocketmapConnection::take_in(std::string_view input) {
  if (kept_.empty()) {
    kept_.append(input.substr(work_off(input, traffic_.share)));
  } else {
    kept_.append(input);
    work_off_kept(traffic_.share);
  }
  if (frame_since_) event_.watch_anew();  // what broke within a frame is not told as an end
}

// A client may shut down its sending side and wait for what it asked.
void SocketmapConnection::on_end_of_input() {
  if (!owes() || is_hung_up(fd_.get())) return close(CloseReason::peer);
  end(CloseReason::peer, "");
}

void SocketmapConnection::end(CloseReason reason, std::string detail) {
  ending_ = reason;
  ending_detail_ = std::move(detail);
  frame_since_.reset();
}

void SocketmapConnection::go_on() {
  traffic_.spent.clear();
  more_ = false;
  if (has_room()) work_off_kept(SocketmapTraffic::kMostAtOnce);
  settle();
}

void SocketmapConnection::work_off_kept(std::size_t share) {
  kept_.erase(0, work_off(kept_, share));
  if (kept_.empty()) release(kept_);
}

// Asks and replies as long as there are frames, room, a reader, and of its share something is
// left; tells how many octets of `input` are done with.
std::size_t SocketmapConnection::work_off(std::string_view input, std::size_t left) {
  std::string out = std::exchange(traffic_.to_send, {});
  std::size_t done = 0;
  working_ = true;
  for (bool more = true; more && has_room();) {
    const std::size_t taken = take_frames(input.substr(done), left, out);
    done += taken;
    more = taken > 0;
    deliver(out);
  }
  working_ = false;
  more_ = left == 0 && done < input.size() && !ending_ && !closed_;
  if (more_) rest_.add();
  note_partial(may_read() && done<input.size(), done> 0);
  out.clear();
  traffic_.to_send = std::move(out);  // allocated, for the next turn
  return ending_ ? input.size() : done;
}

std::size_t SocketmapConnection::take_frames(std::string_view input, std::size_t& left, std::string& out) {
  std::size_t done = 0;
  for (; left > 0 && has_room() && out.size() < kMaxUnsent; --left) {
    const auto frame = read_netstring(input.substr(done), kMaxRequest);
    if (!frame) end(CloseReason::malformed, frame.error().text);
    if (!frame || !*frame) break;
    const auto request = parse_socketmap_request((*frame)->payload);
    if (!request) {
      end(CloseReason::malformed, "no blank after the map name");
      break;
    }
    done += (*frame)->size;
    ask(*request, out);
  }
  return done;
}

void SocketmapConnection::note_partial(bool partial, bool progress) {
  if (!partial) return frame_since_.reset();
  if (frame_since_ && !progress) return;
  frame_since_ = traffic_.clock.steady();
  owner_.on_limit_set();
}

void SocketmapConnection::ask(const SocketmapRequest& request, std::string& out) {
  const MapQuestion question{request.map_name, request.key};
  ++traffic_.requests;
  traffic_.reply.clear();
  const bool known = traffic_.answers.answer_now(question, traffic_.reply);
  if (known && pending_.empty()) return put(traffic_.reply, out);
  PendingQuestions::Question& waiting = pending_.add(question, traffic_.clock.steady());
  owner_.on_limit_set();
  if (known) return pending_.answer(waiting, traffic_.reply);
  waiting.ticket =
      traffic_.answers.answer(question, [this, &waiting](std::string_view payload) { on_answer(waiting, payload); });
}

void SocketmapConnection::on_answer(PendingQuestions::Question& question, std::string_view payload) {
  pending_.answer(question, payload);
  if (working_) return;
  std::string out;
  deliver(out);
  if (has_room() && !kept_.empty()) work_off_kept(traffic_.share);
  settle();
}

void SocketmapConnection::deliver(std::string& out) {
  do {
    collect_answered(out);
    send(out);
  } while (!closed_ && outbox_.empty() && pending_.is_next_answered());
}

// No more than can be on its way.
void SocketmapConnection::collect_answered(std::string& out) {
  while (outbox_.empty() && out.size() < kMaxUnsent && pending_.is_next_answered()) {
    PendingQuestions::Answered next = pending_.take(traffic_.answers);
    put(next.payload, out);
    traffic_.spent.push_back(std::move(next.ticket));
  }
}

void SocketmapConnection::put(std::string_view payload, std::string& out) {
  append_netstring(out, payload);
  ++*traffic_.replies[static_cast<std::size_t>(kind_of_reply(payload))];
}

void SocketmapConnection::send(std::string& out) {
  if (!closed_) {
    if (const int error = outbox_.send(fd_.get(), out, traffic_.clock)) close(reason_of(error), std::strerror(error));
    else if (!outbox_.empty()) owner_.on_limit_set();
  }
  out.clear();
}

void SocketmapConnection::send_rest() {
  if (const int error = outbox_.send_rest(fd_.get())) return close(reason_of(error), std::strerror(error));
  std::string out;
  deliver(out);
}

void SocketmapConnection::settle() {
  if (left_to_drain_ && !ending_) read_rest();
  if (closed_) return;
  if (ending_ && !owes()) return close(*ending_, ending_detail_);
  if (!outbox_.empty()) return event_.watch(FdEvent::Watch::write);
  event_.watch(may_read() ? FdEvent::Watch::read : FdEvent::Watch::nothing);
}

}  // namespace tlspolicyd
