#include "control/control_desk.h"

#include <memory>
#include <utility>

#include "store/stored_row.h"
#include "view/entry_json.h"
#include "view/entry_view.h"
#include "view/status_json.h"

namespace tlspolicyd {
namespace {

// A callback that its ticket can take back, however far the work has gone.
template <typename Callback>
std::pair<std::shared_ptr<Callback>, Ticket> guarded(Callback callback) {
  auto shared = std::make_shared<Callback>(std::move(callback));
  return {shared, Ticket([shared] { *shared = nullptr; })};
}

template <typename Callback, typename... Values>
void call(const std::shared_ptr<Callback>& callback, Values&&... values) {
  if (const Callback once = std::exchange(*callback, nullptr)) once(std::forward<Values>(values)...);
}

}  // namespace

std::string ControlDesk::status() { return status_json(parts_.status()); }

std::string ControlDesk::line_of(const Entry& entry) const {
  return entry_json(view_of(entry, parts_.clock, parts_.service.reply_for(entry, MapForm::plain)));
}

std::vector<std::string> ControlDesk::list(std::size_t& cursor, std::size_t most) {
  std::vector<std::string> lines;
  for (const Entry* entry : parts_.cache.list(cursor, most)) lines.push_back(line_of(*entry));
  return lines;
}

// From memory, or from the store where that may have it.
Ticket ControlDesk::find(const Domain& domain, Known done) {
  const Entry* entry = parts_.cache.find(domain.text());
  if (entry == nullptr && parts_.shadow.may_hold(domain))
    return parts_.shadow.get(domain, [this, done = std::move(done)](std::optional<StoredRow> row) {
      done(row ? std::optional(from_row(*row, parts_.clock)) : std::nullopt);
    });
  auto [known, ticket] = guarded(std::move(done));
  parts_.loop.post(
      [known = known, found = entry != nullptr ? std::optional(*entry) : std::nullopt] { call(known, found); });
  return std::move(ticket);
}

Ticket ControlDesk::show(const Domain& domain, Shown done) {
  return find(domain, [this, done = std::move(done)](std::optional<Entry> entry) {
    done(entry ? std::optional(line_of(*entry)) : std::nullopt);
  });
}

Ticket ControlDesk::purge(const Domain& domain, Forgotten done) {
  auto [shared, guard] = guarded(std::move(done));
  auto looking = std::make_shared<Ticket>(find(domain, [this, domain, shared = shared](std::optional<Entry> entry) {
    parts_.service.purge(domain);
    wait_for_store(shared, entry ? 1 : 0);
  }));
  return Ticket([looking, guard = std::make_shared<Ticket>(std::move(guard))] {
    looking->reset();
    guard->reset();
  });
}

Ticket ControlDesk::purge_all(Forgotten done) {
  auto [shared, ticket] = guarded(std::move(done));
  wait_for_store(shared, parts_.service.purge_all());
  return std::move(ticket);
}

void ControlDesk::wait_for_store(std::shared_ptr<Forgotten> done, std::size_t forgotten) {
  parts_.shadow.drain([this, done = std::move(done), forgotten] {
    if (parts_.shadow.pending() == 0) return call(done, Result<std::size_t>(forgotten));
    call(done, Result<std::size_t>(fail("forgotten in memory, but the store cannot be written yet; see the log")));
  });
}

}  // namespace tlspolicyd
