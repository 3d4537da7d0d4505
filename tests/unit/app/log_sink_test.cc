#include "log_sink.h"

#include <array>
#include <fcntl.h>
#include <unistd.h>

#include "base/unique_fd.h"
#include "catch.h"

using namespace tlspolicyd;

namespace {

// stderr goes into a pipe while this lives.
class CapturedStderr {
 public:
  CapturedStderr() : saved_(dup(STDERR_FILENO)) {
    std::array<int, 2> ends{};
    REQUIRE(pipe2(ends.data(), O_NONBLOCK) == 0);
    read_end_.reset(ends[0]);
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
  }
  ~CapturedStderr() { dup2(saved_.get(), STDERR_FILENO); }
  CapturedStderr(const CapturedStderr&) = delete;
  CapturedStderr& operator=(const CapturedStderr&) = delete;

  [[nodiscard]] std::string text() const {
    std::array<char, 4096> buffer{};
    const ssize_t got = read(read_end_.get(), buffer.data(), buffer.size());
    return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
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

TEST_CASE("last words look like any error, whatever the level") {
  LogSink plain(false), journal(true);
  plain.configure(LogTarget::standard_error, LogLevel::error);
  const CapturedStderr captured;
  plain.write_last_words("fatal: x");
  journal.write_last_words("fatal: x");
  CHECK(captured.text() == stderr_line(LogLevel::error, "fatal: x", false) + stderr_line(LogLevel::error, "fatal: x", true));
}

TEST_CASE("with syslog nothing goes to stderr") {
  LogSink log(false);
  log.configure(LogTarget::syslog, LogLevel::info);
  const CapturedStderr captured;
  log.warning(LogLine("test").with("percent", "%s%n"));
  CHECK(captured.text().empty());
}

TEST_CASE("the journal is recognised by the file that stderr is") {
  CHECK(names_stream("8:15", 8, 15));
  CHECK_FALSE(names_stream("8:16", 8, 15));
  CHECK_FALSE(names_stream("", 8, 15));
  CHECK_FALSE(names_stream(nullptr, 8, 15));
}
