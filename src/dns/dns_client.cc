#include "dns/dns_client.h"

namespace tlspolicyd {

DnsClient::DnsClient(DnsHub& hub, Options options)
    : hub_(hub),
      options_(std::move(options)),
      resolv_conf_(options_.resolv_conf_path),
      held_timer_(hub.timers().make([this] { begin_held(); })) {}

DnsClient::~DnsClient() = default;

Ticket DnsClient::ask(const DnsQuestion& question, DnsTurn turn, Done done) {
  const Id id = ++last_id_;
  static_cast<void>(current_pool());
  DnsQuery* const query = enter(id, question, turn, std::move(done));
  if (query != nullptr && must_wait()) held_.emplace(id, query);
  else if (query != nullptr) begin(id, *query);
  return ticket_of(id);
}

Ticket DnsClient::ask_one(const Resolver& resolver, const DnsQuestion& question, Done done) {
  const Id id = ++last_id_;
  ResolverPlan plan = current_pool()->plan();
  plan.resolvers = {resolver};
  if (DnsQuery* const query = enter(id, question, DnsTurn::enforced, std::move(done)))
    query->start(std::make_shared<ResolverPool>(std::move(plan), hub_), {0});
  return ticket_of(id);
}

DnsQuery* DnsClient::enter(Id id, const DnsQuestion& question, DnsTurn turn, Done done) {
  Asked& asked = asked_.emplace(id, Asked{std::move(done), nullptr}).first->second;
  if (asked_.size() > options_.max_questions) {
    refuse(id, {.status = DnsStatus::overloaded, .detail = "too many DNS questions are waiting"});
    return nullptr;
  }
  asked.query =
      std::make_unique<DnsQuery>(hub_, question, turn, [this, id](const DnsAnswer& answer) { on_answer(id, answer); });
  return asked.query.get();
}

Ticket DnsClient::ticket_of(Id id) {
  return Ticket([this, id, alive = std::weak_ptr<char>(alive_)] {
    if (alive.expired()) return;
    held_.erase(id);
    asked_.erase(id);
  });
}

void DnsClient::refuse(Id id, DnsAnswer answer) {
  schedule([this, id, answer = std::move(answer)] {
    if (asked_.count(id) != 0) on_answer(id, answer);
  });
}

void DnsClient::begin(Id id, DnsQuery& query) {
  auto order = pool_->order(hub_.clock().steady());
  if (options_.only_trusted) order = trials_.askable(std::move(order), options_.when_none_validates);
  if (order.empty())
    return refuse(id, {.status = DnsStatus::not_validated, .detail = "no resolver is known to validate DNSSEC"});
  query.start(pool_, order);
}

// A resolver that was never tried may turn a bogus answer into an unsigned one; but a canary that
// is not answered holds nobody up for longer than a try takes.
bool DnsClient::must_wait() {
  if (!options_.only_trusted) return false;
  const SteadyTime now = hub_.clock().steady();
  const auto until = trials_.wait_until(pool_->plan().timeout);
  if (!until || *until <= now) return false;
  held_timer_->start(std::chrono::ceil<milliseconds>(*until - now));
  return true;
}

void DnsClient::begin_held() {
  if (held_.empty()) return;
  static_cast<void>(current_pool());
  if (must_wait()) return;
  for (const auto& [id, query] : std::exchange(held_, {})) begin(id, *query);
}

void DnsClient::set_validates(const Resolver& resolver, bool validates) {
  static_cast<void>(current_pool());
  trials_.set(resolver, validates);
  begin_held();
}

// `done` may ask and cancel; the query that calls here lives until a later turn.
void DnsClient::on_answer(Id id, const DnsAnswer& answer) {
  const auto answered = asked_.extract(id);
  if (answered.mapped().query) {
    if (ended_.empty()) schedule([this] { ended_.clear(); });
    ended_.push_back(std::move(answered.mapped().query));
  }
  hub_.metrics().add("dns", name_of(answer.status));
  answered.mapped().done(answer);
}

void DnsClient::schedule(std::function<void()> task) {
  hub_.loop().post([task = std::move(task), alive = std::weak_ptr<char>(alive_)] {
    if (!alive.expired()) task();
  });
}

void DnsClient::set_options(Options options) {
  if (options.resolv_conf_path != options_.resolv_conf_path) resolv_conf_ = ResolvConfFile(options.resolv_conf_path);
  options_ = std::move(options);
  stale_ = true;
}

const std::vector<Resolver>& DnsClient::resolvers() { return current_pool()->plan().resolvers; }

const std::shared_ptr<ResolverPool>& DnsClient::current_pool() {
  if (options_.resolvers.empty() && resolv_conf_.refresh(hub_.clock().steady())) stale_ = true;
  if (!std::exchange(stale_, false)) return pool_;
  pool_ = std::make_shared<ResolverPool>(make_plan(options_, resolv_conf_.contents()), hub_);
  if (trials_.see(pool_->plan().resolvers, hub_.clock().steady()) && tell_of_new_) schedule([this] { tell_of_new_(); });
  return pool_;
}

}  // namespace tlspolicyd
