#include "store/store_claim.h"

#include <utility>

namespace tlspolicyd {

StoreClaim::StoreClaim(Parts parts, bool held, std::function<void()> on_tried)
    : parts_(parts), held_(held), on_tried_(std::move(on_tried)), next_(parts.timers.make([this] { try_now(); })) {
  if (held_) return;
  parts_.log.warning(LogLine("store")
                         .with("action", "read-only")
                         .with("reason", "another tlspolicyd writes it")
                         .with("effect", "what is learned is written once that one ends")
                         .with("fix", "end the other one, or give each a cache of its own"));
  next_->start(kPause);
}

void StoreClaim::try_now() {
  if (held_ || std::exchange(trying_, true)) return;
  parts_.lane.ask([](Store& store) { return store.claim(); }, [this](bool held) { on_answer(held); });
}

void StoreClaim::on_answer(bool held) {
  trying_ = false;
  held_ = held;
  if (held_)
    parts_.log.info(LogLine("store").with("action", "writable").with("reason", "the other tlspolicyd has ended"));
  else next_->start(kPause);
  on_tried_();
}

}  // namespace tlspolicyd
