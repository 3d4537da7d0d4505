#include "postfix/policy_reply.h"

#include <random>

#include "catch.h"
#include "fakes/patterns.h"
#include "fakes/postfix_policy_model.h"

using namespace tlspolicyd;

namespace {

const PostfixPolicyModel kOld(PostfixRelease::upto_3_9);
const PostfixPolicyModel kNew(PostfixRelease::from_3_10);

Domain domain() { return *Domain::parse("d.example"); }

Policy policy(Mode mode, const std::vector<std::string>& mx = {"mx1.d.example", "*.mail.example"}) {
  std::string text = "version: STSv1\nmode: " + std::string(name_of(mode)) + "\n";
  for (const std::string& name : mx) text += "mx: " + name + "\n";
  return Policy{.mode = mode, .max_age = seconds(604'800), .mx = patterns(mx), .text = text + "max_age: 604800"};
}

Policy with_line(const std::string& line) {
  Policy with = policy(Mode::enforce);
  with.text += "\n" + line;
  return with;
}

std::string reply(const Policy& policy, MapForm form) { return policy_reply(domain(), &policy, form, {}); }

}  // namespace

TEST_CASE("M-05 rule 13: enforce in the plain form") {
  CHECK(reply(policy(Mode::enforce), MapForm::plain) ==
        "OK secure match=mx1.d.example:.mail.example servername=hostname");
}

TEST_CASE("M-09 rule 13: enforce in the tlsrpt form: the star stays in mx_host_pattern") {
  CHECK(reply(policy(Mode::enforce), MapForm::tlsrpt) ==
        "OK secure match=mx1.d.example:.mail.example servername=hostname"
        " policy_type=sts policy_domain=d.example"
        " { policy_string = version: STSv1 } { policy_string = mode: enforce }"
        " { policy_string = mx: mx1.d.example } { policy_string = mx: *.mail.example }"
        " { policy_string = max_age: 604800 }"
        " mx_host_pattern=mx1.d.example mx_host_pattern=*.mail.example");
}

TEST_CASE("rule 16 an MX host whose name is a word of match= stands for nothing but itself") {
  Policy words = policy(Mode::enforce);
  for (const char* word : {"hostname", "nexthop", "dot-nexthop", "hostnames"}) REQUIRE(words.mx.add(word));
  CHECK(kOld.read(reply(words, MapForm::plain)).match == std::vector<std::string>{"mx1.d.example", ".mail.example",
                                                                                  "hostname.", "nexthop.",
                                                                                  "dot-nexthop.", "hostnames"});
}

TEST_CASE("rule 14 the plain form is understood by Postfix 3.9, the tlsrpt form is not") {
  const PostfixVerdict plain = kOld.read(reply(policy(Mode::enforce), MapForm::plain));
  CHECK(plain.invalid.empty());
  CHECK(plain.level == "secure");
  CHECK(plain.match == std::vector<std::string>{"mx1.d.example", ".mail.example"});
  CHECK(plain.only("servername") == "hostname");
  CHECK_FALSE(kOld.read(reply(policy(Mode::enforce), MapForm::tlsrpt)).invalid.empty());
}

TEST_CASE("Q-02 rules 11 and 12: without an enforced policy there is no level at all, also for mode testing") {
  const MapForm form = GENERATE(MapForm::plain, MapForm::tlsrpt);
  CHECK(policy_reply(domain(), nullptr, form, {}) == kNotFound);
  CHECK(reply(policy(Mode::none), form) == kNotFound);
  CHECK(reply(policy(Mode::testing), form) == kNotFound);
}

TEST_CASE("P-16 rule 15: a line that would break out of its braces is left out") {
  const auto [name, line] = GENERATE(table<const char*, std::string>({
      {"extension-value-braces", "x: { match=evil.example }"},
      {"closing brace", "x: } match=evil.example {"},
      {"one brace", "x: {"},
      {"NUL", std::string("x: a\0b", 6)},
      {"carriage return", "x: a\rb"},
      {"escape", "x: \x1b[2J"},
      {"DEL", "x: \x7f"},
      {"C1 control NEL",
       "x: a\xc2\x85"
       "b"},
      {"not UTF-8", "x: \xff"},
      {"truncated UTF-8", "x: \xc3"},
      {"overlong UTF-8", "x: \xc0\xaf"},
      {"blank", " \t "},
  }));
  CAPTURE(name);
  CHECK(reply(with_line(line), MapForm::tlsrpt) == reply(policy(Mode::enforce), MapForm::tlsrpt));
}

TEST_CASE("P-16 rule 15: what only looks dangerous arrives as published") {
  const auto [name, line, read] = GENERATE(table<const char*, std::string, std::string>({
      {"commas and colons", "x: a, b: c", "x: a, b: c"},
      {"an attribute", "x: match=evil.example policy_type=sts", "x: match=evil.example policy_type=sts"},
      {"equals sign first", "=x", "=x"},
      {"tab", "x:\ta\tb", "x: a b"},
      {"UTF-8",
       "x: b\xc3\xbc"
       "cher",
       "x: b\xc3\xbc"
       "cher"},
      {"no-break space", "x: \xc2\xa0y", "x: \xc2\xa0y"},
  }));
  CAPTURE(name);
  const PostfixVerdict verdict = kNew.read(reply(with_line(line), MapForm::tlsrpt));
  CHECK(verdict.invalid.empty());
  CHECK(verdict.match.size() == 2);
  CHECK(verdict.all("policy_string").back() == read);
}

TEST_CASE("rule 13 there is always a policy_string: where no text is left it is made from the fields") {
  Policy bare = policy(Mode::enforce);
  bare.text = GENERATE("", "\n\n", "x: {}");
  CHECK(kNew.read(reply(bare, MapForm::tlsrpt)).all("policy_string") ==
        std::vector<std::string>{"version: STSv1", "mode: enforce", "max_age: 604800"});
}

TEST_CASE("C-08 an enforced policy that names no host lets no mail through") {
  const MapForm form = GENERATE(MapForm::plain, MapForm::tlsrpt);
  const std::string sent = reply(policy(Mode::enforce, {}), form);
  CHECK(sent == "OK secure match=policy-names-no-host.invalid servername=hostname");
  CHECK(kOld.read(sent).invalid.empty());
  CHECK(policy_reply(domain(), nullptr, form, {.max_reply_size = 50}) == kNotFound);
}

TEST_CASE("P-13 rule 15: what no host name can match reaches neither match= nor mx_host_pattern") {
  const Policy published = *parse_policy(
                                "version: STSv1\nmode: enforce\nmax_age: 604800\nmx: mail.a.example\n"
                                "mx: 192.0.2.7\nmx: 010.001.002.003\nmx: *.2.7\n")
                                .policy;
  CHECK(reply(published, MapForm::plain) == "OK secure match=mail.a.example servername=hostname");
  const PostfixVerdict verdict = kNew.read(reply(published, MapForm::tlsrpt));
  CHECK(verdict.match == std::vector<std::string>{"mail.a.example"});
  CHECK(verdict.all("mx_host_pattern") == std::vector<std::string>{"mail.a.example"});
  CHECK(verdict.all("policy_string").size() == 7);  // reports show what was published
}

TEST_CASE("C-20 rule 6: a reply that grows over the bound sheds text, then attributes, never match=") {
  const Policy enforced = with_line("x: " + std::string(300, 'a'));
  const std::string full = reply(enforced, MapForm::tlsrpt);
  const std::string plain = reply(enforced, MapForm::plain);
  ReplyShed last = ReplyShed::nothing;
  for (std::size_t bound = full.size() + 1; bound-- > kNotFound.size();) {
    CAPTURE(bound);
    std::string payload;
    const ReplyShed shed =
        append_policy_reply(payload, domain(), &enforced, MapForm::tlsrpt, ReplyOptions{.max_reply_size = bound});
    const PostfixVerdict verdict = kNew.read(payload);
    REQUIRE(payload.size() <= bound);
    REQUIRE(verdict.invalid.empty());
    REQUIRE(shed >= last);  // one after the other, in this order
    last = shed;
    REQUIRE((shed == ReplyShed::everything) == (bound < plain.size()));
    REQUIRE(verdict.found == (bound >= plain.size()));
    if (verdict.found) REQUIRE(verdict.match.size() == 2);
    if (shed == ReplyShed::policy_text) REQUIRE(verdict.all("policy_string").size() == 3);
    if (shed == ReplyShed::attributes) REQUIRE(payload == plain);
  }
  CHECK(last == ReplyShed::everything);
}

TEST_CASE("C-20 rule 6: a 60 kB policy with 1500 mx") {
  std::vector<std::string> mx;
  for (int i = 0; i < 1500; ++i) mx.push_back("mx" + std::to_string(1000 + i) + ".hosts.d.example");
  const Policy large = policy(Mode::enforce, mx);
  const std::string sent = reply(large, MapForm::tlsrpt);
  CHECK(sent.size() <= 100'000);
  const PostfixVerdict verdict = kNew.read(sent);
  CHECK(verdict.invalid.empty());
  CHECK(verdict.match == mx);
}

TEST_CASE("rule 22 whatever a policy holds, every reply re-parses and says what it should") {
  std::mt19937 random(8461);
  const auto pick = [&](std::size_t bound) { return std::uniform_int_distribution<std::size_t>(0, bound)(random); };
  const std::vector<std::string> pieces{"{",
                                        "}",
                                        " ",
                                        ",",
                                        "=",
                                        ":",
                                        "\t",
                                        "\n",
                                        "\r",
                                        std::string(1, '\0'),
                                        "\xff",
                                        "\xc3\xbc",
                                        "\xc2\x85",
                                        "match=evil",
                                        "policy_type=sts",
                                        "policy_failure=x",
                                        "servername=evil",
                                        "mx: ",
                                        "mode: none",
                                        "*",
                                        ".",
                                        "a.example",
                                        "\x7f"};
  const auto noise = [&] {
    std::string text;
    for (std::size_t n = pick(12); n > 0; --n) text += pieces[pick(pieces.size() - 1)];
    return text;
  };
  for (int round = 0; round < 20'000; ++round) {
    Policy hostile{.mode = static_cast<Mode>(pick(2)), .max_age = seconds(pick(100)), .mx = {}, .text = noise()};
    for (std::size_t n = pick(3); n > 0; --n)
      static_cast<void>(hostile.mx.add(pick(3) > 0 ? "*.mx" + std::to_string(n) + ".example" : noise()));
    const auto form = static_cast<MapForm>(pick(1));
    const ReplyOptions options{.max_reply_size = pick(1) == 0 ? 100'000 : kNotFound.size() + pick(400)};
    const std::string sent = policy_reply(domain(), &hostile, form, options);
    CAPTURE(round, sent, hostile.text);
    const PostfixVerdict verdict = (form == MapForm::plain ? kOld : kNew).read(sent);
    REQUIRE(sent.size() <= options.max_reply_size);
    REQUIRE(verdict.invalid.empty());
    if (!verdict.found) {
      REQUIRE(sent == kNotFound);
      continue;
    }
    REQUIRE(std::none_of(sent.begin(), sent.end(),
                         [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }));
    REQUIRE(hostile.mode == Mode::enforce);
    REQUIRE(verdict.level == "secure");
    REQUIRE(verdict.match.size() == std::max(hostile.mx.list().size(), std::size_t{1}));
    REQUIRE(verdict.only("servername") == "hostname");
    if (verdict.attributes.count("policy_type") == 0) continue;
    REQUIRE(form == MapForm::tlsrpt);
    REQUIRE(verdict.only("policy_domain") == "d.example");
    REQUIRE(verdict.all("mx_host_pattern") == hostile.mx.list());
    REQUIRE(verdict.all("policy_failure").empty());
  }
}

TEST_CASE("rule 10 a TEMP reason is short and printable") {
  CHECK(temp_reply("DNS: a\nb") == "TEMP DNS: a?b");
  CHECK(temp_reply("") == "TEMP try again later");
  CHECK(temp_reply(std::string(1000, 'x')).size() == 205);
}

TEST_CASE("a reply is appended, whatever stands before it stays") {
  const Policy enforced = with_line("x: " + std::string(300, 'a'));
  const auto mode = GENERATE(Mode::enforce, Mode::testing, Mode::none);
  const auto bound = GENERATE(std::size_t{20}, std::size_t{100}, std::size_t{100'000});
  Policy held = enforced;
  held.mode = mode;
  const ReplyOptions options{.max_reply_size = bound};
  std::string out = "before";
  append_policy_reply(out, domain(), &held, MapForm::tlsrpt, options);
  CHECK(out == "before" + policy_reply(domain(), &held, MapForm::tlsrpt, options));
}
