#include "service/postfix_level.h"

#include <filesystem>
#include <unistd.h>

#include "catch.h"
#include "fakes/captured_log.h"
#include "fakes/fake_time.h"
#include "fakes/fake_postconf.h"
#include "fakes/manual_executor.h"

using namespace tlspolicyd;

namespace {

constexpr milliseconds kPlenty{60'000};  // for what is meant to end by itself

PostconfCall call_of(const FakePostconf& postconf, milliseconds limit = kPlenty) {
  return {.config_directory = "", .program = postconf.program(), .limit = limit};
}

std::string refusal(const Result<std::string>& output) {
  return output ? "ran: " + *output : output.error().text;
}

struct Fixture {
  ManualExecutor lane, loop;
  CapturedLog log;
  FakeTime time;
  PostfixLevel level{lane, loop, time, log};
  std::vector<PostfixTls> told;

  void ask(const PostconfCall& call) {
    level.ask(call, [this](const PostfixTls& tls) { told.push_back(tls); });
  }
  void settle() {
    while (lane.run() + loop.run() > 0) {
    }
  }
};

}  // namespace

TEST_CASE("two lines of postconf are a level and whether there is DNSSEC") {
  const auto [name, output, level, dnssec] = GENERATE(table<const char*, const char*, BaseLevel, bool>({
      {"nothing set", "\n\n", BaseLevel::none, false},
      {"may", "may\n\n", BaseLevel::may, false},
      {"dane", "dane\ndnssec\n", BaseLevel::dane, true},
      {"dane without DNSSEC", "dane\nenabled\n", BaseLevel::dane, false},
      {"dane-only", "dane-only\ndnssec\n", BaseLevel::dane_only, true},
      {"capitals", "Encrypt\ndnssec\n", BaseLevel::encrypt, true},
      {"blanks", " secure \n disabled\n", BaseLevel::secure, false},
  }));
  CAPTURE(name);
  const auto tls = parse_postconf(output);
  REQUIRE(tls);
  CHECK(*tls == PostfixTls{level, dnssec});
}

TEST_CASE("whatever else postconf may write is refused") {
  const auto [name, output, said] = GENERATE(table<const char*, const char*, const char*>({
      {"nothing", "", "postconf does not write two lines"},
      {"one line", "dane\n", "postconf does not write two lines"},
      {"three lines", "dane\ndnssec\nmore\n", "postconf does not write two lines"},
      {"no end of line", "dane\ndnssec", "postconf does not write two lines"},
      {"unknown level", "halfdane\n\n", "postconf says \"halfdane\""},
      {"unexpanded", "${x?{may}}\n\n", "postconf says \"${x?{may}}\""},
      {"unknown support", "dane\nmaybe\n", "postconf says \"maybe\""},
      {"control characters", "\x1b[2J\n\n", "postconf says \"?[2J\""},
  }));
  CAPTURE(name);
  const auto tls = parse_postconf(output);
  REQUIRE_FALSE(tls);
  CHECK(tls.error().text == said);
}

TEST_CASE("postconf is asked for the two parameters, without a shell in between") {
  const FakePostconf postconf(R"(printf '%s\n' "$@" > "${0%/*}/asked"; echo dane; echo dnssec)");
  PostconfCall call = call_of(postconf);
  call.config_directory = "/etc/postfix out; touch /tmp/x";
  CHECK(refusal(run_postconf(call)) == "ran: dane\ndnssec\n");
  CHECK(postconf.content("asked") ==
        "-hx\n-c\n/etc/postfix out; touch /tmp/x\nsmtp_tls_security_level\nsmtp_dns_support_level\n");
}

TEST_CASE("postconf gets none of our descriptors and no input") {
  const FakePostconf postconf(R"(cat; ls /proc/self/fd | wc -l)");
  // 0, 1, 2, the directory ls reads, and the script where the shell keeps it open above.
  const auto output = run_postconf(call_of(postconf));
  REQUIRE(output);
  CHECK(std::stoi(*output) <= 5);
}

TEST_CASE("a postconf that hangs is killed with all it started") {
  const FakePostconf postconf(R"(echo $$ > "${0%/*}/pid"; sleep 600 & echo $! > "${0%/*}/child"; wait)");
  CHECK(refusal(run_postconf(call_of(postconf, milliseconds(300)))) == "postconf did not end in time");
  const auto gone = [&](const char* name) {
    const std::string pid = postconf.content(name);
    return pid.empty() || !std::filesystem::exists("/proc/" + pid.substr(0, pid.size() - 1) + "/exe");
  };
  CHECK(gone("pid"));
  for (int i = 0; i < 1000 && !gone("child"); ++i) usleep(1000);  // init reaps it
  CHECK(gone("child"));
}

TEST_CASE("a postconf that closes its output and stays is killed too") {
  const FakePostconf postconf("exec >&-; sleep 600");
  CHECK(refusal(run_postconf(call_of(postconf, milliseconds(300)))) == "postconf did not end in time");
}

TEST_CASE("a postconf that fails, floods or is missing is an error") {
  CHECK(refusal(run_postconf(call_of(FakePostconf("echo dane; exit 1")))) == "postconf ended with an error");
  CHECK(refusal(run_postconf(call_of(FakePostconf("kill -9 $$")))) == "postconf ended with an error");
  CHECK(refusal(run_postconf(call_of(FakePostconf("while echo dane; do :; done")))) == "postconf writes too much");
  CHECK(refusal(run_postconf({.config_directory = "", .program = "/nonexistent/postconf", .limit = kPlenty})) ==
        "/nonexistent/postconf cannot be run: No such file or directory");
  CHECK(refusal(run_postconf({.config_directory = "", .program = "no-such-postconf", .limit = kPlenty})) ==
        "no-such-postconf cannot be run: No such file or directory");
}

TEST_CASE_METHOD(Fixture, "the level is told once it is known") {
  const FakePostconf postconf("echo dane; echo dnssec");
  ask(call_of(postconf));
  CHECK(told.empty());
  settle();
  CHECK(told == std::vector<PostfixTls>{{BaseLevel::dane, true}});
  CHECK(log.count(LogLevel::info, "postfix_security_level: level=dane, dnssec=yes") == 1);
}

TEST_CASE_METHOD(Fixture, "where postconf fails the level is unknown, with a warning that names the parameter") {
  ask({.config_directory = "", .program = "/nonexistent/postconf", .limit = kPlenty});
  settle();
  CHECK(told == std::vector<PostfixTls>{PostfixTls{}});
  CHECK(log.count(LogLevel::warning, "set postfix_security_level") == 1);
}

TEST_CASE_METHOD(Fixture, "where postconf fails later the level it told holds on, with a warning") {
  const FakePostconf postconf("echo dane; echo dnssec");
  ask(call_of(postconf));
  settle();
  ask({.config_directory = "", .program = "/nonexistent/postconf", .limit = kPlenty});
  settle();
  CHECK(told == std::vector<PostfixTls>{{BaseLevel::dane, true}, {BaseLevel::dane, true}});
  CHECK(log.count(LogLevel::warning, "postfix_security_level: level=dane, reason=/nonexistent/postconf") == 1);
}

TEST_CASE_METHOD(Fixture, "a postconf that fails is asked once more, with no second warning") {
  const FakePostconf postconf(R"sh(echo run >> "${0%/*}/runs"; [ "$(wc -l < "${0%/*}/runs")" = 2 ] || exit 1; echo dane; echo dnssec)sh");
  const bool recovers = GENERATE(true, false);
  if (!recovers) static_cast<void>(run_postconf(call_of(postconf))), static_cast<void>(run_postconf(call_of(postconf)));
  ask(call_of(postconf));
  settle();
  REQUIRE(told == std::vector<PostfixTls>{PostfixTls{}});
  for (int i = 0; i < 3; ++i) {
    time.advance(seconds(10));
    settle();
  }
  CHECK(told.size() == (recovers ? 2 : 1));
  if (recovers) CHECK(told.back() == PostfixTls{BaseLevel::dane, true});
  CHECK(log.count(LogLevel::warning, "set postfix_security_level") == 1);
  CHECK(postconf.content("runs") == (recovers ? "run\nrun\n" : "run\nrun\nrun\nrun\n"));
}

TEST_CASE_METHOD(Fixture, "a storm of reloads runs postconf twice, and only the last asker is told") {
  const FakePostconf postconf(R"(echo run >> "${0%/*}/runs"; echo may; echo)");
  for (int i = 0; i < 100; ++i) ask(call_of(postconf));
  settle();
  CHECK(told.size() == 1);
  CHECK(postconf.content("runs") == "run\nrun\n");
}

TEST_CASE("nobody is told once the asker is gone") {
  const FakePostconf postconf("echo may; echo");
  Fixture rest;
  {
    PostfixLevel level(rest.lane, rest.loop, rest.time, rest.log);
    level.ask(call_of(postconf), [&](const PostfixTls& tls) { rest.told.push_back(tls); });
  }
  rest.ask(call_of(postconf));
  rest.level.forget();
  rest.settle();
  CHECK(rest.told.empty());
  CHECK(rest.log.lines.empty());
}
