#include "view/entry_view.h"

namespace tlspolicyd {
namespace {

// The zero of a LifeTime means "never" in an Entry.
std::optional<WallTime> unless_never(LifeTime time, const Clock& clock) {
  if (time == LifeTime{}) return std::nullopt;
  return to_wall(time, clock);
}

DaneView view_of(const HopDane& hop, const std::string& domain, const Clock& clock) {
  DaneView view{to_text(hop.hop, domain),
                std::string(name_of(hop.failing ? MxState::failed : hop.status.mx)),
                to_wall(hop.current_until, clock),
                {}};
  for (const DaneHost& host : hop.status.hosts)
    view.hosts.push_back({host.name, std::string(name_of(host.state())), std::string(name_of(host.finding))});
  return view;
}

void show_dane(EntryView& view, const HopDanes& known, const Clock& clock) {
  for (const HopDane& hop : known) {
    DaneView shown = view_of(hop, view.domain, clock);
    if (hop.hop == HopKey{}) view.dane = std::move(shown);
    else view.next_hops.push_back(std::move(shown));
  }
}

void show_policy(EntryView& view, const HeldPolicy& held, const Clock& clock) {
  view.mode = name_of(held.policy.mode);
  view.id = held.id;
  view.mx = held.policy.mx.list();
  view.max_age = held.policy.max_age.count();
  view.fetched = to_wall(held.fetched, clock);
  view.expires = *view.fetched + held.policy.max_age;
}

}  // namespace

EntryView view_of(const Entry& entry, const Clock& clock, EntryReply reply) {
  EntryView view;
  view.domain = entry.domain.text();
  view.verdict = reply.verdict;
  view.reply = std::move(reply.payload);
  view.checked = unless_never(entry.checked, clock);
  view.last_asked = unless_never(entry.last_asked, clock);
  if (entry.held) show_policy(view, *entry.held, clock);
  else if (entry.current_until > LifeTime{}) view.expires = to_wall(entry.current_until, clock);
  if (entry.dane) show_dane(view, *entry.dane, clock);
  if (const Failure* failure = entry.failure.get())
    view.failure = FailureView{std::string(name_of(failure->result)), to_wall(failure->since, clock), failure->count,
                               failure->detail};
  return view;
}

}  // namespace tlspolicyd
