#include "config/config_file.h"

#include <fcntl.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <optional>
#include <set>

#include "base/text.h"
#include "base/unique_fd.h"
#include "config/hints.h"
#include "config/param_values.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kMaxFile = 1 << 20;  // a thousand times any sensible file

std::string_view without_end_of_line_blanks(std::string_view text) {
  const auto last = text.find_last_not_of(" \t\r");
  return text.substr(0, last + 1);  // npos + 1 is 0
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == '\x7f'; });
}

// Logical lines of a file, gathered line by line.
class Lines {
 public:
  Lines(ParsedText& out, const std::string& where) : out_(out), where_(where) {}

  void add(std::string_view raw, int number) {
    const std::string_view line = without_end_of_line_blanks(raw);
    const std::string_view content = trim(line);
    if (content.empty() || content.front() == '#') return;
    if (has_control_character(content)) return complain(number, "a control character", "write plain text");
    if (line.front() != ' ' && line.front() != '\t') return begin(content, number);
    go_on(content, number);
  }

 private:
  void begin(std::string_view content, int number) {
    open_ = false;
    const auto equals = content.find('=');
    if (equals == content.npos) return complain(number, "no '='", "write name = value");
    const std::string_view name = trim(content.substr(0, equals));
    if (name.empty()) return complain(number, "no name before '='", "write name = value");
    out_.settings.push_back({std::string(name), std::string(trim(content.substr(equals + 1))), where_, number});
    open_ = true;
  }

  void go_on(std::string_view content, int number) {
    if (!open_) return complain(number, "begins with a blank, yet there is nothing to continue", "remove the blank");
    std::string& value = out_.settings.back().value;
    value.append(value.empty() ? "" : " ").append(content);
  }

  void complain(int number, std::string what, std::string cure) {
    out_.errors.push_back({where_, number, "", std::move(what), std::move(cure)});
  }

  ParsedText& out_;
  const std::string& where_;
  bool open_ = false;  // the last setting may be continued
};

// Applies settings to the defaults, noting all that is wrong.
class Builder {
 public:
  explicit Builder(std::vector<ConfigError> errors) : errors_(std::move(errors)) {}

  void apply_file(const std::vector<Setting>& settings) {
    std::map<std::string_view, int> first_line;
    for (const Setting& setting : settings) {
      const auto [first, fresh] = first_line.emplace(setting.name, setting.line);
      if (fresh) apply(setting);
      else
        complain(setting, "is set for the second time, after line " + std::to_string(first->second),
                 "keep one of them");
    }
  }

  void apply_override(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == text.npos) return errors_.push_back({"-o", 0, printable(text), "has no '='", "write name=value"});
    const std::string_view all = text;
    const Setting setting{std::string(trim(all.substr(0, equals))), std::string(trim(all.substr(equals + 1))), "-o", 0};
    if (has_control_character(text)) return complain(setting, "holds a control character", "");
    apply(setting);
  }

  ConfigResult finish() {
    if (!config_.group.empty() && config_.user.empty())
      errors_.push_back({"", 0, "group", "is set without user", "set user too"});
    if (config_.listen.empty()) errors_.push_back({"", 0, "listen", "names no socket", "name one, or leave it out"});
    if (const std::string twice = repeated_listener(config_.listen); !twice.empty())
      errors_.push_back({"", 0, "listen", twice + " has the address of an element before it", "keep one of them"});
    if (!errors_.empty()) return tl::unexpected(std::move(errors_));
    return std::move(config_);
  }

 private:
  void apply(const Setting& setting) {
    const Param* const param = find_param(setting.name);
    if (param == nullptr) return complain_of_name(setting);
    const auto assigned = assign(config_, *param, bare_value(setting));
    if (!assigned) complain(setting, assigned.error().what, assigned.error().cure);
  }

  void complain_of_name(const Setting& setting) {
    const std::string_view nearest = nearest_parameter(setting.name);
    complain(setting, "there is no such parameter",
             nearest.empty() ? "see tlspolicyd -d for all there are" : "did you mean " + std::string(nearest) + "?");
  }

  // The value without a comment behind it and quotes around it: each of them is an error by
  // itself, and what they hide may be another.
  std::string_view bare_value(const Setting& setting) {
    std::string_view value = setting.value;
    if (const std::size_t comment = comment_in(value); comment != value.npos) {
      complain(setting, "has a comment behind the value",
               "put it on a line of its own, with '#' as its first character");
      value = trim(value.substr(0, comment));
    }
    const std::string_view inner = within_quotes(value);
    if (inner.data() == nullptr) return value;
    complain(setting, "has quotes around the value", "remove them");
    return trim(inner);
  }

  void complain(const Setting& setting, std::string what, std::string cure) {
    errors_.push_back({setting.where, setting.line, setting.name, std::move(what), std::move(cure)});
  }

  Config config_ = default_config();
  std::vector<ConfigError> errors_;
};

