#include "net/dns_client.h"

#include <algorithm>
#include <iterator>

#include "net/resolver_trust.h"

namespace tlspolicyd {
namespace {

// Queries begun before other events get their turn: below a millisecond.
constexpr int kBeginsPerTurn = 64;
constexpr std::size_t kLastShare = 10;  // the last tenth is let out slowly
constexpr milliseconds kEndLook{500};   // how often to look for those that gave way and ran out of time
constexpr milliseconds kLeastTime{10};  // what is left must be worth the while

void leave_trusted(ResolverPlan& plan) {
  std::vector<Resolver> trusted;
  std::copy_if(plan.resolvers.begin(), plan.resolvers.end(), std::back_inserter(trusted),
               [&](const Resolver& resolver) { return counts_ad(resolver, plan.trust_ad); });
  if (!trusted.empty()) plan.resolvers = std::move(trusted);
}

}  // namespace

DnsClient::DnsClient(Loop& loop, const Clock& clock, Metrics& metrics, Options options)
    : loop_(loop), clock_(clock), metrics_(metrics), options_(std::move(options)),
      resolv_conf_(options_.resolv_conf_path), last_tenth_timer_(loop.make([this] { turn(); })),
      patience_timer_(loop.make([this] { turn(); })), end_timer_(loop.make([this] { end_some(); })) {}

DnsClient::~DnsClient() = default;

Ticket DnsClient::ask(const DnsQuestion& question, Done done) {
  const Id id = ++last_id_;
  if (waiting_.size() + displaced_.size() < options_.max_waiting) waiting_.emplace(id, Waiting{question, std::move(done)});
  else refused_.emplace(id, std::move(done));
  schedule();
  return Ticket([this, id, alive = std::weak_ptr<char>(alive_)] {
    if (!alive.expired()) cancel(id);
  });
}

void DnsClient::cancel(Id id) {
  waiting_.erase(id);
  refused_.erase(id);
  const auto found = put_.find(id);
  if (found != put_.end() && leave(found->second).query) schedule();
}

void DnsClient::schedule() {
  if (scheduled_) return;
  scheduled_ = true;
  loop_.post([this, alive = std::weak_ptr<char>(alive_)] {
    if (!alive.expired()) turn();
  });
}

// Not within any query's callback, so that queries can be destroyed here.
void DnsClient::turn() {
  scheduled_ = false;
  ended_.clear();
  refuse_some();
  begin_some();
}

// No more than are here now: whoever is refused may ask again at once.
void DnsClient::refuse_some() {
  for (auto left = refused_.size(); left > 0 && !refused_.empty(); --left) {
    const Done done = std::move(refused_.begin()->second);
    refused_.erase(refused_.begin());
    metrics_.add("dns", name_of(DnsStatus::overloaded));
    done(DnsAnswer{.status = DnsStatus::overloaded, .detail = "too many DNS questions are waiting"});
  }
}

void DnsClient::begin_some() {
  for (int begun = 0; !waiting_.empty() || !displaced_.empty(); ++begun) {
    if (begun == kBeginsPerTurn) return schedule();
    if (!may_begin() && !displace_the_oldest()) return;
    begin_next();
  }
}

void DnsClient::begin_next() {
  if (waiting_.empty()) {
    running_.splice(running_.end(), displaced_, displaced_.begin());
    return begin(running_.back());
  }
  auto newest = waiting_.extract(std::prev(waiting_.end()));
  const ResolverPlan& plan = current_pool()->plan();
  running_.push_back({newest.key(), std::move(newest.mapped()), clock_.steady() + plan.timeout * plan.tries});
  put_.emplace(newest.key(), std::prev(running_.end()));
  begin(running_.back());
}

DnsClient::Put DnsClient::leave(Line::iterator put) {
  Put left = std::move(*put);
  put_.erase(left.id);
  (left.query ? running_ : displaced_).erase(put);
  return left;
}

bool DnsClient::displace_the_oldest() {
  if (running_.empty() || running_.size() > options_.max_in_flight) return false;
  const SteadyTime ripe = running_.front().begun + options_.patience, now = clock_.steady();
  if (now < ripe) {
    patience_timer_->start(std::chrono::ceil<milliseconds>(ripe - now));
    return false;
  }
  metrics_.add("dns_tries", "gave_way");
  if (displaced_.empty()) end_timer_->start(kEndLook);
  running_.front().query.reset();
  displaced_.splice(displaced_.end(), running_, running_.begin());
  return true;
}

// Each may cancel others.
void DnsClient::end_some() {
  const SteadyTime now = clock_.steady();
  std::vector<Id> late;
  for (const Put& put : displaced_)
    if (put.end <= now && late.size() < kBeginsPerTurn) late.push_back(put.id);
  for (const Id id : late) {
    const auto found = put_.find(id);
    if (found == put_.end()) continue;
    const Put ended = leave(found->second);
    metrics_.add("dns", name_of(DnsStatus::timeout));
    ended.asked.done(DnsAnswer{.status = DnsStatus::timeout, .detail = "no answer in time; too many questions are under way"});
  }
  if (!displaced_.empty()) end_timer_->start(late.size() < kBeginsPerTurn ? kEndLook : milliseconds(1));
}

bool DnsClient::may_begin() {
  if (!has_room()) return false;
  const std::size_t last = options_.max_in_flight / kLastShare;
  if (running_.size() + last < options_.max_in_flight) return true;
  const SteadyTime now = clock_.steady();
  if (now < last_tenth_from_) {
    last_tenth_timer_->start(std::chrono::ceil<milliseconds>(last_tenth_from_ - now));
    return false;
  }
  const ResolverPlan& plan = current_pool()->plan();
  last_tenth_from_ = now + plan.timeout * plan.tries / static_cast<int>(last);
  return true;
}

void DnsClient::begin(Put& put) {
  put.begun = clock_.steady();
  put.query = std::make_unique<DnsQuery>(loop_, clock_, metrics_, current_pool(), put.asked.question,
                                         [this, id = put.id](const DnsAnswer& answer) { on_answer(id, answer); });
  put.query->start(std::max(put.end, put.begun + kLeastTime));
}

// `done` may ask and cancel; the query that calls here lives until the next turn.
void DnsClient::on_answer(Id id, const DnsAnswer& answer) {
  Put answered = leave(put_.at(id));
  ended_.push_back(std::move(answered.query));
  schedule();
  metrics_.add("dns", name_of(answer.status));
  answered.asked.done(answer);
}

void DnsClient::set_options(Options options) {
  if (options.resolv_conf_path != options_.resolv_conf_path)
    resolv_conf_ = ResolvConfFile(options.resolv_conf_path);
  options_ = std::move(options);
  stale_ = true;
}

const std::vector<Resolver>& DnsClient::resolvers() { return current_pool()->plan().resolvers; }

const std::shared_ptr<ResolverPool>& DnsClient::current_pool() {
  if (options_.resolvers.empty() && resolv_conf_.refresh(clock_.steady())) stale_ = true;
  if (stale_) pool_ = std::make_shared<ResolverPool>(make_plan(options_, resolv_conf_.contents()), pool_.get());
  stale_ = false;
  return pool_;
}

ResolverPlan make_plan(const DnsClient::Options& options, const ResolvConf& conf) {
  ResolverPlan plan{.resolvers = options.resolvers, .trust_ad = options.trust_ad};
  if (plan.resolvers.empty()) {
    plan.resolvers = conf.nameservers;
    plan.timeout = conf.timeout.value_or(plan.timeout);
    if (conf.attempts) plan.tries = *conf.attempts * static_cast<int>(plan.resolvers.size());
    plan.rotate = conf.rotate;
    plan.tcp = conf.use_vc;
  }
  if (options.only_trusted) leave_trusted(plan);
  plan.timeout = options.timeout.value_or(plan.timeout);
  plan.tries = std::max(options.attempts.value_or(plan.tries), 1);
  return plan;
}

}  // namespace tlspolicyd
