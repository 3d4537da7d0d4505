#include "dns/dns_query.h"

#include <algorithm>
#include <utility>

#include "dns/resolver_trust.h"

namespace tlspolicyd {
namespace {

// A resolver that refuses has too much to do; one that cannot be reached may be restarting.
constexpr milliseconds kRefusedPause{100}, kBrokenPause{300}, kPauseMost{1600};
// A question that is refused in a crowd has all its time anew, but not for ever.
constexpr seconds kRefusedMost{30};

std::string in_words(milliseconds time) {
  const auto whole = std::chrono::duration_cast<seconds>(time);
  return whole == time ? std::to_string(whole.count()) + " s" : std::to_string(time.count()) + " ms";
}

// Of several resolvers the one that says most about the name decides.
int weight(DnsStatus failure) {
  switch (failure) {
    case DnsStatus::server_failure: return 5;
    case DnsStatus::refused: return 4;
    case DnsStatus::malformed: return 3;
    case DnsStatus::tcp_failed: return 2;
    case DnsStatus::timeout: return 1;
    default: return 0;
  }
}

}  // namespace

DnsQuery::DnsQuery(DnsHub& hub, DnsQuestion question, DnsTurn turn, Done done)
    : hub_(hub), chain_(std::move(question)), turn_(turn), done_(std::move(done)), deadline_(hub.deadlines(), [this] {
        on_deadline();
      }) {}

void DnsQuery::start(std::shared_ptr<ResolverPool> pool, const std::vector<std::size_t>& order) {
  pool_ = std::move(pool);
  tries_left_ = plan().tries;
  for (const std::size_t index : order) candidates_.push_back({.index = index, .tcp = plan().tcp, .note = {}});
  submit();
}

// To the current candidate, which is not counted as asked before its turn.
void DnsQuery::submit(bool again) {
  auto query = encode_query(chain_.question(), 0, candidate().edns);
  if (!query) {
    candidate().note = query.error().text + ": " + chain_.question().name;
    candidate().failure = DnsStatus::malformed;
    return later(Step::give_up, hub_.clock().steady());
  }
  DnsTry::Owner& self = *this;
  tries_.push_back(std::make_unique<DnsTry>(link(), self, current_, *std::move(query), candidate().tcp));
  if (end_ != SteadyTime::max()) later(Step::give_up, end_);
  link().submit(*tries_.back(), turn_, again);
}

// A resolver may have fallen silent while this waited for its turn.
bool DnsQuery::on_turn(DnsTry& each) {
  if (&each == last_) return true;  // there was no descriptor at its turn
  const SteadyTime now = hub_.clock().steady();
  if (end_ == SteadyTime::max() && link().health().is_last(now)) {
    const auto better = std::find_if(candidates_.begin(), candidates_.end(), [&](const Candidate& other) {
      return !pool_->link(other.index).health().is_last(now);
    });
    if (better != candidates_.end()) {
      current_ = static_cast<std::size_t>(better - candidates_.begin());
      tries_.clear();
      submit();
      return false;
    }
  }
  if (end_ == SteadyTime::max()) end_ = now + plan().timeout * plan().tries;
  if (first_turn_ == SteadyTime{}) first_turn_ = now;
  if (candidate().tries++ == 0) link().asked_first();
  last_ = &each;
  later(Step::silence, std::min(now + plan().timeout, end_));
  return true;
}

void DnsQuery::on_outcome(DnsTry& each, const DnsOutcome& outcome) {
  const auto place = std::find_if(tries_.begin(), tries_.end(), [&](const auto& own) { return own.get() == &each; });
  const std::unique_ptr<DnsTry> ended = std::move(*place);
  tries_.erase(place);
  if (last_ == &each) last_ = nullptr;
  Candidate& asked = candidates_[each.resolver()];
  switch (outcome.kind) {
    case DnsOutcome::Kind::reply: return judge(asked, outcome.reply);
    case DnsOutcome::Kind::truncated: asked.tcp = true; return again(asked);
    case DnsOutcome::Kind::lost: return on_lost(asked, ended->tcp());
    case DnsOutcome::Kind::broken: return on_broken(asked, outcome.cause, ended->sent_at);
  }
}

void DnsQuery::judge(Candidate& asked, Octets reply) {
  pool_->link(asked.index).health().answered(hub_.clock().steady());
  if (is_truncated(reply)) return on_nonsense(asked, "truncated");  // and there is nothing longer than TCP
  auto message = decode_message(reply);
  if (!message) return on_nonsense(asked, message.error().text);
  if (message->rcode != Rcode::noerror && message->rcode != Rcode::nxdomain)
    return on_error_code(asked, message->rcode);
  if (message->authentic && !counts_ad(plan().resolvers[asked.index], plan().trust_ad)) {
    message->authentic = false;
    ad_ignored_ = true;
  }
  take(asked, *message);
}

void DnsQuery::take(Candidate& asked, const DnsMessage& message) {
  switch (chain_.take(message)) {
    case DnsChain::Next::finished: return finish(chain_.answer());
    case DnsChain::Next::ask: return follow(asked);
    case DnsChain::Next::contradiction: return on_nonsense(asked, "NXDOMAIN and records at once");
  }
}

// The same resolver, which knows the way; what is under way asks for the name before.
void DnsQuery::follow(Candidate& asked) {
  tries_.clear();
  last_ = nullptr;
  again(asked);
}

// The same resolver at once, which is no retry.
void DnsQuery::again(Candidate& asked) {
  current_ = static_cast<std::size_t>(&asked - candidates_.data());
  submit();
}

// An old server may not know EDNS (RFC 6891 section 7): it is asked once more without.
void DnsQuery::on_error_code(Candidate& asked, Rcode rcode) {
  hub_.metrics().add("dns_tries", rcode == Rcode::refused ? "refused" : "error_code");
  const bool plainer = asked.edns && (rcode == Rcode::formerr || rcode == Rcode::notimp);
  asked.note = name_of(rcode) + " from " + text_of(asked);
  asked.failure = rcode == Rcode::refused ? DnsStatus::refused : DnsStatus::server_failure;
  if (rcode == Rcode::refused) return on_refused(asked);
  asked.out = !plainer;
  asked.edns = false;
  return plainer ? again(asked) : move_on();
}

void DnsQuery::on_refused(Candidate& asked) {
  const SteadyTime now = hub_.clock().steady();
  const bool in_crowd = !pool_->link(asked.index).window().has_few();
  if (in_crowd && !is_awaited() && now < first_turn_ + kRefusedMost) end_ = SteadyTime::max();
  pause(asked, kRefusedPause);
  move_on();
}

void DnsQuery::on_nonsense(Candidate& asked, const std::string& why) {
  hub_.metrics().add("dns_tries", "malformed");
  asked.out = true;
  asked.note = "malformed answer from " + text_of(asked) + " (" + why + ")";
  asked.failure = DnsStatus::malformed;
  move_on();
}

// `sent_at`: never, where not even a socket could be had.
void DnsQuery::on_broken(Candidate& asked, const std::string& cause, SteadyTime sent_at) {
  hub_.metrics().add("dns_tries", "broken");
  const SteadyTime now = hub_.clock().steady();
  pool_->link(asked.index).health().silent(sent_at == SteadyTime{} ? now : sent_at, now);
  asked.failure = over_tcp(asked) ? DnsStatus::tcp_failed : DnsStatus::unreachable;
  asked.note = "no answer from " + text_of(asked) + " (" + cause + ")";
  pause(asked, kBrokenPause);
  move_on();
}

// A server may end a connection at any time (RFC 7766 section 6.2.4); a socket is given up when
// datagrams have come that match nothing. Whoever sends such must not end a question by it, nor make
// it leave more and more often.
void DnsQuery::on_lost(Candidate& asked, bool tcp) {
  hub_.metrics().add("dns_tries", "lost");
  if (!tcp) asked.note = "datagrams that match no question, from the address of " + text_of(asked);
  if (!tcp && !std::exchange(lost_, true)) return again(asked);
  pause(asked, kRefusedPause);
  move_on();
}

void DnsQuery::pause(Candidate& asked, milliseconds first) {
  asked.ready = hub_.clock().steady() + std::min(kPauseMost, first * (1 << std::min(asked.pauses++, 4)));
}

// Of the last try, which waits on. One that had no descriptor all that time goes.
void DnsQuery::on_silence() {
  current_ = last_->resolver();
  Candidate& asked = candidate();
  if (last_->unanswered) {
    hub_.metrics().add("dns_tries", "timeout");
    pool_->link(asked.index).health().silent(last_->sent_at, hub_.clock().steady());
    asked.failure = over_tcp(asked) ? DnsStatus::tcp_failed : DnsStatus::timeout;
    asked.note = "no answer from " + text_of(asked) +
                 (asked.tries == 1 ? " in " : " (" + std::to_string(asked.tries) + " tries of ") +
                 in_words(plan().timeout) + (asked.tries == 1 ? "" : ")");
  } else {
    asked.note = "out of file descriptors or ports";
    std::erase_if(tries_, [this](const auto& own) { return own.get() == last_; });
  }
  last_ = nullptr;
  if (--tries_left_ <= 0) return later(Step::give_up, end_);
  move_on();
}

// The next in turn that may still answer, the same one if there is no other. A try that waits for
// its answer is not in the way of another.
bool DnsQuery::choose_next() {
  const std::size_t from = current_;
  SteadyTime soonest = SteadyTime::max();
  for (std::size_t i = 1; i <= candidates_.size(); ++i) {
    const std::size_t at = (from + i) % candidates_.size();
    if (candidates_[at].out || candidates_[at].ready >= soonest) continue;
    soonest = candidates_[at].ready;
    current_ = at;
    if (soonest <= hub_.clock().steady()) return true;
  }
  return soonest != SteadyTime::max();
}

bool DnsQuery::is_asked(const Candidate& candidate) const {
  return std::any_of(tries_.begin(), tries_.end(),
                     [&](const auto& own) { return &candidates_[own->resolver()] == &candidate; });
}

// One is within its time, or waits for its turn: no other is needed yet.
bool DnsQuery::is_awaited() const {
  return last_ != nullptr ||
         std::any_of(tries_.begin(), tries_.end(), [](const auto& own) { return own->waiting.has_value(); });
}

// When a try has ended or been silent for its time: who is asked next, and when.
void DnsQuery::move_on() {
  if (is_awaited()) return;
  if (!choose_next()) return later(Step::give_up, hub_.clock().steady());
  later(Step::ask, std::min(std::max(candidate().ready, hub_.clock().steady()), end_));
}

void DnsQuery::ask() {
  const SteadyTime now = hub_.clock().steady();
  if (now >= end_) return give_up();
  submit(is_asked(candidate()));
}

void DnsQuery::give_up() {
  DnsAnswer answer{.status = DnsStatus::unreachable, .chain = chain_.answer().chain};
  for (const Candidate& each : candidates_) {
    if (each.note.empty()) continue;
    if (weight(each.failure) > weight(answer.status)) answer.status = each.failure;
    if (!answer.detail.empty()) answer.detail += "; ";
    answer.detail += each.note;
  }
  if (answer.detail.empty()) answer.status = DnsStatus::timeout;
  finish(std::move(answer));
}

void DnsQuery::finish(DnsAnswer answer) {
  answer.ad_ignored = ad_ignored_;
  deadline_.cancel();
  tries_.clear();
  done_(answer);
}

void DnsQuery::later(Step step, SteadyTime at) {
  step_ = step;
  deadline_.start(at);
}

void DnsQuery::on_deadline() {
  switch (step_) {
    case Step::silence: return on_silence();
    case Step::ask: return ask();
    case Step::give_up: return give_up();
  }
}

}  // namespace tlspolicyd
