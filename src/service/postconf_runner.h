// The one process of this program that may start another. The daemon forks it before it
// confines itself (net/syscall_filter.h), for it is not allowed to run anything afterwards.
// It holds no socket of the daemon, no capability, no file; it runs postconf on request,
// nothing else, and ends with the daemon.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tlspolicyd {

class PostconfRunner {
 public:
  PostconfRunner() = default;  // none: run() fails

  // Forks: before there is a second thread, after rights are given up. `program` as in
  // PostconfCall: nobody can name another later.
  [[nodiscard]] static Result<PostconfRunner> start(std::string program = "postconf");

  // As run_postconf(). Blocking, for one thread at a time.
  [[nodiscard]] Result<std::string> run(const std::string& config_directory) const;

 private:
  explicit PostconfRunner(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;  // closing it ends the process
};

}  // namespace tlspolicyd
