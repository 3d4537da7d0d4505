#include "net/attempt_log.h"

#include <cerrno>
#include <cstring>

namespace tlspolicyd {
namespace {

FetchFault fault_of(int error) {
  switch (error) {
    case ECONNREFUSED: return FetchFault::refused;
    case ETIMEDOUT: return FetchFault::connect_timeout;
    case ECONNRESET: return FetchFault::reset;
    default: return FetchFault::unreachable;
  }
}

std::string words_for(int error) {
  const std::string words = error == ECONNREFUSED ? "connection refused" : std::strerror(error);
  const bool ours = error == EMFILE || error == ENFILE;
  return ours ? words + " on this machine (raise its descriptor limit)" : words;
}

// One that met a server says more than one that met none, and silence (which may hide
// anything) more than a network that cannot be reached at all.
int weight(FetchFault fault) {
  switch (fault) {
    case FetchFault::unreachable: return 0;
    case FetchFault::connect_timeout: return 1;
    case FetchFault::refused: return 2;
    default: return 3;
  }
}

}  // namespace

void AttemptLog::connect_failed(const IpAddress& address, int error) {
  add(address, {fault_of(error), words_for(error)});
}

void AttemptLog::slower(const IpAddress& address) {
  lines_.push_back(to_text(address) + ": no answer before another address");
}

void AttemptLog::unanswered(const IpAddress& address) {
  add(address, {FetchFault::connect_timeout, "no answer"});
}

void AttemptLog::tls_failed(const IpAddress& address, FetchFailure failure) {
  add(address, std::move(failure));
}

void AttemptLog::add(const IpAddress& address, FetchFailure failure) {
  lines_.push_back(to_text(address) + ": " + failure.detail);
  if (!worst_ || weight(failure.fault) >= weight(worst_->fault))
    worst_ = FetchFailure{failure.fault, lines_.back()};
}

FetchFailure AttemptLog::verdict() const {
  return worst_.value_or(FetchFailure{FetchFault::unreachable, "there is no address to connect to"});
}

}  // namespace tlspolicyd
