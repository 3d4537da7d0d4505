// One request over the control socket and its reply. Answer loop only.
//
//   request ──┬─ status, cache DOMAIN, purge ── handler ──► reply ──► end
//             └─ cache ── page ── sent ── page ── ... ────► reply ──► end
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/unique_fd.h"
#include "event/fd_event.h"
#include "event/timer.h"
#include "control/control_handler.h"

namespace tlspolicyd {

class ControlConnection {
 public:
  static constexpr milliseconds kRequestDeadline{10'000};
  // Without an octet sent. Long, because a person may leave a listing in a pager.
  static constexpr milliseconds kReplyDeadline{600'000};

  // `on_end` is called once, from inside a callback: destroy this object later.
  ControlConnection(Loop& loop, Timers& timers, UniqueFd socket, ControlHandler& handler, std::function<void()> on_end);
  ControlConnection(const ControlConnection&) = delete;
  ControlConnection& operator=(const ControlConnection&) = delete;

  [[nodiscard]] bool ended() const { return ended_; }

 private:
  void on_ready(FdEvent::Watch ready);
  void read_request();
  void obey(std::string_view request);
  void obey_for_domain(std::string_view verb, std::string_view name);
  void on_forgotten(const Result<std::size_t>& forgotten);
  void say(std::string_view line);
  void close_with(std::string_view last_line);
  void list_more();
  void write_reply();
  void end();

  UniqueFd socket_;
  ControlHandler& handler_;
  std::function<void()> on_end_;
  std::string request_;
  std::string reply_;  // what of it is not sent yet
  std::size_t cursor_ = 0, listed_ = 0;
  bool listing_ = false, closing_ = false, ended_ = false;
  Ticket pending_;
  std::unique_ptr<Timer> deadline_;
  FdEvent event_;  // last: goes before the socket it watches
};

}  // namespace tlspolicyd
