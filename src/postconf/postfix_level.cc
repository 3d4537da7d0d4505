#include "postconf/postfix_level.h"

#include <sys/stat.h>
#include <utility>

#include "event/worker_lane.h"

namespace tlspolicyd {
namespace {

constexpr seconds kBetweenLooks{30};
constexpr std::chrono::hours kBetweenRuns{1};  // where a change cannot be seen, and for what else may change

std::string stamp_of_file(const std::string& path) {
  struct stat seen {};
  if (::stat(path.c_str(), &seen) != 0) return "";
  return std::to_string(seen.st_dev) + " " + std::to_string(seen.st_ino) + " " + std::to_string(seen.st_size) + " " +
         std::to_string(seen.st_mtim.tv_sec) + "." + std::to_string(seen.st_mtim.tv_nsec);
}

std::string directory_of(const PostconfAnswers& texts) {
  return texts.settings ? parse_setup(*texts.settings, "").config_directory : "";
}

}  // namespace

std::string PostfixLevel::stamp_of_files(const std::string& config_directory) {
  return stamp_of_file(config_directory + "/main.cf") + "," + stamp_of_file(config_directory + "/master.cf");
}

PostfixLevel::PostfixLevel(Parts parts, Run run, Stamp stamp)
    : parts_(parts),
      run_postconf_(std::move(run)),
      stamp_(std::move(stamp)),
      look_(parts_.timers.make([this] { look(); })) {}

void PostfixLevel::ask(PostconfCall call, Done done) {
  asked_ = call;
  if (!call.config_directory.empty()) directory_ = call.config_directory;
  again_ = true;
  done_ = std::move(done);
  if (running_) waiting_ = std::move(call);
  else run(std::move(call));
}

void PostfixLevel::forget() {
  look_->cancel();
  done_ = nullptr;
  waiting_.reset();
}

void PostfixLevel::run(PostconfCall call) {
  running_ = true;
  asked_at_ = parts_.clock.steady();
  submit(
      parts_.lane, parts_.loop,
      [call = std::move(call), run = run_postconf_, stamp = stamp_, directory = directory_] {
        std::string before = stamp(directory);
        PostconfAnswers texts = run(call);
        std::string found = directory_of(texts);
        if (found.empty() || found == directory) return Answer{std::move(texts), directory, std::move(before)};
        return Answer{std::move(texts), found, stamp(found)};
      },
      [this, alive = std::weak_ptr<char>(alive_)](const Answer& answer) {
        if (!alive.expired()) on_answer(answer);
      });
}

void PostfixLevel::on_answer(const Answer& answer) {
  running_ = false;
  if (waiting_) return run(*std::exchange(waiting_, std::nullopt));
  if (!done_) return;
  directory_ = answer.directory;
  seen_ = answer.stamp;
  look_->start(kBetweenLooks);
  const auto tls = answer.texts.level.and_then([](const std::string& text) { return parse_postconf(text); });
  if (!tls) return on_failure(tls.error());
  again_ = true;
  warned_.clear();
  if (told_ != *tls)
    parts_.log.info(LogLine("postfix_security_level")
                        .with("level", name_of(tls->level))
                        .with("dnssec", tls->dnssec ? "yes" : "no"));
  told_ = *tls;
  note_setup_failure(answer.texts);
  if (!answer.texts.settings) return report(std::nullopt);
  report(parse_setup(*answer.texts.settings, answer.texts.transports.value_or("")));
}

// A Postfix that is being upgraded has not given up DANE.
void PostfixLevel::on_failure(const Error& error) {
  if (std::exchange(again_, false)) seen_ = "failed";  // what no file has: the next look finds a change
  if (std::exchange(warned_, error.text) != error.text)
    parts_.log.warning(
        LogLine("postfix_security_level")
            .with("level", name_of(told_.value_or(PostfixTls{}).level))
            .with("reason", error.text)
            .with("cure",
                  "name the level in smtp_tls_policy_maps as in QUERY@may or set postfix_security_level to the "
                  "smtp_tls_security_level of Postfix"));
  report(std::nullopt);
}

// The level counts all the same.
void PostfixLevel::note_setup_failure(const PostconfAnswers& texts) {
  const Result<std::string>& failed = texts.settings ? texts.transports : texts.settings;
  const std::string reason = failed ? "" : failed.error().text;
  if (std::exchange(setup_warned_, reason) == reason || reason.empty()) return;
  parts_.log.info(
      LogLine("postfix").with("reason", reason).with("result", "settings of main.cf and master.cf are not checked"));
}

void PostfixLevel::report(std::optional<PostfixSetup> setup) {
  const Done done = done_;  // which may ask again
  done({told_.value_or(PostfixTls{}), std::move(setup)});
}

void PostfixLevel::look() {
  if (running_ || !done_) return;
  if (parts_.clock.steady() - asked_at_ >= kBetweenRuns) return run(asked_);
  submit(
      parts_.lane, parts_.loop, [stamp = stamp_, directory = directory_] { return stamp(directory); },
      [this, alive = std::weak_ptr<char>(alive_)](const std::string& stamp) {
        if (!alive.expired()) on_look(stamp);
      });
}

void PostfixLevel::on_look(const std::string& stamp) {
  if (running_ || !done_) return;
  if (stamp != seen_) return run(asked_);
  look_->start(kBetweenLooks);
}

}  // namespace tlspolicyd
