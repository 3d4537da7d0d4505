#include "fetch/attempt_log.h"

#include "fetch/connect_errors.h"

namespace tlspolicyd {
namespace {

// More than two families of eight, tried twice; a fetch may meet many addresses without a route.
constexpr std::size_t kMaxLines = 40;

// One that met a server says more than one that met none, and silence (which may hide
// anything) more than a network that cannot be reached at all. What was not tried for lack of
// something of ours may have been well: that is said before all else.
int weight(FetchFault fault) {
  switch (fault) {
    case FetchFault::unreachable: return 0;
    case FetchFault::blocked: return 1;
    case FetchFault::connect_timeout: return 2;
    case FetchFault::refused: return 3;
    case FetchFault::shortage: return 5;
    default: return 4;
  }
}

}  // namespace

void AttemptLog::connect_failed(const IpAddress& address, int error) {
  add(address, {fault_of_connect(error), words_for_connect(error)});
}

void AttemptLog::slower(const IpAddress& address) { add_line(to_text(address) + ": no answer before another address"); }

void AttemptLog::unanswered(const IpAddress& address) { add(address, {FetchFault::connect_timeout, "no answer"}); }

void AttemptLog::tls_failed(const IpAddress& address, FetchFailure failure) { add(address, std::move(failure)); }

void AttemptLog::add(const IpAddress& address, FetchFailure failure) {
  std::string line = to_text(address) + ": " + failure.detail;
  if (!worst_ || weight(failure.fault) >= weight(worst_->fault)) worst_ = FetchFailure{failure.fault, line};
  add_line(std::move(line));
}

void AttemptLog::add_line(std::string line) {
  if (lines_.size() < kMaxLines) lines_.push_back(std::move(line));
}

FetchFailure AttemptLog::verdict() const {
  return worst_.value_or(FetchFailure{FetchFault::unreachable, "there is no address to connect to"});
}

}  // namespace tlspolicyd
