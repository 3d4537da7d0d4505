// The sockets to a resolver: how questions share them, and what is in a stream.
#include "net/dns_sockets.h"

#include "catch.h"
#include "net/dns_stream.h"

using namespace tlspolicyd;

using Choice = DnsSockets::Choice;

TEST_CASE("a question has a socket of its own as long as fewer than 32 take questions, then one by lot") {
  const auto [name, young, roomy, open, choice] = GENERATE(table<const char*, std::size_t, std::size_t, std::size_t, Choice>({
      {"the first", 0, 0, 0, Choice::open},
      {"the 32nd", 31, 31, 31, Choice::open},
      {"the 33rd", 32, 32, 32, Choice::share},
      {"many that are ending", 5, 5, 100, Choice::open},
      {"all full", 32, 0, 32, Choice::open},
      {"the last one", 32, 0, 255, Choice::open},
      {"no more may be opened", 5, 5, 256, Choice::share},
      {"nor is there room", 32, 0, 256, Choice::wait},
  }));
  CAPTURE(name);
  CHECK(DnsSockets::choose(young, roomy, open, DnsSockets::kMost) == choice);
}

TEST_CASE("messages come out of a stream as they went in, however it was cut") {
  const std::vector<std::uint8_t> first{1, 2, 3}, second(300, 7), third{9};
  std::vector<std::uint8_t> octets;
  for (const auto& message : {first, second, third}) append_framed(octets, message);
  const std::size_t cut = GENERATE(1u, 2u, 3u, 100u, 1000u);
  DnsStream stream;
  std::vector<std::vector<std::uint8_t>> seen;
  for (std::size_t at = 0; at < octets.size(); at += cut) {
    stream.add(Octets(octets).subspan(at, std::min(cut, octets.size() - at)));
    while (const auto message = stream.next()) seen.emplace_back(message->begin(), message->end());
  }
  CHECK(seen == std::vector{first, second, third});
}

TEST_CASE("a message of no octets is one, and a length alone is none yet") {
  DnsStream stream;
  const std::vector<std::uint8_t> octets{0, 0, 0, 5, 1};
  stream.add(octets);
  REQUIRE(stream.next());
  CHECK_FALSE(stream.next());
}
