// What is shown of one cache entry, in any form. A value; made from the entry, the
// clocks and the reply that Postfix would get, or read back from JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "postfix/entry_reply.h"
#include "sts/entry.h"

namespace tlspolicyd {

struct FailureView {
  std::string result;  // of RFC 8460 section 4.3
  WallTime since{};
  std::uint64_t count = 0;
  std::string detail;  // may quote remote octets

  friend bool operator==(const FailureView&, const FailureView&) = default;
};

struct DaneHostView {
  std::string host, state, reason;

  friend bool operator==(const DaneHostView&, const DaneHostView&) = default;
};

// What is known of one next hop of the domain.
struct DaneView {
  std::string next_hop;             // as in a Postfix table
  std::string status;               // of its MX records: a word of MxState; "failed" while they cannot be looked up
  WallTime expires{};               // then it is looked up again
  std::vector<DaneHostView> hosts;  // as last seen

  friend bool operator==(const DaneView&, const DaneView&) = default;
};

struct EntryView {
  std::string domain;
  std::string verdict;              // "secure", "none", "dane" or "temp"
  std::optional<std::string> mode;  // empty, like id, max_age and fetched: a remembered absence
  std::optional<std::string> id;
  std::vector<std::string> mx;          // patterns; nothing without a mode
  std::optional<std::int64_t> max_age;  // seconds
  std::optional<WallTime> fetched;
  std::optional<WallTime> expires;  // of an absence: until when it is taken as current
  std::optional<WallTime> checked;
  std::optional<WallTime> last_asked;  // empty: never
  std::optional<DaneView> dane;        // of the domain itself as next hop; empty: not looked up
  std::vector<DaneView> next_hops;     // of others: `[host]`, other ports
  std::string reply;                   // of the plain map name, its payload
  std::optional<FailureView> failure;

  friend bool operator==(const EntryView&, const EntryView&) = default;
};

// `reply`: that of the plain map name.
[[nodiscard]] EntryView view_of(const Entry& entry, const Clock& clock, EntryReply reply);

}  // namespace tlspolicyd
