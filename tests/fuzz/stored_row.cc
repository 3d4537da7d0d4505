// Rows of the store as a stranger may have written them: any type in any column.
//
//   input: 2 octets for a step of the wall clock; then for each column an octet for its type,
//   and a number of eight octets, or a text or blob behind its length in two octets
#include "store/stored_row.h"
#include "base/text.h"
#include "fakes/fake_time.h"
#include "fakes/postfix_policy_model.h"
#include "fuzz/fuzz.h"
#include "postfix/entry_reply.h"
#include "store/sqlite/sqlite_store_rows.h"
#include "store/store_shadow.h"
#include "sts/decide.h"
#include "sts/mx_pattern.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

// The row under the cursor is what was bound.
class Mirror {
 public:
  Mirror() : db_(SqliteDb::open(":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE).value()) {
    std::string sql = "SELECT ?";
    for (int column = 1; column < kRowColumnCount; ++column) sql += ",?";
    statement_ = db_.prepare(sql.c_str()).value();
  }
  sqlite3_stmt& statement() { return *statement_; }
  Result<StoredRow> read() {
    require(db_.step(*statement_).value_or(false), "there is a row");
    auto row = read_row(*statement_);
    sqlite3_reset(statement_.get());
    return row;
  }

 private:
  SqliteDb db_;
  StmtPtr statement_;
};

void bind_column(sqlite3_stmt& statement, int place, fuzz::Input& input) {
  enum class Type { nothing, number, text, blob, real };
  switch (static_cast<Type>(input.choose(5))) {
    case Type::nothing: sqlite3_bind_null(&statement, place); break;
    case Type::number: bind_number(statement, place, static_cast<std::int64_t>(input.number(8))); break;
    case Type::text: bind_text(statement, place, input.take(input.number(2))); break;
    case Type::blob: bind_blob(statement, place, input.take(input.number(2))); break;
    case Type::real: sqlite3_bind_double(&statement, place, static_cast<double>(input.number(8))); break;
  }
}

bool same(const std::optional<Failure>& a, const std::optional<Failure>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->in_txt == b->in_txt && a->result == b->result && a->since == b->since && a->count == b->count &&
         a->detail == b->detail;
}

bool same(const std::shared_ptr<const HopDanes>& a, const std::shared_ptr<const HopDanes>& b) {
  return a && b ? *a == *b : a == b;
}

bool same(const StoredRow& a, const StoredRow& b) {
  return a.domain == b.domain && a.policy == b.policy && a.id == b.id && a.fetched == b.fetched &&
         a.checked == b.checked && a.last_asked == b.last_asked && same(a.failure, b.failure) && same(a.dane, b.dane);
}

void check_row(const StoredRow& row) {
  require(row.policy.max_age >= seconds(0) && row.policy.max_age <= kMaxMaxAge, "max_age within its bounds");
  for (const std::string& mx : row.policy.mx.list())
    require(parse_mx_pattern(mx) == mx && unmatchable(mx) == nullptr,
            "patterns are canonical and can match a host name");
  require(row.policy.text.size() <= kMaxPolicyText, "the text within its bound");
  require(row.id.size() <= 32 && std::all_of(row.id.begin(), row.id.end(), is_alnum), "an id is one");
  if (row.failure) require(row.failure->detail.size() <= kMaxFailureDetail, "the failure within its bound");
}

// Whatever the row says, Postfix can read what it is told, and an enforced policy is not
// answered with less than DANE.
void check_replies(const Entry& entry, LifeTime now) {
  const HeldPolicy* const applies = assess(&entry, now).applies;
  const bool enforced = applies != nullptr && applies->policy.mode == Mode::enforce;
  for (const bool dane_active : {false, true}) {
    const ReplyRules rules{{}, BaseLevel::dane, dane_active, {}};
    for (const MapForm form : {MapForm::plain, MapForm::tlsrpt}) {
      std::string reply;
      append_entry_reply(reply, entry, find_hop(entry.dane, {}), now, form, rules);
      if (reply.starts_with("TEMP ")) continue;
      const auto verdict = PostfixPolicyModel(PostfixRelease::from_3_10).read(reply);
      require(verdict.invalid.empty(), "Postfix can read it: " + verdict.invalid);
      require(enforced || verdict.level != "secure", "only what applies is enforced");
      require(dane_active || !enforced || verdict.level == "secure", "what applies is enforced");
    }
  }
}

// Whatever the clocks say, nothing lies in the future and nothing lives longer.
void check_entry(const StoredRow& row, const Clock& clock) {
  const Entry entry = from_row(row, clock);
  require(entry.held->fetched <= clock.life() && entry.checked <= clock.life() && entry.last_asked <= clock.life(),
          "nothing was in the future");
  require(!entry.failure || entry.failure->since <= clock.life(), "no failure was in the future");
  if (row.fetched <= clock.wall())
    require(clock.life() - entry.held->fetched == clock.wall() - row.fetched, "a policy is as old as it is");
  if (entry.dane)
    for (const HopDane& hop : *entry.dane)
      require(hop.current_until <= clock.life() + kMaxDaneCurrent, "DANE is not taken as current for longer than ever");
  check_replies(entry, clock.life());
  const StoredRow again = to_row(entry, clock);
  require(same(again, to_row(from_row(again, clock), clock)), "an entry comes back from its row");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  static Mirror mirror;
  const auto step = static_cast<std::int64_t>(input.number(2));
  for (int column = 1; column <= kRowColumnCount; ++column) bind_column(mirror.statement(), column, input);
  const auto row = mirror.read();
  if (!row) return require(fuzz::is_printable(row.error().text), "a reason can be shown"), 0;
  check_row(*row);
  bind_row(mirror.statement(), *row);
  const auto again = mirror.read();
  require(again && same(*row, *again), "a row is read back as it was");
  FakeTime time;
  time.step_wall(seconds(step * 100'000) - seconds(3'000'000'000));
  check_entry(*row, time);
  return 0;
}
