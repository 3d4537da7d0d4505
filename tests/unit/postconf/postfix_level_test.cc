#include "postconf/postfix_level.h"

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <set>

#include "catch.h"
#include "fakes/captured_log.h"
#include "fakes/fake_postconf.h"
#include "fakes/fake_time.h"
#include "fakes/manual_executor.h"

using namespace tlspolicyd;

namespace {

constexpr milliseconds kPlenty{60'000};  // for what is meant to end by itself

PostconfCall call_of(const FakePostconf& postconf, milliseconds limit = kPlenty) {
  return {.config_directory = "", .program = postconf.program(), .limit = limit};
}

std::string said(const Result<std::string>& output) { return output ? "ran: " + *output : output.error().text; }

std::string refusal(const PostconfAnswers& answers) { return said(answers.level); }

struct LevelFixture {
  ManualExecutor lane, loop;
  CapturedLog log;
  FakeTime time;
  std::string files = "as they were";
  int looks = 0;
  PostfixLevel level{
      {lane, loop, time, time, log}, run_postconf, [this](const std::string&) { return ++looks, files; }};
  std::vector<PostfixTls> told;
  std::vector<bool> with_setup;

  void ask(const PostconfCall& call) {
    level.ask(call, [this](const PostfixLevel::Report& report) {
      told.push_back(report.tls);
      with_setup.push_back(report.setup.has_value());
    });
  }
  void settle() {
    while (lane.run() + loop.run() > 0) {
    }
  }
  void pass(seconds by) {
    time.advance(by);
    settle();
  }
};

}  // namespace

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
  const auto answers = run_postconf(call_of(postconf));
  REQUIRE(answers.level);
  CHECK(std::stoi(*answers.level) <= 5);
}

