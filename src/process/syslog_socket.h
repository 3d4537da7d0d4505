// Lines for the local syslog, facility mail, as RFC 3164 describes them. Unlike syslog(3) it never
// waits for whoever reads them. Not thread-safe.
#pragma once

#include <sys/uio.h>
#include <string>
#include <string_view>
#include <utility>

#include "base/unique_fd.h"

namespace tlspolicyd {

// For writev(2) and its like, which do not write there.
[[nodiscard]] inline iovec part_of(std::string_view octets) {
  return {const_cast<char*>(octets.data()), octets.size()};
}

class SyslogSocket {
 public:
  explicit SyslogSocket(std::string path = "/dev/log") : path_(std::move(path)) {}

  // Done by send() where it was not; again where it was, which costs nothing.
  void open();
  // `severity` as in <syslog.h>. False: the line is lost, nobody reads or not fast enough.
  [[nodiscard]] bool send(int severity, std::string_view text);
  // An error, for those who cannot allocate any more.
  void send_last_words(std::string_view text) const noexcept;

 private:
  [[nodiscard]] bool try_send(std::string_view datagram) const;
  [[nodiscard]] bool connect();

  std::string path_;
  UniqueFd fd_;
};

}  // namespace tlspolicyd
