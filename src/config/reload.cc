#include "config/reload.h"

#include "config/param_values.h"

namespace tlspolicyd {

Reload plan_reload(const Config& running, const Config& fresh) {
  Reload reload{.config = fresh, .changed = {}, .waiting_for_restart = {}};
  for (const Param& param : params()) {
    if (same_value(running, fresh, param)) continue;
    (param.reloadable ? reload.changed : reload.waiting_for_restart).push_back(&param);
    if (!param.reloadable) copy_value(reload.config, running, param);
  }
  return reload;
}

}  // namespace tlspolicyd
