// What Postfix is told, under a model of how it reads it, whatever the policy holds.
//
//   input: 1 octet each for source, mode and size, then patterns, one a line up to an empty one,
//   then the published text
#include "postfix/policy_reply.h"
#include "base/text.h"
#include "fakes/postfix_policy_model.h"
#include "fuzz/fuzz.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

constexpr std::array kSizes{std::size_t{100'000}, std::size_t{9}, std::size_t{60}, std::size_t{200}, std::size_t{1000}};

struct Case {
  Domain domain;
  Policy policy;
  ReplyOptions options;
};

Policy raw_policy(fuzz::Input& input, Mode mode) {
  Policy policy{.mode = mode, .max_age = seconds(86400), .mx = {}, .text = {}};
  for (std::string_view line = input.until('\n'); !line.empty(); line = input.until('\n'))
    static_cast<void>(policy.mx.add(line));
  policy.text = input.rest();
  return policy;
}

Case read_case(fuzz::Input& input) {
  const bool published = input.flag();
  const auto mode = static_cast<Mode>(input.choose(3));
  const ReplyOptions options{kSizes[input.choose(kSizes.size())]};
  Case made{*Domain::parse("d.example"), {}, options};
  if (published) {
    const auto reading = parse_policy(input.rest());
    if (reading.policy) made.policy = *reading.policy;
  } else {
    made.policy = raw_policy(input, mode);
  }
  return made;
}

std::vector<std::string> match_of(const Policy& policy) {
  if (policy.mx.empty()) return {"policy-names-no-host.invalid"};
  std::vector<std::string> match;
  for (const std::string& mx : policy.mx.list())
    match.push_back(mx.front() == '*' ? mx.substr(1) : PostfixVerdict::is_strategy(mx) ? mx + "." : mx);
  return match;
}

void check_attributes(const Case& the, const PostfixVerdict& verdict) {
  require(verdict.only("policy_type") == "sts" && verdict.only("policy_domain") == the.domain.text(),
          "type and domain");
  require(verdict.all("mx_host_pattern") == the.policy.mx.list(), "every pattern, as it is");
  for (const std::string& string : verdict.all("policy_string"))
    require(!string.empty() && is_utf8(string), "strings are text");
}

struct Reply {
  std::string payload;
  ReplyShed shed = ReplyShed::nothing;
};

// `verdict`: what Postfix takes from the reply.
void check_verdict(const Case& the, const Reply& reply, MapForm form, const PostfixVerdict& verdict) {
  require(verdict.invalid.empty(), "Postfix can read it: " + verdict.invalid);
  const bool typed = !verdict.all("policy_type").empty();
  require(form == MapForm::tlsrpt || !typed, "the plain form has no attributes of 3.10");
  if (!verdict.found) return;
  if (typed) check_attributes(the, verdict);
  require(the.policy.mode == Mode::enforce && verdict.level == "secure",
          "enforce is secure, and nothing else has a level");
  require(std::none_of(verdict.match.begin(), verdict.match.end(), &PostfixVerdict::is_strategy),
          "only names are matched");
  require(verdict.match == match_of(the.policy) && verdict.only("servername") == "hostname", "every pattern counts");
  require(typed == (form == MapForm::tlsrpt && reply.shed != ReplyShed::attributes && !the.policy.mx.empty()),
          "attributes, unless shed or without a pattern");
}

// Nothing but a lack of room ends the enforcement.
void check_enforced(const Case& the, const Reply& reply) {
  if (the.policy.mode != Mode::enforce) return;
  std::size_t room = std::string_view("OK secure match= servername=hostname").size();
  for (const std::string& match : match_of(the.policy)) room += match.size() + 1;
  if (room <= the.options.max_reply_size)
    require(reply.payload.starts_with("OK secure "), "a sound policy is enforced");
}

void check_form(const Case& the, MapForm form) {
  Reply reply;
  reply.shed = append_policy_reply(reply.payload, the.domain, &the.policy, form, the.options);
  require(reply.payload == kNotFound || reply.payload.size() <= the.options.max_reply_size, "within max_reply_size");
  require(is_utf8(reply.payload), "valid UTF-8");
  require(
      std::none_of(reply.payload.begin(), reply.payload.end(), [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; }),
      "no control characters");
  check_enforced(the, reply);
  check_verdict(the, reply, form, PostfixPolicyModel(PostfixRelease::from_3_10).read(reply.payload));
  if (form == MapForm::plain)
    check_verdict(the, reply, form, PostfixPolicyModel(PostfixRelease::upto_3_9).read(reply.payload));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string temp = temp_reply(fuzz::Input(data, size).rest());
  require(fuzz::is_printable(temp) && temp.starts_with("TEMP ") && temp.size() > 5 && temp.size() <= 205,
          "a short reason");
  fuzz::Input input(data, size);
  const Case made = read_case(input);
  check_form(made, MapForm::plain);
  check_form(made, MapForm::tlsrpt);
  return 0;
}
