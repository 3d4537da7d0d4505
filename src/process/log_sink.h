// Where log lines end up: stderr or syslog. The only place that writes them. Nobody waits for
// whoever reads them: what they do not take at once is lost, and counted.
#pragma once

#include <sys/types.h>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/log.h"
#include "process/syslog_socket.h"

namespace tlspolicyd {

// write() from any thread; configure() from the main thread, at any time.
class LogSink final : public Logger {
 public:
  // `to_journal`: lines on stderr begin with the journal's "<priority>", else with
  // "tlspolicyd: ".
  explicit LogSink(bool to_journal, SyslogSocket syslog = SyslogSocket())
      : to_journal_(to_journal), syslog_(std::move(syslog)) {}
  LogSink(const LogSink&) = delete;
  LogSink& operator=(const LogSink&) = delete;

  void configure(LogTarget target, LogLevel level);
  [[nodiscard]] bool enabled(LogLevel level) const override { return level <= level_; }
  void write(LogLevel level, const std::string& text) override;
  // An error, for those who cannot allocate any more. `text` is printable. Takes no lock: whoever
  // runs out of memory may hold it.
  void write_last_words(std::string_view text) const noexcept;

 private:
  [[nodiscard]] bool emit(LogLevel level, const std::string& text);
  void tell_lost();

  const bool to_journal_;
  std::atomic<LogTarget> target_{LogTarget::standard_error};
  std::atomic<LogLevel> level_{LogLevel::info};
  std::mutex mutex_;  // guards the way out, and what follows
  SyslogSocket syslog_;
  std::uint64_t lost_ = 0;
};

// One line as it goes to stderr, its end of line included. Pure.
[[nodiscard]] std::string stderr_line(LogLevel level, const std::string& text, bool to_journal);

// Whether `journal_stream`, the value of $JOURNAL_STREAM or null, names the file that
// stderr is: it is inherited also by what a service starts with stderr elsewhere.
[[nodiscard]] bool names_stream(const char* journal_stream, dev_t device, ino_t inode);
[[nodiscard]] bool stderr_is_journal();

}  // namespace tlspolicyd
