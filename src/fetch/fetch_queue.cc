#include "fetch/fetch_queue.h"

#include <algorithm>

namespace tlspolicyd {
namespace {

constexpr std::size_t kRefreshShare = 10;       // refreshes get one tenth of the room
constexpr std::size_t kLastShare = 10;          // the last tenth is let out slowly
constexpr milliseconds kPatience{2000};         // with a fetch that makes no progress
constexpr milliseconds kLeastPatience{300};     // what a sound host far away may take for one step
constexpr milliseconds kLongPatience{10'000};   // where no mail waits; and with slow progress where some does
constexpr milliseconds kMailWaits{5000};        // the default of reply_timeout
constexpr milliseconds kRound{500};             // in which all in line are tried, if kLeastPatience allows
constexpr milliseconds kFairTrial = kPatience;  // under way for less, a host has not been tried
constexpr milliseconds kSweep{100};             // how often waiting fetches are looked at
// Fetches that end or change places before others get their turn, and how long that is.
constexpr std::size_t kPerTurn = 64;
constexpr milliseconds kBreath{1};

std::int64_t ms_of(SteadyTime time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

struct FetchQueue::Fetch {
  // Others had most of the time that it was given.
  [[nodiscard]] bool cut_short() const { return ran < std::min<SteadyTime::duration>(kFairTrial, request.timeout / 2); }
  void give_up() {
    done(FetchOutcome{.fault = cut_short() ? FetchFault::displaced : FetchFault::timeout,
                      .detail = "too many policy hosts are slow or silent: no room to fetch in time"});
  }

  Class kind;  // refresh stays refresh, also when displaced
  FetchRequest request;
  Https::Done done;
  Network network;
  FairLine::Number number;
  SteadyTime entered;
  SteadyTime deadline;
  SteadyTime begun{};          // last
  SteadyTime::duration ran{};  // before that
  Ticket ticket;               // of the fetch under way; empty while it waits
  bool running = false;
  Fetches* in = nullptr;
  Fetches::iterator place{};
};

FetchQueue::FetchQueue(Https& https, Timers& timers, const Clock& clock, std::size_t concurrency)
    : https_(https),
      clock_(clock),
      concurrency_(concurrency),
      last_tenth_timer_(timers.make([this] { admit(); })),
      sweep_timer_(timers.make([this] { sweep(); })) {}

FetchQueue::~FetchQueue() = default;

Ticket FetchQueue::Entrance::fetch(FetchRequest request, Done done) {
  return queue_.enter(kind_, std::move(request), std::move(done));
}

void FetchQueue::set_concurrency(std::size_t concurrency) {
  concurrency_ = concurrency;
  admit();
}

std::size_t FetchQueue::waiting() const {
  std::size_t sum = 0;
  for (const Fetches& fetches : waiting_) sum += fetches.size();
  return sum;
}

std::size_t FetchQueue::refresh_room() const { return std::max<std::size_t>(1, concurrency_ / kRefreshShare); }

Ticket FetchQueue::enter(Class kind, FetchRequest request, Https::Done done) {
  const auto fetch = std::make_shared<Fetch>();
  fetch->kind = kind;
  fetch->entered = clock_.steady();
  fetch->deadline = fetch->entered + request.timeout;
  fetch->network = request.addresses.empty() ? Network() : network_of(request.addresses.front());
  fetch->number = ++last_number_;
  fetch->request = std::move(request);
  fetch->done = std::move(done);
  fetch->in = &waiting_of(kind);
  fetch->place = fetch->in->insert(fetch->in->end(), fetch);
  join_line(fetch);
  admit();
  // The first one to be admitted for it may be a refresh.
  for (int tries = 2; kind == Class::first_contact && !fetch->running && tries > 0; --tries)
    if (!displace_for_next()) break;
  return Ticket([this, weak = std::weak_ptr(fetch)] {
    if (const FetchPtr entered = weak.lock()) {
      leave(entered);
      admit();
    }
  });
}

void FetchQueue::leave(const FetchPtr& fetch) {
  if (fetch->in == nullptr) return;
  leave_line(*fetch);
  fetch->in->erase(fetch->place);
  fetch->in = nullptr;
  if (fetch->running) fetch->ran += clock_.steady() - fetch->begun;
  if (fetch->running && fetch->kind == Class::refresh) --refreshes_running_;
  fetch->running = false;
  fetch->ticket.reset();
}

void FetchQueue::join_line(const FetchPtr& fetch) {
  if (fetch->in == &running_) return line_.began(fetch->network);
  if (fetch->in != &waiting_of(Class::first_contact)) return;
  line_.join(fetch->network, fetch->number);
  in_line_.emplace(fetch->number, fetch);
}

void FetchQueue::leave_line(const Fetch& fetch) {
  if (fetch.in == &running_) return line_.ended(fetch.network);
  if (in_line_.erase(fetch.number) != 0) line_.leave(fetch.network, fetch.number);
}

FetchQueue::FetchPtr FetchQueue::next_first_contact() const {
  return line_.empty() ? nullptr : in_line_.at(line_.next()).lock();
}

FetchQueue::FetchPtr FetchQueue::next_in_line() const {
  const Fetches& refreshes = waiting_of(Class::refresh);
  if (!refreshes.empty() && refreshes_running_ == 0) return refreshes.front();
  if (const FetchPtr next = next_first_contact()) return next;
  if (!refreshes.empty() && refreshes_running_ < refresh_room()) return refreshes.front();
  return nullptr;
}

FetchQueue::FetchPtr FetchQueue::next_admissible() {
  if (running_.size() >= concurrency_) return nullptr;
  if (running_.size() + concurrency_ / kLastShare >= concurrency_) return next_of_the_last_tenth();
  if (const FetchPtr next = next_in_line()) return next;
  return next_displaced();
}

FetchQueue::FetchPtr FetchQueue::next_displaced() const {
  for (const Class kind : {Class::displaced, Class::tried})
    if (!waiting_of(kind).empty()) return waiting_of(kind).front();
  return nullptr;
}

SteadyTime::duration FetchQueue::last_tenth_pause() const {
  return kPatience / static_cast<int>(std::max<std::size_t>(concurrency_ / kLastShare, 1));
}

FetchQueue::FetchPtr FetchQueue::next_of_the_last_tenth() {
  const Fetches& refreshes = waiting_of(Class::refresh);
  if (!refreshes.empty() && refreshes_running_ == 0) return refreshes.front();
  if (line_.empty()) return nullptr;
  const SteadyTime now = clock_.steady();
  if (now < last_tenth_from_) {
    last_tenth_timer_->start(std::chrono::ceil<milliseconds>(last_tenth_from_ - now));
    return nullptr;
  }
  last_tenth_from_ = now + last_tenth_pause();
  return next_first_contact();
}

void FetchQueue::admit() {
  while (const FetchPtr fetch = next_admissible()) begin(fetch);
  if (waiting() != 0) await_sweep(kSweep);
}

void FetchQueue::await_sweep(milliseconds in) {
  if (sweep_awaited_) return;
  sweep_awaited_ = true;
  sweep_timer_->start(in);
}

void FetchQueue::begin(const FetchPtr& fetch) {
  leave_line(*fetch);
  running_.splice(running_.end(), *fetch->in, fetch->place);
  fetch->in = &running_;
  fetch->running = true;
  join_line(fetch);
  if (fetch->kind == Class::refresh) ++refreshes_running_;
  const SteadyTime now = clock_.steady();
  fetch->begun = now;
  take_in_late(fetch->request);
  // Its own each time: a fetch that gave way may still be under way on its thread.
  fetch->request.progress = std::make_shared<FetchProgress>();
  fetch->request.progress->made_ms = ms_of(now);
  FetchRequest request = fetch->request;
  request.timeout = std::chrono::ceil<milliseconds>(std::max(fetch->deadline - now, SteadyTime::duration::zero()));
  fetch->ticket = https_.fetch(std::move(request), [this, weak = std::weak_ptr(fetch)](const FetchOutcome& outcome) {
    if (const FetchPtr begun = weak.lock()) on_fetched(begun, outcome);
  });
}

void FetchQueue::on_fetched(const FetchPtr& fetch, const FetchOutcome& outcome) {
  leave(fetch);
  admit();
  const bool late = outcome.fault == FetchFault::timeout || outcome.fault == FetchFault::connect_timeout;
  if (late && fetch->cut_short() && fetch->deadline <= clock_.steady() + kSweep) return fetch->give_up();
  fetch->done(outcome);
}

FetchQueue::Urgency FetchQueue::urgency_of(const Fetch& waiting) const {
  if (waiting.in == &waiting_of(Class::displaced) || waiting.in == &waiting_of(Class::tried))
    return Urgency::background;
  const bool first_of_refreshes = refreshes_running_ == 0 && !line_.empty();
  if (waiting.in == &waiting_of(Class::refresh)) return first_of_refreshes ? Urgency::mail_waits : Urgency::background;
  return clock_.steady() - waiting.entered < kMailWaits ? Urgency::mail_waits : Urgency::first_contact;
}

// The more wait, the sooner silence is enough.
milliseconds FetchQueue::patience() const {
  const auto part = kRound * static_cast<std::int64_t>(concurrency_) /
                    static_cast<std::int64_t>(std::max<std::size_t>(in_line_.size(), 1));
  return std::clamp(part, kLeastPatience, kPatience);
}

// A refresh keeps its two seconds: whoever has a crowd in line for weeks must not let the policies
// of hosts run out that take their time. So does a host that has shown its certificate.
milliseconds FetchQueue::patience_with(const Fetch& running, Urgency urgency) const {
  const FetchProgress& progress = *running.request.progress;
  if (progress.trickles) return kPatience;  // a host that thinks sends nothing
  if (urgency == Urgency::background) return kLongPatience;
  if (progress.secured) return urgency == Urgency::mail_waits ? kPatience : kLongPatience;
  return running.kind == Class::refresh ? kPatience : patience();
}

bool FetchQueue::holds_too_much(const Fetch& running, const Fetch& waiting) const {
  const auto ran = clock_.steady() - running.begun;
  if (ran < kPatience || ran >= kLongPatience) return ran >= kLongPatience;
  return line_.under_way(waiting.network) == 0 && line_.under_way(running.network) > 1;
}

// For mail that waits those that have shown their certificates and do not drip give way one by
// one, as many as newcomers need while the last tenth lasts: a crowd is not worth what they have
// reached.
FetchQueue::FetchPtr FetchQueue::who_gives_way(const Fetch& waiting) const {
  const SteadyTime now = clock_.steady();
  const Urgency urgency = urgency_of(waiting);
  const bool mail_waits = urgency == Urgency::mail_waits;
  FetchPtr silent, slow;  // slow: begun first, if it has had its ten seconds; else last, since that loses least
  for (const FetchPtr& fetch : running_) {
    const FetchProgress& progress = *fetch->request.progress;
    const bool thinks = progress.secured && !progress.trickles;
    if (mail_waits && thinks && now < next_cut_) continue;
    const bool too_silent = ms_of(now) - progress.made_ms >= patience_with(*fetch, urgency).count();
    if (too_silent && (!silent || progress.made_ms < silent->request.progress->made_ms)) silent = fetch;
    const bool found = slow && now - slow->begun >= kLongPatience;
    if (!silent && !found && mail_waits && holds_too_much(*fetch, waiting)) slow = fetch;
  }
  return silent ? silent : slow;
}

FetchQueue::FetchPtr FetchQueue::next_waiting() const {
  if (FetchPtr next = next_in_line()) return next;
  return next_displaced();
}

bool FetchQueue::displace_for_next() {
  const FetchPtr next = running_.size() > concurrency_ ? nullptr : next_waiting();
  const FetchPtr fetch = next ? who_gives_way(*next) : nullptr;
  if (!fetch) return false;
  if (fetch->request.progress->secured && !fetch->request.progress->trickles)
    next_cut_ = clock_.steady() + last_tenth_pause();
  leave(fetch);
  begin(next);
  const Class displaced = fetch->ran < kFairTrial ? Class::displaced : Class::tried;
  fetch->in = &waiting_of(fetch->kind == Class::refresh ? Class::refresh : displaced);
  fetch->place = fetch->in->insert(fetch->in->end(), fetch);
  return true;
}

bool FetchQueue::expire_some() {
  const SteadyTime now = clock_.steady();
  Fetches late;
  for (Fetches& fetches : waiting_)
    for (const FetchPtr& fetch : fetches)
      if (fetch->deadline <= now && late.size() < kPerTurn) late.push_back(fetch);
  for (const FetchPtr& fetch : late) {
    if (fetch->in == nullptr) continue;  // an earlier one's callback cancelled it
    leave(fetch);
    fetch->give_up();
  }
  return late.size() < kPerTurn;
}

void FetchQueue::sweep() {
  sweep_awaited_ = false;
  const bool done = expire_some();
  std::size_t changed = 0;
  while (changed < kPerTurn && displace_for_next()) ++changed;
  if (!done || changed == kPerTurn) await_sweep(kBreath);
  admit();
}

}  // namespace tlspolicyd
