// The command line's end of the control socket (control/control_protocol.h). Blocking,
// for programs that do one thing and end.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace tlspolicyd {

struct ControlReply {
  enum class Kind {
    done,
    absent,
    refused,    // by the socket's mode or by the daemon
    no_daemon,  // nobody listens there
    failed,     // anything else: see `detail`
  };
  Kind kind = Kind::failed;
  std::size_t count = 0;  // of done: lines sent or entries forgotten
  std::string detail;     // of failed and refused, for people
};

struct ControlListener {
  std::function<bool(std::string_view line)> on_line;  // a line of JSON; false: enough
  std::function<void()> on_wait;                       // a few times a second while nothing comes
};

[[nodiscard]] ControlReply ask_daemon(const std::string& socket_path, std::string_view request,
                                      const ControlListener& listener);

}  // namespace tlspolicyd
