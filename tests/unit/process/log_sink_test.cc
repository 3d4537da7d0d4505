#include "process/log_sink.h"

#include <fcntl.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <climits>
#include <string>

#include "base/unique_fd.h"
#include "catch.h"
#include "unit/process/fake_syslog.h"

using namespace tlspolicyd;

namespace {

// stderr goes into a pipe while this lives, which blocks whoever writes too much.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)) {
    std::array<int, 2> ends{};
    REQUIRE(pipe(ends.data()) == 0);
    REQUIRE(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    read_end_.reset(ends[0]);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
  }
  ~CapturedStderr() { dup2(saved_.get(), STDERR_FILENO); }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  [[nodiscard]] std::string text() const {
    std::string all;
    std::array<char, 4096> buffer{};
    for (ssize_t got; (got = ::read(read_end_.get(), buffer.data(), buffer.size())) > 0;)
      all.append(buffer.data(), static_cast<std::size_t>(got));
    return all;
  }

 private:
  UniqueFd saved_, read_end_;
};

}  // namespace

TEST_CASE("a line on stderr carries the name, or the journal's priority") {
  CHECK(stderr_line(LogLevel::warning, "policy: a=b", false) == "tlspolicyd: warning: policy: a=b\n");
  CHECK(stderr_line(LogLevel::info, "policy: a=b", false) == "tlspolicyd: policy: a=b\n");
  CHECK(stderr_line(LogLevel::error, "x", true) == "<3>error: x\n");
  CHECK(stderr_line(LogLevel::warning, "x", true) == "<4>warning: x\n");
  CHECK(stderr_line(LogLevel::info, "x", true) == "<6>x\n");
  CHECK(stderr_line(LogLevel::debug, "x", true) == "<7>debug: x\n");
}

TEST_CASE("the level filters, and can change while running") {
  LogSink log(false);
  log.configure(LogTarget::standard_error, LogLevel::warning);
  const CapturedStderr captured;
  log.info(LogLine("hidden"));
  log.warning(LogLine("shown"));
  log.configure(LogTarget::standard_error, LogLevel::debug);
  log.debug(LogLine("later"));
  CHECK(captured.text() == "tlspolicyd: warning: shown:\ntlspolicyd: debug: later:\n");
}

TEST_CASE("a reader that does not read loses lines, is told how many, and keeps nobody waiting") {
  LogSink log(false);
  log.configure(LogTarget::standard_error, LogLevel::info);
  const CapturedStderr captured;
  constexpr int kLines = 10'000;
  for (int i = 0; i < kLines; ++i)
    log.info(LogLine("line").with("padding", "0123456789012345678901234567890123456789"));
  const std::string text = captured.text();
  const auto taken = std::count(text.begin(), text.end(), '\n');
  REQUIRE(taken < kLines);
  CHECK(text.back() == '\n');
  log.info(LogLine("next"));
  CHECK(captured.text() == "tlspolicyd: warning: log: lost=" + std::to_string(kLines - taken) +
                               ", reason=nobody read the log in time\ntlspolicyd: next:\n");
}

TEST_CASE("a line is no longer than a pipe takes in one piece") {
  LogSink log(false);
  const CapturedStderr captured;
  log.write(LogLevel::info, std::string(100'000, 'x'));
  log.info(LogLine("next"));
  const std::string text = captured.text();
  CHECK(text.find('\n') + 1 == PIPE_BUF);
  CHECK(text.substr(PIPE_BUF) == "tlspolicyd: next:\n");
}

TEST_CASE("last words look like any error, whatever the level") {
  LogSink plain(false), journal(true);
  plain.configure(LogTarget::standard_error, LogLevel::error);
  const CapturedStderr captured;
  plain.write_last_words("fatal: x");
  journal.write_last_words("fatal: x");
  CHECK(captured.text() ==
        stderr_line(LogLevel::error, "fatal: x", false) + stderr_line(LogLevel::error, "fatal: x", true));
}

TEST_CASE("with syslog nothing goes to stderr") {
  const FakeSyslog syslog;
  LogSink log(false, SyslogSocket(syslog.path()));
  log.configure(LogTarget::syslog, LogLevel::info);
  const CapturedStderr captured;
  log.warning(LogLine("test").with("percent", "%s%n"));
  CHECK(captured.text().empty());
  CHECK(syslog.received().ends_with("]: warning: test: percent=%s%n"));
}

TEST_CASE("the journal is recognised by the file that stderr is") {
  CHECK(names_stream("8:15", 8, 15));
  CHECK_FALSE(names_stream("8:16", 8, 15));
  CHECK_FALSE(names_stream("", 8, 15));
  CHECK_FALSE(names_stream(nullptr, 8, 15));
}
