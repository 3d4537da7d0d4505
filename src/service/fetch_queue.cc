#include "service/fetch_queue.h"

#include <algorithm>

namespace tlspolicyd {
namespace {

constexpr std::size_t kRefreshShare = 10;           // refreshes get one tenth of the room
constexpr milliseconds kSilence{2000};              // a fetch silent for longer may have to give way
constexpr milliseconds kSweep{250};                 // how often waiting fetches are looked at

std::int64_t ms_of(SteadyTime time) {
  return std::chrono::duration_cast<milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

struct FetchQueue::Fetch {
  Class kind;           // refresh stays refresh, also when displaced
  FetchRequest request;
  Https::Done done;
  SteadyTime deadline;
  Ticket ticket;        // of the fetch under way; empty while it waits
  bool running = false;
  Fetches* in = nullptr;
  Fetches::iterator place{};
};

FetchQueue::FetchQueue(Https& https, Timers& timers, const Clock& clock, std::size_t concurrency)
    : https_(https), clock_(clock), concurrency_(concurrency),
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

std::size_t FetchQueue::refresh_room() const {
  return std::max<std::size_t>(1, concurrency_ / kRefreshShare);
}

Ticket FetchQueue::enter(Class kind, FetchRequest request, Https::Done done) {
  const auto fetch = std::make_shared<Fetch>();
  fetch->kind = kind;
  fetch->deadline = clock_.steady() + request.timeout;
  if (!request.progress) request.progress = std::make_shared<FetchProgress>();
  fetch->request = std::move(request);
  fetch->done = std::move(done);
  fetch->in = &waiting_[static_cast<std::size_t>(kind)];
  fetch->place = fetch->in->insert(fetch->in->end(), fetch);
  admit();
  if (!fetch->running && kind == Class::first_contact) static_cast<void>(displace_a_silent_one());
  return Ticket([this, weak = std::weak_ptr(fetch)] {
    if (const FetchPtr entered = weak.lock()) {
      leave(entered);
      admit();
    }
  });
}

void FetchQueue::leave(const FetchPtr& fetch) {
  if (fetch->in == nullptr) return;
  fetch->in->erase(fetch->place);
  fetch->in = nullptr;
  if (fetch->running && fetch->kind == Class::refresh) --refreshes_running_;
  fetch->running = false;
  fetch->ticket.reset();
}

FetchQueue::FetchPtr FetchQueue::next_admissible() {
  if (running_.size() >= concurrency_) return nullptr;
  for (const Class kind : {Class::first_contact, Class::refresh, Class::displaced}) {
    const Fetches& fetches = waiting_[static_cast<std::size_t>(kind)];
    const bool room = kind != Class::refresh || refreshes_running_ < refresh_room();
    if (room && !fetches.empty()) return fetches.front();
  }
  return nullptr;
}

void FetchQueue::admit() {
  while (const FetchPtr fetch = next_admissible()) begin(fetch);
  if (waiting() == 0 || sweep_awaited_) return;
  sweep_awaited_ = true;
  sweep_timer_->start(kSweep);
}

void FetchQueue::begin(const FetchPtr& fetch) {
  running_.splice(running_.end(), *fetch->in, fetch->place);
  fetch->in = &running_;
  fetch->running = true;
  if (fetch->kind == Class::refresh) ++refreshes_running_;
  const SteadyTime now = clock_.steady();
  fetch->request.progress->heard_ms = ms_of(now);
  FetchRequest request = fetch->request;
  request.timeout = std::chrono::ceil<milliseconds>(std::max(fetch->deadline - now, SteadyTime::duration::zero()));
  fetch->ticket = https_.fetch(std::move(request), [this, weak = std::weak_ptr(fetch)](const FetchOutcome& outcome) {
    if (const FetchPtr begun = weak.lock()) on_fetched(begun, outcome);
  });
}

void FetchQueue::on_fetched(const FetchPtr& fetch, const FetchOutcome& outcome) {
  leave(fetch);
  admit();
  fetch->done(outcome);
}

bool FetchQueue::displace_a_silent_one() {
  const auto silent = std::min_element(running_.begin(), running_.end(), [](const FetchPtr& a, const FetchPtr& b) {
    return a->request.progress->heard_ms < b->request.progress->heard_ms;
  });
  if (silent == running_.end() || running_.size() > concurrency_) return false;
  const FetchPtr fetch = *silent;
  if (ms_of(clock_.steady()) - fetch->request.progress->heard_ms < kSilence.count()) return false;
  leave(fetch);
  const Class kind = fetch->kind == Class::refresh ? Class::refresh : Class::displaced;
  fetch->in = &waiting_[static_cast<std::size_t>(kind)];
  fetch->place = fetch->in->insert(fetch->in->end(), fetch);
  admit();
  return true;
}

void FetchQueue::expire_waiting() {
  const SteadyTime now = clock_.steady();
  Fetches late;
  for (Fetches& fetches : waiting_)
    for (const FetchPtr& fetch : fetches)
      if (fetch->deadline <= now) late.push_back(fetch);
  for (const FetchPtr& fetch : late) {
    if (fetch->in == nullptr) continue;  // an earlier one's callback cancelled it
    leave(fetch);
    fetch->done(FetchOutcome{.fault = FetchFault::timeout,
                             .detail = "too many policy hosts are silent: no room to fetch in time"});
  }
}

void FetchQueue::sweep() {
  sweep_awaited_ = false;
  expire_waiting();
  const Fetches& first_contacts = waiting_[static_cast<std::size_t>(Class::first_contact)];
  while (!first_contacts.empty() && displace_a_silent_one()) {
  }
  admit();
}

}  // namespace tlspolicyd
