// Which TLS level the Postfix served has, asked of postconf: for
// postfix_security_level = auto. Answer loop only; postconf itself runs on a lane.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/log.h"
#include "event/executor.h"
#include "postfix/policy_reply.h"
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
  PostfixLevel(Executor& lane, Executor& loop, Logger& log, Run run = run_postconf)
      : lane_(lane), loop_(loop), log_(log), run_postconf_(std::move(run)) {}
  PostfixLevel(const PostfixLevel&) = delete;
  PostfixLevel& operator=(const PostfixLevel&) = delete;

  // `done` once, with the level, or with unknown after a warning that names the parameter.
  // A later ask() takes the place of an earlier one, whose `done` then never runs: however
  // many come, at most one postconf runs and one more call waits for it.
  void ask(PostconfCall call, Done done);
  // No `done` runs any more.
  void forget() { done_ = nullptr, waiting_.reset(); }

 private:
  void run(PostconfCall call);
  void on_output(const Result<std::string>& output);
  void tell(const Result<PostfixTls>& tls);

  Executor& lane_;
  Executor& loop_;
  Logger& log_;
  Run run_postconf_;
  bool running_ = false;
  std::optional<PostconfCall> waiting_;  // while running_
  Done done_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace tlspolicyd
