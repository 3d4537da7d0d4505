#include "learn/policy_log.h"

#include "explain/discovery_steps.h"
#include "sts/schedule.h"

namespace tlspolicyd {
namespace {

std::string_view name_of(TxtSeen::State state) {
  switch (state) {
    case TxtSeen::State::id: return "found";
    case TxtSeen::State::absent: return "absent";
    case TxtSeen::State::several: return "several";
    case TxtSeen::State::malformed: return "malformed";
    case TxtSeen::State::lookup_failed: return "failed";
  }
  return "?";
}

LogLine policy_line(std::string_view action, const Entry& entry) {
  LogLine line = LogLine("policy").with("domain", entry.domain.text()).with("action", action);
  if (entry.held)
    line.with("mode", name_of(entry.held->policy.mode))
        .with("id", entry.held->id)
        .with("max_age", entry.held->policy.max_age.count());
  return line;
}

std::string_view action_of(const Entry* before, const Entry& after) {
  if (before == nullptr || !before->held) return "stored";
  return before->held->policy == after.held->policy && before->held->id == after.held->id ? "renewed" : "replaced";
}

void log_fetched(Logger& log, const Entry* before, const Entry& after, const DiscoveryReport& report) {
  const std::string_view action = action_of(before, after);
  log.write(action == "renewed" ? LogLevel::debug : LogLevel::info, policy_line(action, after).text());
  const bool same = before != nullptr && before->held && before->held->policy == after.held->policy;
  for (const std::string& note : report.notes)
    log.write(same ? LogLevel::debug : LogLevel::info,
              LogLine("document").with("domain", after.domain.text()).with("note", note).text());
}

void log_fetch_failed(Logger& log, const Entry* before, const Entry& after, const FetchSeen& fetch) {
  const bool news = before == nullptr || !before->failure || before->failure->result != fetch.result;
  const LogLine line = policy_line(after.held ? "kept" : "absent", after)
                           .with("failure", name_of(fetch.result))
                           .with("reason", fetch.detail);
  log.write(news ? LogLevel::info : LogLevel::debug, line.text());
}

void log_steps(Logger& log, const Domain& domain, const DiscoveryReport& report) {
  for (const Step& step : explain(domain, report))
    log.debug(LogLine("step")
                  .with("domain", domain.text())
                  .with("step", step.step)
                  .with("result", step.result)
                  .with("detail", step.detail));
}

}  // namespace

void count_discovery(Metrics& metrics, const DiscoveryReport& report, Purpose purpose) {
  const Evidence& seen = report.evidence;
  metrics.add("txt", name_of(seen.txt.state));
  const bool fetched = seen.fetch.state == FetchSeen::State::fetched;
  const bool failed = seen.fetch.state == FetchSeen::State::failed;
  if (fetched) metrics.add("fetch", "ok");
  if (failed) metrics.add("fetch", name_of(seen.fetch.result));
  if (report.fetch && report.fetch->fault != FetchFault::none) metrics.add("fetch_fault", name_of(report.fetch->fault));
  if (purpose == Purpose::refresh && (fetched || failed)) metrics.add("refresh", fetched ? "ok" : "fail");
}

void log_discovery(Logger& log, const Entry* before, const Entry& after, const DiscoveryReport& report) {
  if (log.enabled(LogLevel::debug)) log_steps(log, after.domain, report);
  switch (report.evidence.fetch.state) {
    case FetchSeen::State::fetched: return log_fetched(log, before, after, report);
    case FetchSeen::State::failed: return log_fetch_failed(log, before, after, report.evidence.fetch);
    case FetchSeen::State::not_needed:
    case FetchSeen::State::paced: break;
  }
  const bool txt_lost = after.failure && after.failure->in_txt && after.failure->count == 1;
  if (txt_lost) log.info(policy_line("kept", after).with("reason", after.failure->detail));
}

void log_lapsed(Logger& log, const Entry& entry) { log.info(policy_line("lapsed", entry)); }

void log_failing(Logger& log, const Entry& entry, LifeTime now) {
  log.warning(policy_line("refresh_failing", entry)
                  .with("failure", name_of(entry.failure->result))
                  .with("since_s", (now - entry.failure->since).count())
                  .with("expires_in_s", (lapse_of(*entry.held) - now).count())
                  .with("reason", entry.failure->detail));
}

}  // namespace tlspolicyd
