// The answer of a policy host. How its octets were split into reads must not matter.
//
//   input: 2 octets that choose splits, 1 for how the peer ends, then the answer
#include "fuzz/fuzz.h"
#include "http/http_reader.h"

using namespace tlspolicyd;
using fuzz::require;
using State = HttpReader::State;

namespace {

constexpr std::size_t kMaxBody = 4096;

struct Ending {
  bool closes = false, clean = false;
};

HttpReader read(const std::vector<std::string_view>& pieces, Ending ending) {
  HttpReader reader(kMaxBody);
  for (const std::string_view piece : pieces) static_cast<void>(reader.feed(piece));
  if (ending.closes) static_cast<void>(reader.at_end(ending.clean));
  return reader;
}

// The first octets and the last ones; between them a large answer need not cost much.
std::vector<std::string_view> singly(std::string_view octets) {
  constexpr std::size_t kEdge = 2048;
  std::vector<std::string_view> pieces;
  while (!octets.empty()) {
    const bool middle = pieces.size() == kEdge && octets.size() > kEdge;
    pieces.push_back(octets.substr(0, middle ? octets.size() - kEdge : 1));
    octets.remove_prefix(pieces.back().size());
  }
  return pieces;
}

void check_same(HttpReader& one, HttpReader& other) {
  require(one.feed("") == other.feed(""), "the same end");
  const HttpAnswer &a = one.answer(), &b = other.answer();
  require(a.fault == b.fault && a.detail == b.detail, "the same fault in the same words");
  require(a.status == b.status && a.content_type == b.content_type && a.location == b.location, "the same head");
  require(a.body == b.body, "the same body");
  if (one.feed("") == State::fault) return;
  require(one.begun() == other.begun() && one.progress() == other.progress(), "the same progress");
}

void check_answer(const HttpAnswer& answer, State state) {
  require((state == State::fault) == (answer.fault != FetchFault::none), "a fault has its reason");
  require(answer.body.size() <= kMaxBody, "no body over the bound");
  if (state == State::fault) require(answer.body.empty() && !answer.detail.empty(), "a fault has no body");
  if (state != State::done) return;
  require(answer.status == 200 && answer.detail.empty(), "only a final 200 is an answer");
  require(answer.content_type.size() >= std::string_view("text/plain").size(), "of a known type");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint64_t seed = input.number(2);
  const std::size_t how = input.choose(3);
  const Ending ending{how != 0, how == 1};
  const std::string_view octets = input.rest();
  HttpReader whole = read({octets}, ending);
  HttpReader pieces = read(fuzz::in_pieces(octets, seed), ending);
  check_same(whole, pieces);
  HttpReader trickle = read(singly(octets), ending);
  check_same(whole, trickle);
  const State state = whole.feed("");
  check_answer(whole.answer(), state);
  if (state == State::more) return 0;
  require(whole.feed("HTTP/1.1 200 OK\r\n") == state && whole.at_end(true) == state, "an end is final");
  check_same(whole, pieces);
  return 0;
}
