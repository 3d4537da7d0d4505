#include "control/control_connection.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "base/text.h"
#include "control/control_protocol.h"

namespace tlspolicyd {
namespace {

// One turn of a listing: so many entries are half a millisecond of work, and one of them
// may be a hundred kilobytes.
constexpr std::size_t kPage = 16, kPagesATurn = 2, kReplyWanted = 128 * 1024;

bool would_block(ssize_t n) { return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR); }

std::string done_line(std::size_t count) { return std::string(control::kDone) + " " + std::to_string(count); }

std::string error_line(std::string_view why) { return std::string(control::kError) + " " + printable(why); }

}  // namespace

ControlConnection::ControlConnection(Loop& loop, Timers& timers, UniqueFd socket, ControlHandler& handler,
                                     std::function<void()> on_end)
    : socket_(std::move(socket)),
      handler_(handler),
      on_end_(std::move(on_end)),
      deadline_(timers.make([this] { end(); })),
      event_(loop, socket_.get(), [this](FdEvent::Watch ready) { on_ready(ready); }) {
  event_.watch(FdEvent::Watch::read);
  deadline_->start(kRequestDeadline);
}

void ControlConnection::on_ready(FdEvent::Watch) {
  if (ended_) return;
  if (reply_.empty() && !listing_) return read_request();
  write_reply();
}

void ControlConnection::read_request() {
  std::array<char, control::kMaxRequest> octets;
  const ssize_t n = ::recv(socket_.get(), octets.data(), octets.size(), MSG_DONTWAIT);
  if (would_block(n)) return;
  if (n <= 0) return end();
  request_.append(octets.data(), static_cast<std::size_t>(n));
  const auto line_end = request_.find('\n');
  if (line_end == request_.npos && request_.size() < control::kMaxRequest) return;
  event_.watch(FdEvent::Watch::nothing);
  deadline_->start(kReplyDeadline);
  if (line_end >= control::kMaxRequest) return close_with(error_line("request too long"));
  obey(std::string_view(request_).substr(0, line_end));
}

void ControlConnection::obey(std::string_view request) {
  const auto blank = request.find(' ');
  if (blank != request.npos) return obey_for_domain(request.substr(0, blank), request.substr(blank + 1));
  if (request == control::kStatus) {
    say(handler_.status());
    return close_with(done_line(1));
  }
  if (request == control::kPurgeAll) {
    pending_ = handler_.purge_all([this](const Result<std::size_t>& forgotten) { on_forgotten(forgotten); });
    return;
  }
  if (request != control::kCache) return close_with(error_line("unknown request"));
  listing_ = true;
  event_.watch(FdEvent::Watch::write);
}

void ControlConnection::obey_for_domain(std::string_view verb, std::string_view name) {
  const auto domain = Domain::parse(name);
  if (!domain) return close_with(error_line(domain.error().text));
  if (verb == control::kCache) {
    pending_ = handler_.show(*domain, [this](const std::optional<std::string>& line) {
      if (line) say(*line);
      close_with(line ? done_line(1) : std::string(control::kAbsent));
    });
  } else if (verb == control::kPurge) {
    pending_ = handler_.purge(*domain, [this](const Result<std::size_t>& forgotten) {
      if (forgotten && *forgotten == 0) return close_with(control::kAbsent);
      on_forgotten(forgotten);
    });
  } else {
    close_with(error_line("unknown request"));
  }
}

void ControlConnection::on_forgotten(const Result<std::size_t>& forgotten) {
  close_with(forgotten ? done_line(*forgotten) : error_line(forgotten.error().text));
}

void ControlConnection::say(std::string_view line) { reply_.append(line).append("\n"); }

void ControlConnection::close_with(std::string_view last_line) {
  say(last_line);
  closing_ = true;
  event_.watch(FdEvent::Watch::write);
}

// A page at a time until enough waits to be sent; the loop serves others between turns.
void ControlConnection::list_more() {
  for (std::size_t pages = 0; pages < kPagesATurn && reply_.size() < kReplyWanted; ++pages) {
    const auto lines = handler_.list(cursor_, kPage);
    for (const std::string& line : lines) say(line);
    listed_ += lines.size();
    if (!lines.empty()) continue;
    listing_ = false;
    return close_with(done_line(listed_));
  }
}

void ControlConnection::write_reply() {
  if (listing_) list_more();
  const ssize_t n = ::send(socket_.get(), reply_.data(), reply_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (would_block(n)) return;
  if (n < 0) return end();
  deadline_->start(kReplyDeadline);
  reply_.erase(0, static_cast<std::size_t>(n));
  if (reply_.empty() && closing_) end();
}

void ControlConnection::end() {
  ended_ = true;
  event_.watch(FdEvent::Watch::nothing);
  deadline_->cancel();
  pending_.reset();
  on_end_();
}

}  // namespace tlspolicyd
