#include "service/postfix_level.h"

#include <array>
#include <algorithm>
#include <utility>

#include "base/text.h"
#include "event/worker_lane.h"

namespace tlspolicyd {
namespace {

// Empty: as before Postfix 2.11, without DNSSEC.
constexpr std::array<std::string_view, 4> kDnsSupport{"", "disabled", "enabled", "dnssec"};

constexpr seconds kUntilSecondTry{10};  // by then a changed main.cf is old enough for Postfix

tl::unexpected<Error> strange(std::string_view line) {
  return fail("postconf says \"" + printable(line, 60) + '"');
}

}  // namespace

Result<PostfixTls> parse_postconf(std::string_view output) {
  const auto lines = split(output, '\n');
  if (lines.size() != 3 || !lines[2].empty()) return fail("postconf does not write two lines");
  const auto level = parse_base_level(trim(lines[0]));
  if (!level) return strange(lines[0]);
  const std::string_view dns = trim(lines[1]);
  if (std::find(kDnsSupport.begin(), kDnsSupport.end(), dns) == kDnsSupport.end()) return strange(dns);
  return PostfixTls{*level, dns == "dnssec"};
}

PostfixLevel::PostfixLevel(Executor& lane, Executor& loop, Timers& timers, Logger& log, Run run)
    : lane_(lane), loop_(loop), log_(log), run_postconf_(std::move(run)),
      again_(timers.make([this] { if (!running_) this->run(asked_); })) {}

void PostfixLevel::ask(PostconfCall call, Done done) {
  again_->cancel();
  second_try_ = false;
  asked_ = call;
  done_ = std::move(done);
  if (running_) waiting_ = std::move(call);
  else run(std::move(call));
}

void PostfixLevel::forget() {
  again_->cancel();
  done_ = nullptr;
  waiting_.reset();
}

void PostfixLevel::run(PostconfCall call) {
  running_ = true;
  submit(lane_, loop_, [call = std::move(call), ask = run_postconf_] { return ask(call); },
         [this, alive = std::weak_ptr<char>(alive_)](const Result<std::string>& output) {
           if (!alive.expired()) on_output(output);
         });
}

void PostfixLevel::on_output(const Result<std::string>& output) {
  running_ = false;
  if (waiting_) return run(*std::exchange(waiting_, std::nullopt));
  if (!done_) return;
  const auto tls = output.and_then([](const std::string& text) { return parse_postconf(text); });
  if (!tls) return on_failure(tls.error());
  known_ = *tls;
  log_.info(LogLine("postfix_security_level").with("level", name_of(known_.level)).with("dnssec", known_.dnssec ? "yes" : "no"));
  std::exchange(done_, nullptr)(known_);
}

// A Postfix that is being upgraded has not given up DANE.
void PostfixLevel::on_failure(const Error& error) {
  if (std::exchange(second_try_, true)) return;
  log_.warning(LogLine("postfix_security_level")
                   .with("level", name_of(known_.level))
                   .with("reason", error.text)
                   .with("cure", "set postfix_security_level to the smtp_tls_security_level of Postfix"));
  again_->start(kUntilSecondTry);
  done_(known_);
}

}  // namespace tlspolicyd