Result<std::string> read_all(int fd) {
  std::string text(kMaxFile + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = ::read(fd, text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(std::string("cannot be read: ") + std::strerror(errno));
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > kMaxFile) return fail("is larger than 1 MiB");
  text.resize(size);
  return text;
}

// Nothing: there is no such file and none is required.
Result<std::optional<std::string>> read_file(const ConfigSource& source) {
  const UniqueFd fd(::open(source.file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT && !source.file_required) return std::nullopt;
  if (!fd) return fail(std::string("cannot be opened: ") + std::strerror(errno));
  return read_all(fd.get()).map([](std::string text) { return std::optional(std::move(text)); });
}

}  // namespace

std::string to_text(const ConfigError& error) {
  std::string text;
  if (!error.where.empty()) text += error.where + (error.line > 0 ? ":" + std::to_string(error.line) : "") + ": ";
  if (!error.parameter.empty()) text += error.parameter + ": ";
  text += error.what;
  if (!error.cure.empty()) text += "; " + error.cure;
  for (char& c : text)
    if (c < ' ' || c > '~') c = '?';
  return text;
}

ParsedText parse_config_text(std::string_view text, const std::string& where) {
  ParsedText parsed;
  Lines lines(parsed, where);
  int number = 0;
  if (const std::string_view mark = byte_order_mark(text); !mark.empty()) {
    parsed.errors.push_back(
        {where, 1, "", "the file begins with " + std::string(mark), "save it as UTF-8 without a byte order mark"});
    text.remove_prefix(std::min(text.find_first_not_of("\xEF\xBB\xBF\xFF\xFE"), text.size()));
  }
  for (const std::string_view line : split(text, '\n')) lines.add(line, ++number);
  return parsed;
}

ConfigResult build_config(ParsedText file, const std::vector<std::string>& overrides) {
  Builder builder(std::move(file.errors));
  builder.apply_file(file.settings);
  for (const std::string& text : overrides) builder.apply_override(text);
  return builder.finish();
}

ConfigResult load_config(const ConfigSource& source) {
  auto text = read_file(source);
  ParsedText parsed;
  if (!text) parsed.errors.push_back({source.file, 0, "", text.error().text, ""});
  else if (*text) parsed = parse_config_text(**text, source.file);
  ConfigResult built = build_config(std::move(parsed), source.overrides);
  if (!built) locate(built.error(), source);
  return built;
}

void locate(std::vector<ConfigError>& errors, const ConfigSource& source) {
  ParsedText parsed;
  if (const auto text = read_file(source); text && *text) parsed = parse_config_text(**text, source.file);
  for (const std::string& text : source.overrides)
    parsed.settings.push_back({std::string(trim(text.substr(0, text.find('=')))), "", "-o"});
  for (ConfigError& error : errors) {
    const auto last = std::find_if(parsed.settings.rbegin(), parsed.settings.rend(),
                                   [&](const Setting& one) { return one.name == error.parameter; });
    if (!error.where.empty() || last == parsed.settings.rend()) continue;
    error.where = last->where;
    error.line = last->line;
  }
}

}  // namespace tlspolicyd
