#include "cli/query.h"

#include <sysexits.h>

#include <optional>
#include <string>

#include "base/metrics.h"
#include "cli/complaint.h"
#include "cli/progress.h"
#include "event/loop.h"
#include "service/resolver_canary.h"
#include "view/explanation_view.h"

namespace tlspolicyd {
namespace {

// What the canary has to say is said by the steps.
class Unheard final : public Logger {
 private:
  void write(LogLevel, const std::string&) override {}
};

struct Found {
  Explanation explanation;
  bool temporary = false;
};

Found diagnose(const Cli& cli, Loop& loop, Diagnosis::Ports ports, const Domain& domain,
               const DiagnosisOptions& options) {
  std::optional<Found> found;
  Progress progress(cli.terminal, cli.clock, "asking about " + domain.text() + ":");
  std::unique_ptr<Timer> ticker = loop.make([&] {
    progress.tick();
    ticker->start(Progress::kBetween);
  });
  Diagnosis diagnosis(ports, domain, options,
                      [&](Explanation explanation, bool temporary) {
                        found = Found{std::move(explanation), temporary};
                        loop.stop();
                      });
  ticker->start(Progress::kPatience);
  diagnosis.start();
  loop.run();
  return *std::move(found);
}

}  // namespace

int query(const Cli& cli, const QueryOptions& options, std::string_view name) {
  const auto domain = Domain::parse(name);
  if (!domain) return complain(cli, EX_DATAERR, domain.error().text);
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
  const Found found = diagnose(cli, loop, ports, *domain, options.diagnosis);
  cli.terminal.out << (cli.json ? explanation_json(found.explanation) + "\n" : explanation_text(found.explanation));
  if (const int code = finish_output(cli); code != EX_OK) return code;
  return found.temporary ? EX_TEMPFAIL : EX_OK;
}

}  // namespace tlspolicyd
