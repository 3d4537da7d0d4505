#include "view/entry_text.h"

#include <algorithm>

#include "view/text_layout.h"

namespace tlspolicyd {
namespace {

// 32 + 7 + 14 + 11 + 5 + 6 and a blank between: 80 columns.
constexpr std::size_t kDomainWidth = 32, kModeWidth = 7, kIdWidth = 14, kExpiresWidth = 11, kDaneWidth = 6,
                      kFailureWidth = 5;
constexpr std::size_t kIndent = 12;

std::string row(std::string_view domain, std::string_view mode, std::string_view id, std::string_view expires,
                std::string_view dane, std::string_view failure) {
  std::string line = column(domain, kDomainWidth) + " " + column(mode, kModeWidth) + " " + column(id, kIdWidth) + " " +
                     column(expires, kExpiresWidth) + " " + column(dane, kDaneWidth) + " " +
                     shortened(failure, kFailureWidth);
  return line.erase(line.find_last_not_of(' ') + 1) + "\n";
}

// "!" and how often in a row, as far as it fits.
std::string failure_mark(const EntryView& entry) {
  if (!entry.failure) return "";
  return entry.failure->count > 999 ? "!999+" : "!" + std::to_string(entry.failure->count);
}

// In one word: what the hosts of the domain itself have in common.
std::string_view dane_word(const std::optional<DaneView>& dane) {
  if (!dane) return "-";
  const std::vector<DaneHostView>& hosts = dane->hosts;
  if (dane->status == "failed") return "failed";
  if (hosts.empty()) return "none";
  const bool alike = std::all_of(hosts.begin(), hosts.end(),
                                 [&](const DaneHostView& host) { return host.state == hosts.front().state; });
  if (!alike) return "mixed";
  return hosts.front().state == "unusable" ? "unfit" : std::string_view(hosts.front().state);
}

std::string when(const std::optional<WallTime>& time, WallTime now) {
  if (!time) return "never";
  return rfc3339(*time) + " (" + human_distance(*time, now) + ")";
}

std::string_view meaning(const EntryView& entry) {
  if (entry.verdict == "secure") return "secure: only to hosts of the policy, with a valid certificate";
  if (entry.verdict == "dane") return "dane: DANE decides";
  if (entry.verdict == "temp") return "temp: Postfix tries again later";
  return "none: no policy applies, Postfix uses its own level";
}

std::string policy_text(const EntryView& entry, WallTime now) {
  if (!entry.mode) return beside("policy", kIndent, "none found; looked up again after it expires");
  std::string out = beside("mode", kIndent, *entry.mode) + beside("id", kIndent, entry.id.value_or(""));
  std::string_view label = "patterns";
  if (entry.mx.empty() && entry.mode != "none") out += beside(label, kIndent, "none that a host name can match");
  for (const std::string& pattern : entry.mx) out += beside(std::exchange(label, ""), kIndent, pattern);
  const seconds max_age(entry.max_age.value_or(0));
  return out + beside("max age", kIndent, std::to_string(max_age.count()) + " s (" + human_span(max_age) + ")") +
         beside("fetched", kIndent, when(entry.fetched, now));
}

std::string failure_text(const FailureView& failure, WallTime now) {
  return beside("failure", kIndent,
                failure.result + ", " + std::to_string(failure.count) + " in a row since " + when(failure.since, now)) +
         beside("", kIndent, failure.detail);
}

std::string dane_text(const DaneView& dane, WallTime now) {
  std::string out =
      beside("DANE", kIndent, dane.next_hop + ": MX " + dane.status + "; until " + when(dane.expires, now));
  for (const DaneHostView& host : dane.hosts)
    out += beside("", kIndent, host.host + ": " + host.state + " (" + host.reason + ")");
  return out;
}

}  // namespace

std::string entry_table_head() { return row("DOMAIN", "MODE", "ID", "EXPIRES", "DANE", "FAILS"); }

std::string entry_table_row(const EntryView& entry, WallTime now) {
  return row(shown(entry.domain), shown(entry.mode.value_or("-")), shown(entry.id.value_or("-")),
             entry.expires ? human_distance(*entry.expires, now) : "-", shown(dane_word(entry.dane)),
             failure_mark(entry));
}

std::string entry_text(const EntryView& entry, WallTime now) {
  std::string out =
      beside("domain", kIndent, entry.domain) + beside("verdict", kIndent, meaning(entry)) + policy_text(entry, now) +
      beside("expires", kIndent, when(entry.expires, now)) + beside("checked", kIndent, when(entry.checked, now)) +
      beside("last asked", kIndent, when(entry.last_asked, now)) + beside("reply", kIndent, "\"" + entry.reply + "\"");
  if (entry.dane) out += dane_text(*entry.dane, now);
  for (const DaneView& dane : entry.next_hops) out += dane_text(dane, now);
  if (entry.failure) out += failure_text(*entry.failure, now);
  return out;
}

}  // namespace tlspolicyd
