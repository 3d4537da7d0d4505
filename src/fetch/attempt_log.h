// What became of each address of one fetch, and which failure says most. No I/O.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "fetch/https.h"

namespace tlspolicyd {

class AttemptLog {
 public:
  void connect_failed(const IpAddress& address, int error);  // errno
  void slower(const IpAddress& address);                     // than another one
  void unanswered(const IpAddress& address);                 // until the deadline
  void tls_failed(const IpAddress& address, FetchFailure failure);

  // The failure of the whole, if no address is left.
  [[nodiscard]] FetchFailure verdict() const;
  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

 private:
  void add(const IpAddress& address, FetchFailure failure);
  void add_line(std::string line);

  std::vector<std::string> lines_;
  std::optional<FetchFailure> worst_;
};

}  // namespace tlspolicyd
