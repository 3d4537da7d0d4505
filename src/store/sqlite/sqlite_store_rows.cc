#include "store/sqlite/sqlite_store_rows.h"

#include <algorithm>
#include <limits>

#include "base/text.h"
#include "dane/stored_dane.h"

namespace tlspolicyd {
namespace {

enum Column {
  kDomain,
  kMode,
  kMaxAge,
  kMx,
  kId,
  kText,
  kFetched,
  kChecked,
  kLastAsked,
  kResult,
  kInTxt,
  kSince,
  kCount,
  kDetail,
  kDane
};

constexpr std::int64_t kLastSecond = 253'402'300'799;  // of the year 9999
constexpr std::size_t kMaxMx = 65536;                  // a document is no longer
constexpr std::size_t kMaxId = 32;                     // RFC 8461 section 3.1

std::optional<std::int64_t> number_at(sqlite3_stmt& statement, int column, std::int64_t min, std::int64_t max) {
  if (sqlite3_column_type(&statement, column) != SQLITE_INTEGER) return {};
  const std::int64_t number = sqlite3_column_int64(&statement, column);
  if (number < min || number > max) return {};
  return number;
}

// Before 1970 was what happened before the clock was set back to its begin.
std::optional<WallTime> time_at(sqlite3_stmt& statement, int column) {
  const auto number = number_at(statement, column, -kLastSecond, kLastSecond);
  return number ? std::optional(WallTime(seconds(*number))) : std::nullopt;
}

bool is_id(std::string_view id) { return id.size() <= kMaxId && std::all_of(id.begin(), id.end(), is_alnum); }

// Whether a policy without patterns was published as one; else the row is damaged.
bool names_no_host(Mode mode, std::string_view text) {
  if (mode == Mode::none) return true;
  const auto published = parse_policy(text).policy;
  return published && published->mode == mode && published->mx.empty();
}

Result<Policy> read_policy(sqlite3_stmt& statement) {
  const auto mode = parse_mode(octets_at(statement, kMode));
  if (!mode) return fail("mode is no mode");
  const auto max_age = number_at(statement, kMaxAge, 0, kMaxMaxAge.count());
  if (!max_age) return fail("max_age is out of range");
  const std::string_view joined = octets_at(statement, kMx);
  auto mx = joined.size() <= kMaxMx ? MxPatterns::parse_joined(joined) : std::nullopt;
  if (!mx) return fail("mx holds no valid patterns");
  const std::string_view text = octets_at(statement, kText);
  if (text.size() > kMaxPolicyText) return fail("text is too long");
  if (joined.empty() && !names_no_host(*mode, text)) return fail("mx is empty");
  return Policy{.mode = *mode, .max_age = seconds(*max_age), .mx = std::move(*mx), .text = std::string(text)};
}

std::optional<StsResult> result_of(std::string_view word) {
  for (const StsResult result :
       {StsResult::sts_policy_fetch_error, StsResult::sts_policy_invalid, StsResult::sts_webpki_invalid})
    if (name_of(result) == word) return result;
  return {};
}

std::optional<Failure> read_failure(sqlite3_stmt& statement) {
  const auto result = result_of(octets_at(statement, kResult));
  const auto in_txt = number_at(statement, kInTxt, 0, 1);
  const auto since = number_at(statement, kSince, -kLastSecond, kLastSecond);
  const auto count = number_at(statement, kCount, 0, std::numeric_limits<std::uint32_t>::max());
  if (!result || !in_txt || !since || !count) return {};
  return Failure{.in_txt = *in_txt == 1,
                 .result = *result,
                 .since = LifeTime(seconds(*since)),
                 .count = static_cast<std::uint32_t>(*count),
                 .detail = std::string(octets_at(statement, kDetail).substr(0, kMaxFailureDetail))};
}

}  // namespace

Result<StoredRow> read_row(sqlite3_stmt& statement) {
  const std::string_view name = octets_at(statement, kDomain);
  auto domain = Domain::parse(name);
  if (!domain || domain->text() != name) return fail("domain is not in its canonical form");
  auto policy = read_policy(statement);
  if (!policy) return fail(policy.error().text);
  const std::string_view id = octets_at(statement, kId);
  if (!is_id(id)) return fail("id is no id");
  const auto fetched = time_at(statement, kFetched), checked = time_at(statement, kChecked),
             last_asked = time_at(statement, kLastAsked);
  if (!fetched || !checked || !last_asked) return fail("a time is out of range");
  return StoredRow{.domain = std::move(*domain),
                   .policy = std::move(*policy),
                   .id = std::string(id),
                   .fetched = *fetched,
                   .checked = *checked,
                   .last_asked = *last_asked,
                   .failure = read_failure(statement),
                   .dane = parse_dane(octets_at(statement, kDane))};
}

void bind_row(sqlite3_stmt& statement, const StoredRow& row) {
  const auto time = [](WallTime when) { return std::int64_t{when.time_since_epoch().count()}; };
  sqlite3_clear_bindings(&statement);
  bind_text(statement, 1 + kDomain, row.domain.text());
  bind_text(statement, 1 + kMode, name_of(row.policy.mode));
  bind_number(statement, 1 + kMaxAge, std::int64_t{row.policy.max_age.count()});
  bind_text(statement, 1 + kMx, row.policy.mx.joined());
  bind_text(statement, 1 + kId, row.id);
  bind_blob(statement, 1 + kText, row.policy.text);
  bind_number(statement, 1 + kFetched, time(row.fetched));
  bind_number(statement, 1 + kChecked, time(row.checked));
  bind_number(statement, 1 + kLastAsked, time(row.last_asked));
  bind_text(statement, 1 + kDane, dane_text(row.dane));
  if (!row.failure) return;
  bind_text(statement, 1 + kResult, name_of(row.failure->result));
  bind_number(statement, 1 + kInTxt, std::int64_t{row.failure->in_txt});
  bind_number(statement, 1 + kSince, std::int64_t{row.failure->since.time_since_epoch().count()});
  bind_number(statement, 1 + kCount, std::int64_t{row.failure->count});
  bind_blob(statement, 1 + kDetail, row.failure->detail);
}

}  // namespace tlspolicyd
