// Which TLS level the Postfix served has, asked of postconf: for
// postfix_security_level = auto. Answer loop only; postconf itself runs on a lane.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "event/executor.h"
#include "event/timer.h"
#include "postfix/security_level.h"
#include "service/postconf.h"

namespace tlspolicyd {

struct PostfixTls {
  BaseLevel level = BaseLevel::unknown;
  bool dnssec = false;  // smtp_dns_support_level: without it Postfix does no DANE

  friend bool operator==(const PostfixTls&, const PostfixTls&) = default;
};

// The two lines that run_postconf() brings. Pure.
[[nodiscard]] Result<PostfixTls> parse_postconf(std::string_view output);

class PostfixLevel {
 public:
  using Done = std::function<void(const PostfixTls&)>;
  using Run = std::function<Result<std::string>(const PostconfCall&)>;  // on the lane

  // All outlive this object, save that the lane may finish its job behind it.
  PostfixLevel(Executor& lane, Executor& loop, Timers& timers, Logger& log, Run run = run_postconf);
  PostfixLevel(const PostfixLevel&) = delete;
  PostfixLevel& operator=(const PostfixLevel&) = delete;

  // `done` with the level; or, after a warning that names the parameter, with the one that an
  // earlier ask() brought, unknown at first, and then once more if a second try some seconds
  // later brings it: Postfix waits for a main.cf that
  // was changed just now, which is when people reload. A later ask() takes the place of an
  // earlier one, whose `done` then never runs: however many come, at most one postconf runs
  // and one more call waits for it.
  void ask(PostconfCall call, Done done);
  // No `done` runs any more.
  void forget();

 private:
  void run(PostconfCall call);
  void on_output(const Result<std::string>& output);
  void on_failure(const Error& error);

  Executor& lane_;
  Executor& loop_;
  Logger& log_;
  Run run_postconf_;
  bool running_ = false;
  std::optional<PostconfCall> waiting_;  // while running_
  PostconfCall asked_;  // last
  Done done_;
  PostfixTls known_;
  bool second_try_ = false;
  std::unique_ptr<Timer> again_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace tlspolicyd
