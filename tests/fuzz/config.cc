// The configuration file, and the same lines as overrides.
#include "base/text.h"
#include "config/config_file.h"
#include "config/describe.h"
#include "config/param_values.h"
#include "fuzz/fuzz.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f; });
}

void check_settings(const ParsedText& parsed, std::size_t lines) {
  int line = 0;
  for (const Setting& setting : parsed.settings) {
    require(setting.line > line && static_cast<std::size_t>(setting.line) <= lines, "settings have ascending lines");
    line = setting.line;
    require(!setting.name.empty() && trim(setting.name) == setting.name, "a name without blanks around it");
    require(trim(setting.value) == setting.value, "a value without blanks around it");
    require(!has_control(setting.name) && !has_control(setting.value), "no control characters");
  }
}

void check_errors(const std::vector<ConfigError>& errors) {
  for (const ConfigError& error : errors) {
    require(fuzz::is_printable(to_text(error)) && !error.what.empty(), "an error can be shown");
    require(error.line > 0 || error.where.empty() || error.where == "-o", "an error has its place");
  }
}

// What -n shows is a file that means the same.
void check_shown(const Config& config) {
  const auto again = build_config(parse_config_text(describe_changed(config), "-n"), {});
  require(again.has_value(), "what is shown can be read");
  for (const Param& param : params())
    require(same_value(config, *again, param), std::string(param.name) + " is read back as it was");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::Input(data, size).rest();
  const auto lines = split(text, '\n');
  const ParsedText parsed = parse_config_text(text, "f");
  check_settings(parsed, lines.size());
  check_errors(parsed.errors);
  const auto built = build_config(parsed, {});
  require(!built || parsed.errors.empty(), "a file with an error is refused");
  if (built) check_shown(*built);
  else check_errors(built.error());
  std::vector<std::string> overrides(lines.begin(), lines.end());
  std::erase(overrides, "");
  const auto overridden = build_config({}, overrides);
  if (overridden) check_shown(*overridden);
  else check_errors(overridden.error());
  return 0;
}
