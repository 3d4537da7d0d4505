#include "postfix/socketmap.h"

namespace tlspolicyd {
namespace {

ReplyKind kind_of_level(std::string_view level) {
  if (level == "secure") return ReplyKind::secure;
  if (level == "dane" || level == "dane-only") return ReplyKind::dane;
  return ReplyKind::other;
}

}  // namespace

std::optional<SocketmapRequest> parse_socketmap_request(std::string_view payload) {
  const auto blank = payload.find(' ');
  if (blank == payload.npos) return std::nullopt;
  return SocketmapRequest{payload.substr(0, blank), payload.substr(blank + 1)};
}

std::string_view name_of(ReplyKind kind) {
  switch (kind) {
    case ReplyKind::secure: return "secure";
    case ReplyKind::notfound: return "notfound";
    case ReplyKind::temp: return "temp";
    case ReplyKind::dane: return "dane";
    case ReplyKind::other: return "other";
  }
  return "other";
}

ReplyKind kind_of_reply(std::string_view payload) {
  const auto blank = payload.find(' ');
  const std::string_view status = payload.substr(0, blank);
  if (status == "NOTFOUND") return ReplyKind::notfound;
  if (status == "TEMP") return ReplyKind::temp;
  if (status != "OK" || blank == payload.npos) return ReplyKind::other;
  const std::string_view data = payload.substr(blank + 1);
  return kind_of_level(data.substr(0, data.find(' ')));
}

}  // namespace tlspolicyd
