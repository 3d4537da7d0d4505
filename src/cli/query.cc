#include "cli/query.h"

#include <sysexits.h>

#include <optional>
#include <string>

#include "base/metrics.h"
#include "cli/complaint.h"
#include "cli/progress.h"
#include "event/loop.h"
#include "learn/resolver_canary.h"
#include "postfix/key.h"
#include "tls/tls_context.h"
#include "view/explanation_json.h"
#include "view/explanation_text.h"
#include "view/explanation_view.h"

namespace tlspolicyd {
namespace {

// What the canary has to say is said by the steps.
class Unheard final : public Logger {
 private:
  [[nodiscard]] bool enabled(LogLevel) const override { return false; }
  void write(LogLevel, const std::string&) override {}
};

struct Found {
  Explanation explanation;
  bool temporary = false;
};

Found diagnose(const Cli& cli, Loop& loop, Diagnosis::Ports ports, const NextHop& next_hop,
               const DiagnosisOptions& options) {
  std::optional<Found> found;
  Progress progress(cli.terminal, cli.clock, "asking about " + next_hop.domain.text() + ":");
  std::unique_ptr<Timer> ticker = loop.make([&] {
    progress.tick();
    ticker->start(Progress::kBetween);
  });
  Diagnosis diagnosis(ports, next_hop, options, [&](Explanation explanation, bool temporary) {
    found = Found{std::move(explanation), temporary};
    loop.stop();
  });
  ticker->start(Progress::kPatience);
  diagnosis.start();
  loop.run();
  return *std::move(found);
}

std::string text_of(const HttpsOptions& https) {
  const bool own = !https.ca_file.empty() || !https.ca_path.empty();
  const TrustAnchors anchors = own ? TrustAnchors{https.ca_file, https.ca_path} : system_anchors();
  std::string out = own ? "" : "the system's anchors, ";
  if (!anchors.ca_file.empty()) out += "ca_file " + anchors.ca_file;
  if (!anchors.ca_file.empty() && !anchors.ca_path.empty()) out += " and ";
  return anchors.ca_path.empty() ? out : out + "ca_path " + anchors.ca_path;
}

}  // namespace

int query(const Cli& cli, const QueryOptions& options, std::string_view key) {
  const auto next_hop = parse_key(key);
  if (!next_hop) return complain(cli, EX_DATAERR, next_hop.error().text);
  Loop loop;
  Metrics metrics;
  DnsHub hub(loop, loop, cli.clock, metrics);
  DnsClient dns(hub, options.dns), dane_dns(hub, options.dane_dns);
  const auto https = HttpsClient::create(loop, options.https);
  if (!https) return complain(cli, EX_CONFIG, https.error().text);
  Unheard log;
  ResolverCanary canary({dane_dns, loop, log, metrics}, [] {});
  canary.ask(options.diagnosis.dane_canary);
  const Diagnosis::Ports ports{{dns, **https, loop, cli.clock}, dane_dns, loop};
  DiagnosisOptions diagnosis = options.diagnosis;
  diagnosis.trust_anchors = text_of(options.https);
  const Found found = diagnose(cli, loop, ports, *next_hop, diagnosis);
  cli.terminal.out << (cli.json ? explanation_json(found.explanation) + "\n" : explanation_text(found.explanation));
  if (const int code = finish_output(cli); code != EX_OK) return code;
  return found.temporary ? EX_TEMPFAIL : EX_OK;
}

}  // namespace tlspolicyd
