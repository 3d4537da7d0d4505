#include "service/postfix_level.h"

#include <array>
#include <algorithm>

#include "base/text.h"
#include "event/worker_lane.h"

namespace tlspolicyd {
namespace {

// Empty: as before Postfix 2.11, without DNSSEC.
constexpr std::array<std::string_view, 4> kDnsSupport{"", "disabled", "enabled", "dnssec"};

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

void PostfixLevel::ask(PostconfCall call, Done done) {
  done_ = std::move(done);
  if (running_) waiting_ = std::move(call);
  else run(std::move(call));
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
  tell(output.and_then([](const std::string& text) { return parse_postconf(text); }));
}

void PostfixLevel::tell(const Result<PostfixTls>& tls) {
  const Done done = std::exchange(done_, nullptr);
  if (!tls)
    log_.warning(LogLine("postfix_security_level")
                     .with("level", "unknown")
                     .with("reason", tls.error().text)
                     .with("cure", "set postfix_security_level to the smtp_tls_security_level of Postfix"));
  else
    log_.info(LogLine("postfix_security_level")
                  .with("level", name_of(tls->level))
                  .with("dnssec", tls->dnssec ? "yes" : "no"));
  done(tls.value_or(PostfixTls{}));
}

}  // namespace tlspolicyd
