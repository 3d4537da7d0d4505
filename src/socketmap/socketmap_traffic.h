// What the connections of one socketmap server share: limits, counters, buffers. Answer loop only.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "postfix/socketmap.h"
#include "answer/answers.h"
#include "socketmap/socketmap_inbox.h"

namespace tlspolicyd {

struct SocketmapLimits {
  std::size_t pending = 64;  // questions of a connection that may wait for an answer
  seconds first_octet{60};   // Postfix connects in order to ask
  seconds frame{10};         // from a question's first octet to its last
  seconds unread{30};        // for replies that the other end does not read
  seconds late{90};          // Postfix gives up after 100 s: better no reply than one
                             // that it takes for the answer to its next question
};

enum class CloseReason : std::uint8_t {
  peer,       // it hung up
  error,      // the kernel says so
  malformed,  // no netstring, or no request in it
  first_octet,
  frame,
  unread,
  late,       // a limit above
  displaced,  // too many connections
  drained,    // we end
};

[[nodiscard]] std::string_view name_of(CloseReason reason);

// Empties it; no more stays allocated than a connection may keep while it has nothing to do.
void release(std::string& buffer);

struct SocketmapTraffic {
  SocketmapTraffic(const Clock& clock, Answers& answers, Metrics& metrics, SocketmapLimits limits);

  const Clock& clock;
  Answers& answers;
  SocketmapLimits limits;
  std::uint64_t& requests;
  std::array<std::uint64_t*, kReplyKinds> replies;  // by ReplyKind
  SocketmapInbox inbox;
  // Questions of all connections that are answered at once, about 20 ms if all are known; those of
  // one; and its share. What is pipelined beyond that waits in the loop's backlog, where all
  // others go between.
  static constexpr std::size_t kAllAtOnce = 8192, kMostAtOnce = 64;
  std::size_t share = kMostAtOnce;
  // Buffers that live for one turn, here so that the next turn finds them allocated.
  std::string to_send;
  std::string reply;
  std::vector<Ticket> spent;  // must outlive the callback that they were for
};

}  // namespace tlspolicyd
