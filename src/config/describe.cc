#include "config/describe.h"

#include "base/text.h"
#include "config/param_values.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::size_t kHelpIndent = 6;

std::string line_of(std::string_view name, std::string_view value) {
  std::string line(name);
  line += " =";
  if (!value.empty()) line.append(" ").append(value);
  return line += '\n';
}

// '-' is what one types, not a hyphen; a line must not begin with a control character.
std::string for_roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool line_begins = out.empty() || out.back() == '\n';
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '-' || c == '\\') out += c == '-' ? "\\" : "\\e";
    if (c != '\\') out += c;
  }
  return out;
}

std::string manual_item(const Param& param) {
  std::string item = ".It Ic " + std::string(param.name) + "\n";
  item += for_roff(wrap(param.help, kColumns, 0));
  item += ".br\nDefault:";
  item += param.fallback.empty() ? " empty.\n" : "\n.Li " + for_roff(param.fallback) + " .\n";
  item += "Values: " + for_roff(legal_values(param)) + ".\n";
  if (!param.reloadable) item += "A change takes effect with a restart.\n";
  return item;
}

}  // namespace

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out, line;
  const auto flush = [&] {
    if (!line.empty()) out.append(std::string(indent, ' ')).append(line).append("\n");
    line.clear();
  };
  for (const std::string_view word : split(text, ' ')) {
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) flush();
    if (!line.empty()) line += ' ';
    line += word;
  }
  flush();
  return out;
}

std::string describe_for_help() {
  std::string out;
  for (const Param& param : params()) {
    out += "  " + line_of(param.name, param.fallback);
    out += wrap(param.help, kColumns - 1, kHelpIndent);
  }
  return out;
}

std::string describe_defaults() {
  std::string out;
  for (const Param& param : params()) out += line_of(param.name, param.fallback);
  return out;
}

std::string describe_changed(const Config& config) {
  const Config fallback = default_config();
  std::string out;
  for (const Param& param : params())
    if (!same_value(config, fallback, param)) out += line_of(param.name, show(config, param));
  return out;
}

std::string describe_for_manual() {
  std::string out = ".Bl -tag -width Ds\n";
  for (const Param& param : params()) out += manual_item(param);
  return out += ".El\n";
}

}  // namespace tlspolicyd
