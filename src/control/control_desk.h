// Does what the control socket asks for, and shows it through view/. Answer loop only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "cache/policy_cache.h"
#include "store/store_shadow.h"
#include "event/executor.h"
#include "control/control_handler.h"
#include "answer/policy_service.h"
#include "view/status_view.h"

namespace tlspolicyd {

class ControlDesk final : public ControlHandler {
 public:
  struct Parts {  // all outlive this object
    PolicyService& service;
    const PolicyCache& cache;
    StoreShadow& shadow;
    Executor& loop;
    const Clock& clock;
    std::function<StatusView()> status;
  };
  explicit ControlDesk(Parts parts) : parts_(std::move(parts)) {}

  [[nodiscard]] std::string status() override;
  [[nodiscard]] std::vector<std::string> list(std::size_t& cursor, std::size_t most) override;
  [[nodiscard]] Ticket show(const Domain& domain, Shown done) override;
  [[nodiscard]] Ticket purge(const Domain& domain, Forgotten done) override;
  [[nodiscard]] Ticket purge_all(Forgotten done) override;

 private:
  using Known = std::function<void(std::optional<Entry>)>;

  [[nodiscard]] std::string line_of(const Entry& entry) const;
  [[nodiscard]] Ticket find(const Domain& domain, Known done);
  void wait_for_store(std::shared_ptr<Forgotten> done, std::size_t forgotten);

  Parts parts_;
};

}  // namespace tlspolicyd
