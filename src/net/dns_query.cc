#include "net/dns_query.h"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "net/resolver_trust.h"

namespace tlspolicyd {
namespace {

// How soon to look again for a free descriptor or port.
constexpr milliseconds kShortagePause{50};
// A resolver that refuses connections may be restarting: its next try waits this long.
constexpr milliseconds kBrokenPause{300};

std::uint16_t random_id() {
  std::uint16_t id = 0;
  while (::getrandom(&id, sizeof id, 0) != sizeof id)
    if (errno != EINTR) std::abort();  // a guessable id is no option
  return id;
}

// Ours or the host's trouble, not the resolver's.
bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || error == EAGAIN;
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

DnsQuery::DnsQuery(Loop& loop, const Clock& clock, Metrics& metrics,
                   std::shared_ptr<ResolverPool> pool, DnsQuestion question, Done done)
    : loop_(loop), clock_(clock), metrics_(metrics), pool_(std::move(pool)),
      chain_(std::move(question)), done_(std::move(done)), tries_left_(plan().tries),
      timer_(loop.make([this] { on_timer(); })) {}

void DnsQuery::start(SteadyTime end) {
  const SteadyTime now = clock_.steady();
  end_ = std::min(end, now + plan().timeout * plan().tries);
  for (const std::size_t index : pool_->order(now)) candidates_.push_back({.index = index});
  begin_try();
}

void DnsQuery::begin_try() {
  asked_ = clock_.steady();
  try_end_ = std::min(asked_ + plan().timeout, end_);
  if (asked_ >= end_) return give_up();
  ++candidate().tries;
  tcp_ = plan().tcp;
  send();
}

void DnsQuery::send() {
  if (clock_.steady() > try_end_) return on_silence();
  exchange_.reset();
  auto wire = encode_query(chain_.question(), random_id(), candidate().edns);
  if (!wire) {
    candidate().note = wire.error().text + ": " + chain_.question().name;
    candidate().failure = DnsStatus::malformed;
    return soon(Step::give_up);
  }
  wire_ = *std::move(wire);
  Opened opened = open();
  if (!opened) return is_shortage(opened.error()) ? wait_for_descriptor() : on_broken(error_text(opened.error()));
  exchange_ = *std::move(opened);
  later(Step::silence, try_end_);
}

Opened DnsQuery::open() {
  const Resolver& resolver = plan().resolvers[candidate().index];
  auto done = [this](const DnsExchange::Outcome& outcome) { on_outcome(outcome); };
  metrics_.add("dns_tries", tcp_ ? "tcp" : "udp");
  if (tcp_) return open_tcp(loop_, resolver, wire_, std::move(done));
  return open_udp(loop_, resolver, wire_, metrics_.counter("dns_tries", "foreign"), std::move(done));
}

void DnsQuery::wait_for_descriptor() {
  metrics_.add("dns_tries", "no_descriptor");
  const SteadyTime again = clock_.steady() + kShortagePause;
  if (again < try_end_) return later(Step::send, again);
  candidate().note = "out of file descriptors or ports";
  fail_try();
}

void DnsQuery::on_outcome(const DnsExchange::Outcome& outcome) {
  switch (outcome.kind) {
    case DnsExchange::Outcome::Kind::reply: return judge(outcome.reply);
    case DnsExchange::Outcome::Kind::truncated: tcp_ = true; return soon(Step::send);
    case DnsExchange::Outcome::Kind::broken: return on_broken(outcome.cause);
  }
}

void DnsQuery::judge(Octets reply) {
  pool_->answered(candidate().index, clock_.steady());
  auto message = decode_message(reply);
  if (!message) return on_nonsense(message.error().text);
  if (message->rcode != Rcode::noerror && message->rcode != Rcode::nxdomain)
    return on_error_code(message->rcode);
  if (message->authentic && !counts_ad(plan().resolvers[candidate().index], plan().trust_ad)) {
    message->authentic = false;
    ad_ignored_ = true;
  }
  take(*message);
}

void DnsQuery::take(const DnsMessage& message) {
  switch (chain_.take(message)) {
    case DnsChain::Next::finished: return finish(chain_.answer());
    case DnsChain::Next::ask: return soon(Step::begin_try);
    case DnsChain::Next::contradiction: return on_nonsense("NXDOMAIN and records at once");
  }
}

// An old server may not know EDNS (RFC 6891 section 7): it is asked once more without.
void DnsQuery::on_error_code(Rcode rcode) {
  metrics_.add("dns_tries", "error_code");
  Candidate& asked = candidate();
  const bool plainer = asked.edns && (rcode == Rcode::formerr || rcode == Rcode::notimp);
  asked.out = !plainer;
  asked.edns = false;
  asked.note = name_of(rcode) + " from " + resolver_text();
  asked.failure = rcode == Rcode::refused ? DnsStatus::refused : DnsStatus::server_failure;
  fail_try();
}

void DnsQuery::on_nonsense(const std::string& why) {
  metrics_.add("dns_tries", "malformed");
  candidate().out = true;
  candidate().note = "malformed answer from " + resolver_text() + " (" + why + ")";
  candidate().failure = DnsStatus::malformed;
  fail_try();
}

void DnsQuery::on_broken(const std::string& cause) {
  metrics_.add("dns_tries", "broken");
  pool_->silent(candidate().index, asked_, clock_.steady());
  candidate().broken = true;
  candidate().failure = over_tcp() ? DnsStatus::tcp_failed : DnsStatus::unreachable;
  candidate().note = "no answer from " + resolver_text() + " (" + cause + ")";
  fail_try();
}

void DnsQuery::on_silence() {
  metrics_.add("dns_tries", "timeout");
  pool_->silent(candidate().index, asked_, clock_.steady());
  Candidate& asked = candidate();
  asked.broken = false;
  asked.failure = over_tcp() ? DnsStatus::tcp_failed : DnsStatus::timeout;
  asked.note = "no answer from " + resolver_text();
  if (asked.tries > 1) asked.note += " (" + std::to_string(asked.tries) + " tries)";
  fail_try();
}

void DnsQuery::fail_try() {
  if (--tries_left_ <= 0 || !choose_next()) return soon(Step::give_up);
  const SteadyTime now = clock_.steady();
  later(Step::begin_try, candidate().broken ? now + kBrokenPause : now);
}

// The next in turn that may still answer, the same one if there is no other.
bool DnsQuery::choose_next() {
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    current_ = (current_ + 1) % candidates_.size();
    if (!candidate().out) return true;
  }
  return false;
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
  finish(answer);
}

void DnsQuery::finish(DnsAnswer answer) {
  timer_->cancel();
  answer.ad_ignored = ad_ignored_;
  done_(answer);
}

void DnsQuery::later(Step step, SteadyTime at) {
  step_ = step;
  timer_->start(std::chrono::ceil<milliseconds>(at - clock_.steady()));
}

void DnsQuery::on_timer() {
  switch (step_) {
    case Step::begin_try: return begin_try();
    case Step::send: return send();
    case Step::silence: return on_silence();
    case Step::give_up: return give_up();
  }
}

}  // namespace tlspolicyd
