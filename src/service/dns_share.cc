#include "service/dns_share.h"

namespace tlspolicyd {

Ticket DnsShare::ask(const DnsQuestion& question, Done done) {
  const Id id = ++last_id_;
  if (running_.size() < most_) begin(id, question, std::move(done));
  else waiting_.emplace(id, std::pair(question, std::move(done)));
  return Ticket([this, id, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) cancel(id);
  });
}

void DnsShare::begin(Id id, const DnsQuestion& question, Done done) {
  running_[id] = dns_.ask(question, [this, id, done = std::move(done)](const DnsAnswer& answer) {
    const Done tell = done;  // the ticket that goes now owns this callback
    running_.erase(id);
    begin_waiting();
    tell(answer);
  });
}

void DnsShare::begin_waiting() {
  while (!waiting_.empty() && running_.size() < most_) {
    auto first = waiting_.extract(waiting_.begin());
    begin(first.key(), first.mapped().first, std::move(first.mapped().second));
  }
}

void DnsShare::cancel(Id id) {
  waiting_.erase(id);
  if (running_.erase(id) != 0) begin_waiting();
}

}  // namespace tlspolicyd
