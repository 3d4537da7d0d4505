#include "postfix/map_name.h"

#include "base/text.h"

namespace tlspolicyd {

MapName parse_map_name(std::string_view name, std::string_view tlsrpt_name) {
  const auto at = name.find(kBeforeLevel);
  const std::string_view form = name.substr(0, at);
  MapName out;
  if (!form.empty() && equals_ignoring_case(form, tlsrpt_name)) out.form = MapForm::tlsrpt;
  else out.form_known = equals_ignoring_case(form, kPlainMapName);
  if (at == name.npos) return out;
  const std::string_view level = name.substr(at + 1);
  if (!level.empty()) out.level = parse_base_level(level);
  out.level_known = out.level.has_value();
  return out;
}

}  // namespace tlspolicyd
