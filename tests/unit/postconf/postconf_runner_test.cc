#include "postconf/postconf_runner.h"

#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <thread>

#include "catch.h"
#include "fakes/fake_postconf.h"

using namespace tlspolicyd;

namespace {

std::string said(const PostconfRunner& runner, const std::string& config_directory = "") {
  const auto answers = runner.run(config_directory);
  return answers.level ? "ran: " + *answers.level : answers.level.error().text;
}

PostconfRunner runner_of(const FakePostconf& postconf) {
  auto runner = PostconfRunner::start([] { return true; }, postconf.program());
  REQUIRE(runner);
  return std::move(*runner);
}

bool runs(const std::string& pid) { return std::filesystem::exists("/proc/" + pid + "/exe"); }

// The first line of a file the script wrote.
std::string line_of(const FakePostconf& postconf, const char* name) {
  const std::string text = postconf.content(name);
  return text.substr(0, text.find('\n'));
}

}  // namespace

TEST_CASE("postconf is run each time it is asked for, with the folder named") {
  const FakePostconf postconf(R"(printf '%s\n' "$@" > "${0%/*}/asked"; echo dane; echo dnssec)");
  const PostconfRunner runner = runner_of(postconf);
  CHECK(said(runner, "/etc/postfix out") == "ran: dane\ndnssec\n");
  CHECK(postconf.content("asked") == "-hx\n-c\n/etc/postfix out\nsmtp_tls_security_level\nsmtp_dns_support_level\n");
  CHECK(said(runner) == "ran: dane\ndnssec\n");
  CHECK(postconf.content("asked") == "-hx\nsmtp_tls_security_level\nsmtp_dns_support_level\n");
}

TEST_CASE("the reason of a failure comes back, and the next question is answered") {
  const FakePostconf postconf(R"([ $# -gt 3 ] && exit 1; echo may; echo)");
  const PostconfRunner runner = runner_of(postconf);
  CHECK(said(runner, "/x") == "postconf ends with an error");
  CHECK(said(runner) == "ran: may\n\n");
}

TEST_CASE("nothing of the daemon's is open in the process that runs postconf") {
  constexpr int kOurs = 50;
  REQUIRE(dup2(STDIN_FILENO, kOurs) == kOurs);
  const FakePostconf postconf(R"(ls /proc/$PPID/fd | sort -n | tail -n 1; readlink /proc/$PPID/cwd)");
  const auto output = runner_of(postconf).run("").level;
  close(kOurs);
  REQUIRE(output);
  CHECK(std::stoi(*output) <= 15);  // standard streams, the socket, two pipes to each postconf
  CHECK(output->substr(output->find('\n')) == "\n/\n");
}

TEST_CASE("all that postconf says comes through, whatever octets it has and whichever of it fails") {
  const FakePostconf postconf(R"(printf 'da\000ne\n')",
                              R"([ "$1" = -x ] && head -c 16384 /dev/zero && exit; head -c 32769 /dev/zero)");
  const PostconfAnswers answers = runner_of(postconf).run("");
  REQUIRE(answers.level);
  CHECK(*answers.level == "da?ne\n");
  REQUIRE(answers.settings);
  CHECK(*answers.settings == std::string(16384, '?'));
  REQUIRE_FALSE(answers.transports);
  CHECK(answers.transports.error().text == "postconf writes more than 32768 octets");
}

TEST_CASE("nobody waits for a postconf that hangs once the runner is stopped") {
  const FakePostconf postconf(R"(touch "${0%/*}/begun"; exec sleep 600)");
  const PostconfRunner runner = runner_of(postconf);
  std::string heard;
  std::thread waiting([&] { heard = said(runner); });
  while (!std::filesystem::exists(postconf.file("begun"))) std::this_thread::yield();
  runner.stop();
  waiting.join();
  CHECK(heard == "the process that runs postconf is gone; restart to have it again");
}

TEST_CASE("the process that runs postconf has no capability and cannot gain one") {
  const FakePostconf postconf(
      R"(grep -E '^Cap(Prm|Eff|Inh|Amb)' /proc/$PPID/status | grep -vc '0000000000000000$'; exit 0)");
  CHECK(said(runner_of(postconf)) == "ran: 0\n");
}

TEST_CASE("the process that runs postconf ends with its owner, whatever signals it gets before") {
  const FakePostconf postconf(R"(echo $PPID > "${0%/*}/runner"; echo may; echo)");
  sigset_t ending, before;
  sigemptyset(&ending);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&ending, signal);
  sigprocmask(SIG_BLOCK, &ending, &before);  // as the daemon has them
  std::string pid;
  {
    const PostconfRunner runner = runner_of(postconf);
    CHECK(said(runner) == "ran: may\n\n");
    pid = line_of(postconf, "runner");
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) CHECK(kill(std::stoi(pid), signal) == 0);
    CHECK(said(runner) == "ran: may\n\n");
  }
  sigprocmask(SIG_SETMASK, &before, nullptr);
  for (int i = 0; i < 5000 && runs(pid); ++i) usleep(1000);
  CHECK_FALSE(runs(pid));
}

TEST_CASE("a process that cannot give up its rights runs nothing") {
  const FakePostconf postconf(R"(touch "${0%/*}/ran"; echo may; echo)");
  const auto runner = PostconfRunner::start([] { return false; }, postconf.program());
  REQUIRE(runner);
  CHECK(said(*runner) == "the process that runs postconf is gone; restart to have it again");
  CHECK_FALSE(std::filesystem::exists(postconf.file("ran")));
}

TEST_CASE("where the process has been killed the cure is told") {
  const FakePostconf postconf(R"(echo $PPID > "${0%/*}/runner"; echo may; echo)");
  const PostconfRunner runner = runner_of(postconf);
  CHECK(said(runner) == "ran: may\n\n");
  kill(std::stoi(line_of(postconf, "runner")), SIGKILL);
  for (int i = 0; i < 2; ++i) CHECK(said(runner) == "the process that runs postconf is gone; restart to have it again");
  CHECK(said(PostconfRunner()) == "the process that runs postconf is gone; restart to have it again");
}
