// The one process of this program that may start another. The daemon forks it first of all:
// once it has confined itself (process/syscall_filter.h) it cannot run anything, and a process
// forked later would hold its sockets for a moment, also when the daemon is killed in that
// moment. It has no capability and no file; it runs postconf on request, nothing else, and
// ends with the daemon.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"
#include "postconf/postconf.h"

namespace tlspolicyd {

class PostconfRunner {
 public:
  PostconfRunner() = default;  // none: run() fails

  // Forks: before there is a second thread. `give_up_rights` runs in that process, which ends
  // where it returns false. `program` as in PostconfCall: nobody can name another later.
  [[nodiscard]] static Result<PostconfRunner> start(const std::function<bool()>& give_up_rights,
                                                    const std::string& program = "postconf");

  // As run_postconf(). Blocking, for one thread at a time.
  [[nodiscard]] PostconfAnswers run(const std::string& config_directory) const;
  // Any thread: a run() under way fails at once, and later ones do.
  void stop() const;

 private:
  explicit PostconfRunner(UniqueFd socket) : socket_(std::move(socket)) {}

  UniqueFd socket_;  // closing it ends the process
};

}  // namespace tlspolicyd
