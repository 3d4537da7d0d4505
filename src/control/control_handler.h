// The port behind the control server: who knows the status and the entries, as lines of
// JSON, and who can forget them. Answer loop only.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "event/ticket.h"
#include "sts/domain.h"

namespace tlspolicyd {

class ControlHandler {
 public:
  using Shown = std::function<void(std::optional<std::string> line)>;
  // How many entries were forgotten, or why the store could not forget them.
  using Forgotten = std::function<void(Result<std::size_t>)>;

  virtual ~ControlHandler() = default;

  // One line of JSON, without the line's end; so are all lines here.
  [[nodiscard]] virtual std::string status() = 0;
  // Up to `most` entries from `cursor` on (0 at first), which moves on: as
  // PolicyCache::list() has it. Nothing: the end.
  [[nodiscard]] virtual std::vector<std::string> list(std::size_t& cursor, std::size_t most) = 0;
  // Empty if the domain is known neither here nor to the store.
  [[nodiscard]] virtual Ticket show(const Domain& domain, Shown done) = 0;
  // `done` when it is gone from the store, too.
  [[nodiscard]] virtual Ticket purge(const Domain& domain, Forgotten done) = 0;
  [[nodiscard]] virtual Ticket purge_all(Forgotten done) = 0;
};

}  // namespace tlspolicyd
