// Log lines as values, and the port they are written to. Sinks live elsewhere.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace tlspolicyd {

// By consequence: error, the service is hurt; warning, somebody should act;
// info, something changed; debug, something was done.
enum class LogLevel { error, warning, info, debug };

// One event, one line: "event: key=value, key=value". Values pass printable(). A value that holds a
// comma or begins with a double quote stands in double quotes, with a backslash before each double
// quote and backslash in it: so remote text can forge neither a line nor a field.
class LogLine {
 public:
  explicit LogLine(std::string_view event) : text_(event) { text_ += ':'; }

  LogLine& with(std::string_view key, std::string_view value);
  LogLine& with(std::string_view key, std::integral auto value) {
    return with(key, std::string_view(std::to_string(value)));
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
  bool empty_ = true;
};

enum class LogTarget { standard_error, syslog };  // "stderr" is a macro of <cstdio>

class Logger {
 public:
  virtual ~Logger() = default;
  // Whether a line of that level is written at all: for lines that cost something to build. Any thread.
  [[nodiscard]] virtual bool enabled(LogLevel level) const = 0;
  // Any thread.
  virtual void write(LogLevel level, const std::string& text) = 0;

  void error(const LogLine& line) { write(LogLevel::error, line.text()); }
  void warning(const LogLine& line) { write(LogLevel::warning, line.text()); }
  void info(const LogLine& line) { write(LogLevel::info, line.text()); }
  void debug(const LogLine& line) { write(LogLevel::debug, line.text()); }
};

}  // namespace tlspolicyd
