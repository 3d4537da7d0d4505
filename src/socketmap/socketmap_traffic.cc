#include "socketmap/socketmap_traffic.h"

#include <utility>

namespace tlspolicyd {
namespace {

constexpr std::size_t kMaxSpare = 4096;

template <std::size_t... I>
std::array<std::uint64_t*, kReplyKinds> reply_counters(Metrics& metrics, std::index_sequence<I...>) {
  return {&metrics.counter("reply", name_of(static_cast<ReplyKind>(I)))...};
}

}  // namespace

void release(std::string& buffer) {
  buffer.clear();
  if (buffer.capacity() > kMaxSpare) buffer.shrink_to_fit();
}

std::string_view name_of(CloseReason reason) {
  switch (reason) {
    case CloseReason::peer: return "peer";
    case CloseReason::error: return "error";
    case CloseReason::malformed: return "malformed";
    case CloseReason::first_octet: return "first_octet";
    case CloseReason::frame: return "frame";
    case CloseReason::unread: return "unread";
    case CloseReason::late: return "late";
    case CloseReason::displaced: return "displaced";
    case CloseReason::drained: return "drained";
  }
  return "error";
}

SocketmapTraffic::SocketmapTraffic(const Clock& the_clock, Answers& the_answers, Metrics& metrics,
                                   SocketmapLimits the_limits)
    : clock(the_clock),
      answers(the_answers),
      limits(the_limits),
      requests(metrics.counter("requests", "socketmap")),
      replies(reply_counters(metrics, std::make_index_sequence<kReplyKinds>{})) {}

}  // namespace tlspolicyd
