#include "sts/decide.h"

#include <algorithm>

#include "base/text.h"
#include "sts/schedule.h"

namespace tlspolicyd {
namespace {

const HeldPolicy* usable_policy(const Entry* entry, LifeTime now) {
  if (entry == nullptr || !entry->held || !usable(*entry->held, now)) return nullptr;
  return entry->held.get();
}

const FetchMade* last_fetch_of(const Entry* entry, std::string_view id) {
  if (entry == nullptr || !entry->fetches) return nullptr;
  const auto& made = *entry->fetches;
  const auto found = std::find_if(made.begin(), made.end(), [&](const FetchMade& one) { return one.id == id; });
  return found == made.end() ? nullptr : &*found;
}

// RFC 8461 section 3.3: "per version ID". Success is paced too, so that a tiny max_age
// cannot make us fetch for every message.
LifeTime next_fetch_of(const FetchMade& made, const StsOptions& options) {
  return made.at + (made.succeeded ? kSameIdPause : std::max(options.fetch_backoff, kSameIdPause));
}

// How long what TXT said counts as current: its TTL within bounds; errors a minute.
seconds current_for(const TxtSeen& txt, const StsOptions& options) {
  const seconds cap = txt.state == TxtSeen::State::lookup_failed ? kMaxFailureCurrent : options.id_check_interval;
  return std::clamp(txt.ttl, kMinTxtCurrent, std::max(cap, kMinTxtCurrent));
}

// An announced policy that is not held is tried again as soon as the pacing allows,
// however long the TTL of the announcement.
LifeTime current_until(const Entry& after, const Evidence& seen, LifeTime now, const StsOptions& options) {
  const TxtSeen& txt = seen.txt;
  const LifeTime by_ttl = now + current_for(txt, options);
  const HeldPolicy* held = usable_policy(&after, now);
  const bool missing = txt.state == TxtSeen::State::id && (held == nullptr || held->id != txt.id);
  if (missing && !seen.fetch.made) return std::min(by_ttl, now + kUnmadeCurrent);
  const FetchMade* last = missing ? last_fetch_of(&after, txt.id) : nullptr;
  return last == nullptr ? by_ttl : std::min(by_ttl, next_fetch_of(*last, options) - seconds(1));
}

std::vector<FetchMade> fetches_but(const Entry& entry, std::string_view id) {
  auto made = entry.fetches ? *entry.fetches : std::vector<FetchMade>();
  made.erase(std::remove_if(made.begin(), made.end(), [&](const FetchMade& one) { return one.id == id; }), made.end());
  return made;
}

void forget_fetch(Entry& entry, std::string_view id) {
  auto made = fetches_but(entry, id);
  entry.fetches = made.empty() ? nullptr : std::make_shared<const std::vector<FetchMade>>(std::move(made));
}

void note_fetch(Entry& entry, std::string id, LifeTime now, bool succeeded) {
  auto made = fetches_but(entry, id);
  if (made.size() == kMaxFetchesKept) made.erase(made.begin());
  made.push_back({std::move(id), now, succeeded});
  entry.fetches = std::make_shared<const std::vector<FetchMade>>(std::move(made));
}

// The held policy says itself when its id was fetched; once it goes, that is noted.
void drop_held(Entry& entry) {
  if (!entry.held) return;
  if (last_fetch_of(&entry, entry.held->id) == nullptr) note_fetch(entry, entry.held->id, entry.held->fetched, true);
  entry.held = nullptr;
}

void note_failure(Entry& entry, bool in_txt, StsResult result, const std::string& detail, LifeTime now) {
  Failure failure = entry.failure ? *entry.failure : Failure{.since = now};
  failure.in_txt = in_txt;
  failure.result = result;
  failure.detail = excerpt(detail, kMaxFailureDetail);
  ++failure.count;
  entry.failure = std::make_shared<const Failure>(std::move(failure));
}

// TXT that is gone or unreadable is a failure only where a policy other than none is
// held (RFC 8461 section 6); a readable one ends that failure, but not one of fetching.
void judge_txt(Entry& entry, const TxtSeen& txt, LifeTime now) {
  const HeldPolicy* held = usable_policy(&entry, now);
  const bool expected = held != nullptr && held->policy.mode != Mode::none;
  const bool readable = txt.state == TxtSeen::State::id;
  const bool fetching_fails = held != nullptr && entry.failure && !entry.failure->in_txt;
  if (fetching_fails) return;
  if (!readable && expected) note_failure(entry, true, StsResult::sts_policy_fetch_error, txt.detail, now);
  else entry.failure = nullptr;
}

void judge_failures(Entry& entry, const Evidence& seen, LifeTime now) {
  switch (seen.fetch.state) {
    case FetchSeen::State::fetched: entry.failure = nullptr; return;
    case FetchSeen::State::failed:
      if (!seen.fetch.made) return;  // no word of the host
      return note_failure(entry, false, seen.fetch.result, seen.fetch.detail, now);
    case FetchSeen::State::paced: return;  // nothing new was learned
    case FetchSeen::State::not_needed: return judge_txt(entry, seen.txt, now);
  }
}

// Only a GET takes the place of a refresh that is planned, or due and waiting for room;
// the pacing puts it off.
bool stands(const Entry* before, FetchSeen::State fetch, LifeTime now) {
  if (before == nullptr) return false;
  return fetch == FetchSeen::State::not_needed || (fetch == FetchSeen::State::paced && before->due > now);
}

}  // namespace

bool usable(const HeldPolicy& held, LifeTime now) { return now - held.fetched <= held.policy.max_age; }

Assessment assess(const Entry* entry, LifeTime now) {
  if (entry == nullptr) return {};
  const HeldPolicy* held = usable_policy(entry, now);
  const bool ran_out = entry->held && held == nullptr;
  if (!ran_out && now <= entry->current_until) return {held, Need::nothing};
  return {held, held != nullptr ? Need::recheck : Need::discover};
}

bool may_fetch(const Entry* entry, std::string_view id, LifeTime now, const StsOptions& options) {
  const FetchMade* last = last_fetch_of(entry, id);
  if (last != nullptr && now < next_fetch_of(*last, options)) return false;
  const HeldPolicy* held = entry != nullptr ? entry->held.get() : nullptr;
  return held == nullptr || held->id != id || now >= held->fetched + kSameIdPause;
}

std::string id_to_fetch(const Entry* entry, const TxtSeen& txt) {
  if (txt.state == TxtSeen::State::id) return txt.id;
  return entry != nullptr && entry->held ? entry->held->id : std::string();
}

bool wants_fetch(const Entry* entry, Purpose purpose, const TxtSeen& txt, LifeTime now) {
  const HeldPolicy* held = usable_policy(entry, now);
  if (held != nullptr && purpose == Purpose::refresh) return true;
  if (txt.state != TxtSeen::State::id) return false;
  return held == nullptr || held->id != txt.id;
}

Entry settle(const Entry* before, const Domain& domain, const Evidence& seen, LifeTime now, const StsOptions& options,
             double spread) {
  Entry after = before != nullptr ? *before : Entry{.domain = domain, .last_asked = now};
  const bool fetched = seen.fetch.state == FetchSeen::State::fetched;
  const bool failed = seen.fetch.state == FetchSeen::State::failed;
  const std::string id = id_to_fetch(before, seen.txt);
  if (fetched) after.held = std::make_shared<const HeldPolicy>(HeldPolicy{*seen.fetch.policy, id, now});
  else if (usable_policy(before, now) == nullptr) drop_held(after);
  if (fetched) forget_fetch(after, id);
  if (failed && seen.fetch.made) note_fetch(after, id, now, false);
  judge_failures(after, seen, now);
  after.txt_unknown = seen.txt.state == TxtSeen::State::lookup_failed;
  after.checked = now;
  after.current_until = current_until(after, seen, now, options);
  const LifeTime due = next_due(after, failed, now, options, spread);
  after.due = after.held && stands(before, seen.fetch.state, now) ? std::min(before->due, due) : due;
  return after;
}

Entry lapsed(const Entry& entry) {
  Entry after = entry;
  drop_held(after);
  after.failure = nullptr;
  after.current_until = LifeTime::min();
  after.due = LifeTime::max();
  return after;
}

}  // namespace tlspolicyd
