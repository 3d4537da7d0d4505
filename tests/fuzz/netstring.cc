// Framing of both directions of a socketmap, and what stands in the frames.
//
//   input: 1 octet for the largest payload, then the stream
#include "postfix/netstring.h"
#include "fakes/postfix_policy_model.h"
#include "fuzz/fuzz.h"
#include "postfix/socketmap.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

void check_request(std::string_view payload) {
  const auto request = parse_socketmap_request(payload);
  require(request.has_value() == (payload.find(' ') != payload.npos), "a blank makes a request");
  if (!request) return;
  require(request->map_name.find(' ') == request->map_name.npos, "a map name has no blank");
  require(std::string(request->map_name) + ' ' + std::string(request->key) == payload, "a request loses nothing");
}

void check_reply(std::string_view payload) {
  const ReplyKind kind = kind_of_reply(payload);
  const PostfixVerdict verdict = PostfixPolicyModel(PostfixRelease::from_3_10, payload.size()).read(payload);
  require((kind == ReplyKind::notfound) == !verdict.found, "what Postfix takes for not found is counted so");
  if (kind == ReplyKind::other || !verdict.invalid.empty()) return;
  require(kind == ReplyKind::notfound || verdict.level.starts_with(name_of(kind)), "the counted level is Postfix's");
}

void check_frame(const NetstringFrame& frame, std::string_view buffer, std::size_t most) {
  require(frame.payload.size() <= most, "no payload over the bound");
  require(frame.size <= buffer.size() && frame.size > frame.payload.size() + 2, "a frame lies within its buffer");
  require(frame.payload.data() + frame.payload.size() + 1 == buffer.data() + frame.size, "a comma ends the frame");
  std::string again;
  append_netstring(again, frame.payload);
  const auto reread = read_netstring(again, most);
  require(reread && *reread && (*reread)->payload == frame.payload && (*reread)->size == again.size(),
          "a written netstring is read back");
  check_request(frame.payload);
  check_reply(frame.payload);
}

// What was said of the first octets must hold when more have come.
void check_growth(std::string_view buffer, std::size_t most) {
  const auto whole = read_netstring(buffer, most);
  const bool framed = whole && *whole;
  constexpr std::size_t kHead = 48;  // beyond the digits only the last octets are of interest
  for (std::size_t size = 0; size < buffer.size(); ++size) {
    if (size > kHead && size + kHead < (framed ? (*whole)->size : buffer.size())) continue;
    const auto part = read_netstring(buffer.substr(0, size), most);
    if (!part) return require(!whole, "what failed stays failed");
    require(!*part || (framed && (*part)->size == (*whole)->size), "a frame stays what it was");
    require(!framed || part->has_value() == (size >= (*whole)->size), "a frame is there with its last octet");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  constexpr std::size_t kBounds[] = {kMaxRequest, 100'000, 0, 9, 100};
  const std::size_t most = kBounds[input.choose(std::size(kBounds))];
  std::string_view stream = input.rest();
  for (int frames = 0; frames < 64; ++frames) {
    check_growth(stream, most);
    const auto frame = read_netstring(stream, most);
    if (!frame || !*frame) return 0;
    check_frame(**frame, stream, most);
    stream.remove_prefix((*frame)->size);
  }
  return 0;
}
