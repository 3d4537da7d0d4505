// Which TLS level the Postfix served has, asked of postconf: for
// postfix_security_level = auto. Answer loop only; postconf itself runs on a lane.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/log.h"
#include "event/executor.h"
#include "event/timer.h"
#include "postconf/postconf.h"
#include "postconf/postfix_setup.h"

namespace tlspolicyd {

class PostfixLevel {
 public:
  struct Report {
    PostfixTls tls;
    std::optional<PostfixSetup> setup;  // empty: postconf did not tell
  };
  using Done = std::function<void(const Report&)>;
  // Both on the lane. The second: what changes when main.cf or master.cf of this folder does.
  using Run = std::function<PostconfAnswers(const PostconfCall&)>;
  using Stamp = std::function<std::string(const std::string& config_directory)>;

  struct Parts {  // all outlive this object, save that the lane may finish its job behind it
    Executor& lane;
    Executor& loop;
    Timers& timers;
    const Clock& clock;
    Logger& log;
  };
  explicit PostfixLevel(Parts parts, Run run = run_postconf, Stamp stamp = stamp_of_files);
  PostfixLevel(const PostfixLevel&) = delete;
  PostfixLevel& operator=(const PostfixLevel&) = delete;

  // `done` with the level; or, after a warning that names the parameter, with the one that an earlier answer
  // brought, unknown at first. Then again whenever postconf has been asked again: within half a minute after a
  // failure or a change of main.cf or master.cf, and each hour. A later ask() takes the place of an earlier
  // one, whose `done` then never runs: however many come, at most one postconf runs and one more call
  // waits for it.
  void ask(PostconfCall call, Done done);
  // No `done` runs any more.
  void forget();

  // "" where there is nothing to be seen, or no right to.
  [[nodiscard]] static std::string stamp_of_files(const std::string& config_directory);

 private:
  // One run: what postconf wrote, and the files as they were before.
  struct Answer {
    PostconfAnswers texts;
    std::string directory, stamp;
  };

  void run(PostconfCall call);
  void on_answer(const Answer& answer);
  void on_failure(const Error& error);
  void report(std::optional<PostfixSetup> setup);
  void note_setup_failure(const PostconfAnswers& texts);
  void look();
  void on_look(const std::string& stamp);

  Parts parts_;
  Run run_postconf_;
  Stamp stamp_;
  bool running_ = false;
  std::optional<PostconfCall> waiting_;  // while running_
  PostconfCall asked_;                   // last
  SteadyTime asked_at_{};
  Done done_;
  std::optional<PostfixTls> told_;  // by postconf, last
  std::string directory_ = "/etc/postfix", seen_;
  bool again_ = false;  // a failure is to be followed by one more try
  std::string warned_;  // of which failure
  std::string setup_warned_;
  std::unique_ptr<Timer> look_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace tlspolicyd
