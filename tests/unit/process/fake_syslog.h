// A socket like /dev/log, in a folder of its own, whose reader reads when a test says so.
#pragma once

#include <string>

#include "base/unique_fd.h"

namespace tlspolicyd {

class FakeSyslog {
 public:
  FakeSyslog();
  ~FakeSyslog();
  FakeSyslog(const FakeSyslog&) = delete;
  FakeSyslog& operator=(const FakeSyslog&) = delete;

  [[nodiscard]] std::string path() const { return folder_ + "/log"; }
  // The next datagram; empty if there is none.
  [[nodiscard]] std::string received() const;
  // Another process takes the place of the one that listens.
  void restart();

 private:
  std::string folder_;
  UniqueFd fd_;
};

}  // namespace tlspolicyd
