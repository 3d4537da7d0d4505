#include "process/log_sink.h"

#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>
#include <string_view>

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

// What a pipe that is ready takes without waiting (pipe(7)), and in one piece.
constexpr std::size_t kMaxLine = PIPE_BUF;

bool is_ready(int fd) {
  pollfd state{fd, POLLOUT, 0};
  return ::poll(&state, 1, 0) == 1 && (state.revents & POLLOUT) != 0;
}

// One write(2) a line. False: it is lost.
bool write_to_stderr(std::string line) {
  if (line.size() > kMaxLine) line.replace(kMaxLine - 1, std::string::npos, "\n");
  if (!is_ready(STDERR_FILENO)) return false;
  ssize_t written;
  while ((written = ::write(STDERR_FILENO, line.data(), line.size())) < 0 && errno == EINTR) {
  }
  return written >= 0;
}

}  // namespace

void LogSink::configure(LogTarget target, LogLevel level) {
  if (target == LogTarget::syslog) {
    const std::lock_guard lock(mutex_);
    syslog_.open();
  }
  target_.store(target);
  level_.store(level);
}

void LogSink::write(LogLevel level, const std::string& text) {
  if (level > level_.load(std::memory_order_relaxed)) return;
  const std::lock_guard lock(mutex_);
  if (lost_ > 0) tell_lost();
  if (!emit(level, text)) ++lost_;
}

void LogSink::tell_lost() {
  const LogLine line = LogLine("log").with("lost", lost_).with("reason", "nobody read the log in time");
  if (emit(LogLevel::warning, line.text())) lost_ = 0;
}

bool LogSink::emit(LogLevel level, const std::string& text) {
  if (target_.load(std::memory_order_relaxed) == LogTarget::standard_error)
    return write_to_stderr(stderr_line(level, text, to_journal_));
  return syslog_.send(priority_of(level), std::string(word_of(level)).append(text, 0, kMaxLine));
}

void LogSink::write_last_words(std::string_view text) const noexcept {
  if (target_.load(std::memory_order_relaxed) == LogTarget::syslog) return syslog_.send_last_words(text);
  const std::string_view prefix = to_journal_ ? "<3>error: " : "tlspolicyd: error: ";
  const std::array<iovec, 3> line{part_of(prefix), part_of(text), part_of("\n")};
  static_cast<void>(is_ready(STDERR_FILENO) && ::writev(STDERR_FILENO, line.data(), static_cast<int>(line.size())) < 0);
}

std::string stderr_line(LogLevel level, const std::string& text, bool to_journal) {
  std::string line = to_journal ? '<' + std::to_string(priority_of(level)) + '>' : "tlspolicyd: ";
  return line.append(word_of(level)).append(text).append("\n");
}

bool names_stream(const char* journal_stream, dev_t device, ino_t inode) {
  return journal_stream != nullptr && std::to_string(device) + ":" + std::to_string(inode) == journal_stream;
}

bool stderr_is_journal() {
  struct stat seen {};
  return ::fstat(STDERR_FILENO, &seen) == 0 && names_stream(std::getenv("JOURNAL_STREAM"), seen.st_dev, seen.st_ino);
}

}  // namespace tlspolicyd