TEST_CASE("a postconf that hangs is killed with all it started") {
  const FakePostconf postconf(R"(echo $$ > "${0%/*}/pid"; sleep 600 & echo $! > "${0%/*}/child"; wait)");
  CHECK(refusal(run_postconf(call_of(postconf, milliseconds(300)))) == "postconf does not end within 300 ms");
  const auto gone = [&](const char* name) {
    const std::string pid = postconf.content(name);
    return pid.empty() || !std::filesystem::exists("/proc/" + pid.substr(0, pid.size() - 1) + "/exe");
  };
  CHECK(gone("pid"));
  for (int i = 0; i < 1000 && !gone("child"); ++i) usleep(1000);  // init reaps it
  CHECK(gone("child"));
}

TEST_CASE("a postconf that closes its output and stays is killed too") {
  const FakePostconf postconf(GENERATE("exec >&-; sleep 600", "exec >&- 2>&-; sleep 600"));
  CHECK(refusal(run_postconf(call_of(postconf, milliseconds(300)))) == "postconf does not end within 300 ms");
}

TEST_CASE("a postconf that fails, floods or is missing is an error") {
  CHECK(refusal(run_postconf(call_of(FakePostconf("echo dane; exit 1")))) == "postconf ends with an error");
  CHECK(refusal(run_postconf(call_of(FakePostconf("kill -9 $$")))) == "postconf ends with an error");
  CHECK(refusal(run_postconf(call_of(FakePostconf("while echo dane; do :; done")))) ==
        "postconf writes more than 4096 octets");
  CHECK(refusal(run_postconf({.config_directory = "", .program = "/nonexistent/postconf", .limit = kPlenty})) ==
        "/nonexistent/postconf cannot be run: No such file or directory");
  CHECK(refusal(run_postconf({.config_directory = "", .program = "no-such-postconf", .limit = kPlenty})) ==
        "no-such-postconf cannot be run: No such file or directory");
}

TEST_CASE("what postconf itself writes about a failure is in its reason, the last line of it") {
  CHECK(refusal(run_postconf(call_of(
            FakePostconf("echo 'postconf: warning: a' >&2; echo 'postconf: fatal: open main.cf: no' >&2; exit 1")))) ==
        "postconf ends with an error: postconf: fatal: open main.cf: no");
  CHECK(refusal(run_postconf(call_of(FakePostconf("echo waiting >&2; sleep 600"), milliseconds(300)))) ==
        "postconf does not end within 300 ms: waiting");
  CHECK(refusal(run_postconf(call_of(FakePostconf("printf '\\033[2J' >&2; exit 1")))) ==
        "postconf ends with an error: ?[2J");
  const FakePostconf flood("i=0; while [ $i -lt 9999 ]; do echo noise >&2; i=$((i+1)); done; echo end >&2; exit 1");
  CHECK(refusal(run_postconf(call_of(flood))) == "postconf ends with an error: end");
}

TEST_CASE("what postconf warns of where it succeeds spoils nothing") {
  CHECK(refusal(run_postconf(call_of(
            FakePostconf("echo 'postconf: warning: unused parameter' >&2; echo may; echo")))) == "ran: may\n\n");
}

TEST_CASE("main.cf and master.cf are read at the same time, and one that fails leaves the others") {
  // Each waits until all three have begun.
  const std::string meet =
      R"sh(touch "${0%/*}/$1"; while ! [ -e "${0%/*}/-hx" -a -e "${0%/*}/-x" -a -e "${0%/*}/-Px" ]; do sleep 0.01; done; )sh";
  const FakePostconf postconf(meet + "echo dane; echo dnssec",
                              meet + R"([ "$1" = -x ] && echo "mail_version = 3.7.11" && exit; echo no >&2; exit 1)");
  const auto answers = run_postconf(call_of(postconf));
  CHECK(said(answers.level) == "ran: dane\ndnssec\n");
  CHECK(said(answers.settings) == "ran: mail_version = 3.7.11\n");
  CHECK(said(answers.transports) == "postconf ends with an error: no");
}

TEST_CASE_METHOD(LevelFixture, "the level is told once it is known") {
  const FakePostconf postconf("echo dane; echo dnssec");
  ask(call_of(postconf));
  CHECK(told.empty());
  settle();
  CHECK(told == std::vector<PostfixTls>{{BaseLevel::dane, true}});
  CHECK(log.count(LogLevel::info, "postfix_security_level: level=dane, dnssec=yes") == 1);
}

TEST_CASE_METHOD(LevelFixture, "where postconf fails the level is unknown, with a warning that names the parameter") {
  ask({.config_directory = "", .program = "/nonexistent/postconf", .limit = kPlenty});
  settle();
  CHECK(told == std::vector<PostfixTls>{PostfixTls{}});
  CHECK(log.count(LogLevel::warning, "set postfix_security_level") == 1);
}

TEST_CASE_METHOD(LevelFixture, "where postconf fails later the level it told holds on, with a warning") {
  const FakePostconf postconf("echo dane; echo dnssec");
  ask(call_of(postconf));
  settle();
  ask({.config_directory = "", .program = "/nonexistent/postconf", .limit = kPlenty});
  settle();
  CHECK(told == std::vector<PostfixTls>{{BaseLevel::dane, true}, {BaseLevel::dane, true}});
  CHECK(log.count(LogLevel::warning, "postfix_security_level: level=dane, reason=/nonexistent/postconf") == 1);
}

TEST_CASE_METHOD(LevelFixture,
                 "a postconf that fails is asked once more after half a minute, then hourly, with no second warning") {
  const FakePostconf postconf(
      R"sh(echo run >> "${0%/*}/runs"; [ -e "${0%/*}/well" ] || exit 1; echo dane; echo dnssec)sh");
  ask(call_of(postconf));
  settle();
  REQUIRE(told == std::vector<PostfixTls>{PostfixTls{}});
  const bool recovers = GENERATE(true, false);
  if (recovers) std::ofstream(postconf.file("well")).put('\n');
  pass(seconds(29));
  CHECK(postconf.content("runs") == "run\n");
  pass(seconds(1));
  CHECK(postconf.content("runs") == "run\nrun\n");
  CHECK(told.back() == (recovers ? PostfixTls{BaseLevel::dane, true} : PostfixTls{}));
  for (int i = 0; i < 119; ++i) pass(seconds(30));
  CHECK(postconf.content("runs") == "run\nrun\n");
  pass(seconds(30));
  CHECK(postconf.content("runs") == "run\nrun\nrun\n");
  CHECK(log.count(LogLevel::warning, "set postfix_security_level") == 1);
}

TEST_CASE_METHOD(LevelFixture, "postconf is asked again within half a minute after main.cf or master.cf changed") {
  const FakePostconf postconf(R"(cat "${0%/*}/level")");
  std::ofstream(postconf.file("level")) << "dane\ndnssec\n";
  ask(call_of(postconf));
  settle();
  std::ofstream(postconf.file("level")) << "may\ndnssec\n";
  for (int i = 0; i < 10; ++i) pass(seconds(30));
  CHECK(told.size() == 1);
  CHECK(looks == 11);
  files = "changed";
  pass(seconds(30));
  CHECK(told == std::vector<PostfixTls>{{BaseLevel::dane, true}, {BaseLevel::may, true}});
  CHECK(log.count(LogLevel::info, "postfix_security_level: level=may") == 1);
  pass(seconds(30));
  CHECK(told.size() == 2);
}

TEST_CASE_METHOD(LevelFixture, "what changes while postconf runs is not missed") {
  const FakePostconf postconf("echo may; echo");
  ask(call_of(postconf));
  lane.run();
  files = "changed before the answer was taken";
  settle();
  pass(seconds(30));
  CHECK(told.size() == 2);
}

TEST_CASE_METHOD(LevelFixture,
                 "without a change postconf is asked hourly, and what it says again is not logged again") {
  const FakePostconf postconf("echo may; echo");
  files = "";  // as where the folder is closed to us
  ask(call_of(postconf));
  settle();
  for (int i = 0; i < 241; ++i) pass(seconds(30));
  CHECK(told.size() == 3);
  CHECK(log.lines.size() == 1);
}

TEST_CASE_METHOD(LevelFixture, "what postconf says of main.cf beside the level comes with it, where it can be had") {
  const FakePostconf whole("echo may; echo", R"([ "$1" = -x ] && echo "mail_version = 3.7.11")");
  const FakePostconf half("echo may; echo", "echo closed >&2; exit 1");
  for (const FakePostconf* postconf : {&whole, &half, &half}) {
    ask(call_of(*postconf));
    settle();
  }
  CHECK(with_setup == std::vector<bool>{true, false, false});
  CHECK(
      log.count(
          LogLevel::info,
          "postfix: reason=postconf ends with an error: closed, result=settings of main.cf and master.cf are not checked") ==
      1);
}

TEST_CASE("the stamp of a folder changes with main.cf and with master.cf") {
  const FakePostconf folder(":");
  const std::string directory = folder.file("");
  std::vector<std::string> stamps{PostfixLevel::stamp_of_files(directory)};
  for (const char* file : {"main.cf", "master.cf"}) {
    std::ofstream(folder.file(file)) << "a = b\n";
    stamps.push_back(PostfixLevel::stamp_of_files(directory));
    std::filesystem::last_write_time(folder.file(file), std::filesystem::file_time_type{});
    stamps.push_back(PostfixLevel::stamp_of_files(directory));
  }
  CHECK(std::set<std::string>(stamps.begin(), stamps.end()).size() == stamps.size());
  CHECK(PostfixLevel::stamp_of_files(directory) == stamps.back());
}

TEST_CASE_METHOD(LevelFixture, "a storm of reloads runs postconf twice, and only the last asker is told") {
  const FakePostconf postconf(R"(echo run >> "${0%/*}/runs"; echo may; echo)");
  for (int i = 0; i < 100; ++i) ask(call_of(postconf));
  settle();
  CHECK(told.size() == 1);
  CHECK(postconf.content("runs") == "run\nrun\n");
}

TEST_CASE("nobody is told once the asker is gone") {
  const FakePostconf postconf("echo may; echo");
  LevelFixture rest;
  {
    PostfixLevel level({rest.lane, rest.loop, rest.time, rest.time, rest.log});
    level.ask(call_of(postconf), [&](const PostfixLevel::Report& report) { rest.told.push_back(report.tls); });
  }
  rest.ask(call_of(postconf));
  rest.level.forget();
  rest.settle();
  rest.pass(seconds(7200));
  CHECK(rest.told.empty());
  CHECK(rest.log.lines.empty());
}
