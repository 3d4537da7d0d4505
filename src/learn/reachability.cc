#include "learn/reachability.h"

namespace tlspolicyd {
namespace {

// So many owners' policy hosts are not down together, and an outage of a minute is soon over.
constexpr std::size_t kNetworks = 5;
constexpr seconds kWhile{300};
constexpr seconds kBetweenWarnings{86400};

enum class Says { connected, not_connected, nothing };

Says what_says(FetchFault fault) {
  switch (fault) {
    case FetchFault::refused:
    case FetchFault::unreachable:
    case FetchFault::connect_timeout:
    case FetchFault::blocked: return Says::not_connected;
    case FetchFault::shortage:
    case FetchFault::displaced:
    case FetchFault::cancelled: return Says::nothing;
    default: return Says::connected;
  }
}

}  // namespace

// Without an address the fetch never left the queue.
void Reachability::saw(const FetchOutcome& outcome, LifeTime now) {
  const auto address = parse_ip(outcome.address);
  if (!address) return;
  switch (what_says(outcome.fault)) {
    case Says::connected: return connected();
    case Says::not_connected: return failed(*address, outcome.detail, now);
    case Says::nothing: break;
  }
}

void Reachability::connected() {
  failed_.clear();
  if (!warned_once_) return;
  warned_once_ = false;
  log_.info(LogLine("connect").with("result", "policy hosts can be connected to again"));
}

void Reachability::failed(const IpAddress& address, const std::string& why, LifeTime now) {
  if (failed_.empty()) since_ = now;
  if (failed_.size() < kNetworks) failed_.insert(network_of(address));
  if (failed_.size() < kNetworks || now - since_ < kWhile) return;
  if (warned_once_ && now - warned_ < kBetweenWarnings) return;
  warned_once_ = true;
  warned_ = now;
  log_.warning(
      LogLine("connect")
          .with("result", "no policy host could be connected to")
          .with("since_s", (now - since_).count())
          .with("last", why)
          .with(
              "fix",
              "allow outgoing TCP to port 443 on this host and in the firewalls before it; tlspolicyd uses no proxy"));
}

}  // namespace tlspolicyd
