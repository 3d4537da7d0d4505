#include "log_sink.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

namespace tlspolicyd {
namespace {

int priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::error: return LOG_ERR;
    case LogLevel::warning: return LOG_WARNING;
    case LogLevel::info: return LOG_INFO;
    case LogLevel::debug: return LOG_DEBUG;
  }
  return LOG_ERR;
}

// As Postfix has it: what matters says so, what merely happened does not.
std::string_view word_of(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error: ";
    case LogLevel::warning: return "warning: ";
    case LogLevel::info: return "";
    case LogLevel::debug: return "debug: ";
  }
  return "";
}

// One write(2) a line, so that lines of several threads do not mix. A reader that is
// gone or full loses lines; the daemon goes on.
void write_to_stderr(const std::string& line) {
  while (::write(STDERR_FILENO, line.data(), line.size()) < 0 && errno == EINTR) {
  }
}

}  // namespace

void LogSink::configure(LogTarget target, LogLevel level) {
  if (target == LogTarget::syslog && target_.load() != target)
    ::openlog("tlspolicyd", LOG_PID | LOG_NDELAY, LOG_MAIL);
  target_.store(target);
  level_.store(level);
}

void LogSink::write(LogLevel level, const std::string& text) {
  if (level > level_.load(std::memory_order_relaxed)) return;
  if (target_.load(std::memory_order_relaxed) == LogTarget::standard_error)
    return write_to_stderr(stderr_line(level, text, to_journal_));
  ::syslog(priority_of(level), "%s%s", word_of(level).data(), text.c_str());
}

void LogSink::write_last_words(std::string_view text) const noexcept {
  if (target_.load(std::memory_order_relaxed) == LogTarget::syslog)
    return ::syslog(LOG_ERR, "error: %.*s", static_cast<int>(text.size()), text.data());
  const std::string_view prefix = to_journal_ ? "<3>error: " : "tlspolicyd: error: ";
  const auto part = [](std::string_view octets) { return iovec{const_cast<char*>(octets.data()), octets.size()}; };
  const std::array<iovec, 3> line{part(prefix), part(text), part("\n")};
  static_cast<void>(::writev(STDERR_FILENO, line.data(), static_cast<int>(line.size())) < 0);
}

std::string stderr_line(LogLevel level, const std::string& text, bool to_journal) {
  std::string line = to_journal ? '<' + std::to_string(priority_of(level)) + '>' : "tlspolicyd: ";
  return line.append(word_of(level)).append(text).append("\n");
}

bool names_stream(const char* journal_stream, dev_t device, ino_t inode) {
  return journal_stream != nullptr &&
         std::to_string(device) + ":" + std::to_string(inode) == journal_stream;
}

bool stderr_is_journal() {
  struct stat seen {};
  return ::fstat(STDERR_FILENO, &seen) == 0 &&
         names_stream(std::getenv("JOURNAL_STREAM"), seen.st_dev, seen.st_ino);
}

}  // namespace tlspolicyd
