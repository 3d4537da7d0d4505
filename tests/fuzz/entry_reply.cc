// What Postfix is told of an entry and of its next hop's DANE, under a model of how it reads it.
//
//   input: an octet each for level, size, DANE active, the three choices of precedence, TXT
//   unknown, policy, mode, next hop known, MX state, failing, hosts and the finding of each; four
//   octets each for max_age, the policy's age, and the age and the end of what is known of the next
//   hop; then patterns, one a line up to an empty one, then the published text
#include "postfix/entry_reply.h"

#include "base/text.h"
#include "fakes/postfix_policy_model.h"
#include "fuzz/fuzz.h"
#include "sts/decide.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

constexpr LifeTime kNow{seconds(1'000'000'000)};
constexpr std::array kSizes{std::size_t{100'000}, std::size_t{60}, std::size_t{400}};

struct Case {
  Entry entry{.domain = *Domain::parse("d.example"), .current_until = kNow};
  std::optional<HopDane> dane;
  ReplyRules rules;
};

LifeTime ago(fuzz::Input& input) { return kNow - seconds(input.number(4)); }

ReplyRules read_rules(fuzz::Input& input) {
  using enum DaneVerdict;
  ReplyRules rules;
  rules.level = static_cast<BaseLevel>(input.choose(kBaseLevels));
  rules.reply = {kSizes[input.choose(kSizes.size())]};
  rules.dane_active = input.flag();
  rules.precedence = {std::array{notfound, dane, dane_only}[input.choose(3)], input.flag() ? dane_only : dane,
                      input.flag() ? temp : notfound};
  return rules;
}

HopDane read_hop(fuzz::Input& input) {
  HopDane hop{.status = {static_cast<MxState>(input.choose(6)), {}}, .failing = input.flag()};
  for (std::size_t left = input.choose(5); left > 0; --left) {
    const auto finding = static_cast<HostFinding>(input.choose(kHostFindings));
    hop.status.hosts.push_back({"mx" + std::to_string(left) + ".example", finding, {}});
    if (hop.status.hosts.back().state() == HostState::failed && left % 4 == 0)
      hop.status.hosts.back().last_usable = kNow - seconds(60);
  }
  hop.seen = ago(input);
  hop.current_until = kNow + kMaxDaneCurrent - seconds(input.number(4));
  return hop;
}

Case read_case(fuzz::Input& input) {
  Case made;
  made.rules = read_rules(input);
  made.entry.txt_unknown = input.flag();
  const bool has_policy = input.flag();
  HeldPolicy held{{.mode = static_cast<Mode>(input.choose(3)), .max_age = {}, .mx = {}, .text = {}}, "id", {}};
  if (input.flag()) made.dane = read_hop(input);
  held.policy.max_age = std::min(seconds(input.number(4)), kMaxMaxAge);
  held.fetched = ago(input);
  for (std::string_view line = input.until('\n'); !line.empty(); line = input.until('\n'))
    static_cast<void>(held.policy.mx.add(line));
  held.policy.text = input.rest();
  if (has_policy) made.entry.held = std::make_shared<const HeldPolicy>(std::move(held));
  return made;
}

// What may be said instead of `secure` although a policy is enforced.
bool excuses(const Case& the, const Policy& policy, std::string_view reply) {
  const ReplyOptions& options = the.rules.reply;
  if (allows_no_reply(the.rules.level)) return reply == kNotFound;
  const auto allows = [&](std::string_view host) { return policy.mx.allow(host); };
  const DaneVerdict verdict = decide_hop(the.dane ? &*the.dane : nullptr, kNow, allows, the.rules.precedence).verdict;
  if (the.rules.dane_active && verdict != DaneVerdict::secure) return true;
  return reply == kNotFound && policy.mx.joined().size() + 70 > options.max_reply_size;
}

void check_temp(const Case& the, std::string_view reply, bool applies) {
  require(fuzz::is_printable(reply) && reply.size() > 5 && reply.size() <= 205, "a short reason");
  const bool txt = !applies && the.entry.txt_unknown && the.rules.precedence.dns_error_reply == DaneVerdict::temp;
  require(txt || the.rules.dane_active, "put off only what DNS did not tell");
}

void check_level(const Case& the, const PostfixVerdict& verdict, bool enforced) {
  const bool dane = verdict.level == "dane" || verdict.level == "dane-only";
  require(!allows_no_reply(the.rules.level), "a level that demands more already is never replaced");
  require(verdict.level == "secure" || (dane && the.rules.dane_active), "no level but these");
  require(enforced || dane, "only what applies is enforced");
  if (dane) require(verdict.match.empty() && verdict.attributes.empty(), "nothing that Postfix refuses there");
}

// RFC 8461 section 2: what DANE protects is not switched off.
void check_precedence(const Case& the, const PostfixVerdict& verdict) {
  if (!the.rules.dane_active || !the.dane || the.dane->failing || the.dane->current_until < kNow) return;
  const DaneStatus& status = the.dane->status;
  if (!names_hosts(status.mx) || verdict.level != "secure") return;
  for (const DaneHost& host : status.hosts) {
    require(!host.has_dane(kNow), "DANE stays in force");
    const bool named = std::find(verdict.match.begin(), verdict.match.end(), host.name) != verdict.match.end();
    require(host.state() != HostState::failed || !named, "no certificate need name a host that fails");
  }
}

void check(const Case& the, MapForm form, PostfixRelease release) {
  std::string reply;
  append_entry_reply(reply, the.entry, the.dane ? &*the.dane : nullptr, kNow, form, the.rules);
  const HeldPolicy* const applies = assess(&the.entry, kNow).applies;
  const bool enforced = applies != nullptr && applies->policy.mode == Mode::enforce;
  if (reply.starts_with("TEMP ")) return check_temp(the, reply, applies != nullptr);
  require(reply.size() <= std::max(the.rules.reply.max_reply_size, kNotFound.size()), "within max_reply_size");
  const PostfixVerdict verdict = PostfixPolicyModel(release).read(reply);
  require(verdict.invalid.empty(), "Postfix can read it: " + verdict.invalid);
  if (verdict.found) check_level(the, verdict, enforced);
  check_precedence(the, verdict);
  if (enforced) require(verdict.level == "secure" || excuses(the, applies->policy, reply), "what applies is enforced");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const Case made = read_case(input);
  check(made, MapForm::plain, PostfixRelease::upto_3_9);
  check(made, MapForm::plain, PostfixRelease::from_3_10);
  check(made, MapForm::tlsrpt, PostfixRelease::from_3_10);
  return 0;
}
