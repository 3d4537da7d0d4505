// What a hostile name server, or somebody on the way, can put into a message.
#include <chrono>
#include <random>

#include "catch.h"
#include "fakes/dns_wire.h"
#include "dns/wire/dns_codec.h"

using namespace tlspolicyd;
using wire::Bytes;

namespace {

const Bytes kName = wire::name("d.example");
const Bytes kTxtQuestion = wire::question(kName, 16);

Result<DnsMessage> decode(const Bytes& bytes) {
  // A copy of exactly its size, so that a sanitizer sees each octet read too many.
  const std::vector<std::uint8_t> exact(bytes.begin(), bytes.end());
  return decode_message(exact);
}

Bytes with_answer(const Bytes& answer) { return wire::Message{.question = {kTxtQuestion}, .answer = {answer}}.bytes(); }

Bytes pointer(std::size_t target) { return wire::u16(static_cast<unsigned>(0xC000 | target)); }

// Where the first answer's octets begin.
const std::size_t kAnswerAt = 12 + kTxtQuestion.size();

Bytes good_message() {
  wire::Message message{.question = {kTxtQuestion}};
  message.answer = {wire::cname("d.example", "e.example"), wire::txt("e.example", {"v=STSv1; ", "id=1;"}),
                    wire::mx("e.example", 10, "mx.example"), wire::address("e.example", "192.0.2.1"),
                    wire::record(pointer(12), 28, 1, Bytes(16, 'a'))};
  message.authority = {wire::soa("example", 60, 60)};
  message.additional = {wire::u8(0) + wire::u16(41) + wire::u16(1232) + wire::u32(0) + wire::u16(0)};
  return message.bytes();
}

}  // namespace

TEST_CASE("X-07 names that cannot be read make a message malformed") {
  const Bytes rest = wire::u16(16) + wire::u16(1) + wire::u32(1) + wire::u16(0);
  const auto [name, owner] = GENERATE_COPY(table<const char*, Bytes>({
      {"pointer to itself", pointer(kAnswerAt)},
      {"pointers in a circle", pointer(kAnswerAt + 2) + pointer(kAnswerAt)},
      {"label and pointer back to it",
       "\x01"
       "a" +
           pointer(kAnswerAt)},
      {"pointer behind the message", pointer(0x3FFF)},
      {"pointer to the start", pointer(0)},
      {"label type 01",
       "\x41"
       "a" +
           Bytes(1, '\0')},
      {"label type 10",
       "\x81"
       "a" +
           Bytes(1, '\0')},
      {"label longer than the message",
       "\x3f"
       "a"},
      {"name of 256 octets", wire::labels(std::vector<std::string>(127, "a")).substr(0, 254) + wire::name("b")},
      {"name of 500 labels", wire::labels(std::vector<std::string>(500, "a"))},
  }));
  CAPTURE(name);
  CHECK_FALSE(decode(with_answer(owner + rest)));
}

TEST_CASE("X-07 a pointer in the last octet is not followed past the end") {
  CHECK_FALSE(decode(with_answer("\xc0")));
  CHECK_FALSE(
      decode(with_answer("\x01"
                         "a\xc0")));
}

TEST_CASE("X-07 data that does not have its type's form makes a message malformed") {
  const auto [name, type, rdata] = GENERATE(table<const char*, RrType, Bytes>({
      {"A of 3 octets", RrType::a, "abc"},
      {"A of 5 octets", RrType::a, "abcde"},
      {"A of nothing", RrType::a, ""},
      {"AAAA of 15 octets", RrType::aaaa, Bytes(15, 'a')},
      {"AAAA of 17 octets", RrType::aaaa, Bytes(17, 'a')},
      {"MX without host", RrType::mx, "ab"},
      {"MX of one octet", RrType::mx, "a"},
      {"MX with more", RrType::mx, "ab" + wire::name("mx") + "x"},
      {"MX whose host leaves the data", RrType::mx, "ab\x05mx"},
      {"CNAME of nothing", RrType::cname, ""},
      {"CNAME with more", RrType::cname, wire::name("a") + "x"},
      {"TXT string longer than the data", RrType::txt,
       "\x05"
       "abc"},
      {"TXT second string longer", RrType::txt,
       "\x01"
       "a\x01"},
      {"TLSA of 2 octets", RrType::tlsa, "ab"},
  }));
  CAPTURE(name);
  // More records behind it, so that what is missing is there to be taken by mistake.
  wire::Message message{.question = {kTxtQuestion}};
  message.answer = {wire::record("d.example", type, 1, rdata), wire::txt("d.example", {"xxxxxxxxxxxxxxxxxxxxxxx"})};
  CHECK_FALSE(decode(message.bytes()));
}

TEST_CASE("X-07 a SOA that is too short or too long makes a message malformed") {
  const Bytes names = wire::name("ns") + wire::name("admin");
  const std::size_t numbers = GENERATE(0, 4, 19, 21);
  wire::Message message{.flags = wire::kResponse | 3, .question = {kTxtQuestion}};
  message.authority = {wire::record("d.example", RrType::soa, 1, names + Bytes(numbers, 'a'))};
  CHECK_FALSE(decode(message.bytes()));
}

TEST_CASE("X-07 each beginning of a message is malformed") {
  const Bytes good = good_message();
  REQUIRE(decode(good));
  for (std::size_t size = 0; size < good.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode(good.substr(0, size)));
  }
}

TEST_CASE("octets behind the last record are ignored") { CHECK(decode(good_message() + "x")); }

TEST_CASE("X-07 counts that promise more than is there make a message malformed") {
  const std::size_t count_at = GENERATE(4, 6, 8, 10);
  const unsigned count = GENERATE(8, 400, 0xFFFF);
  Bytes message = good_message();
  message.replace(count_at, 2, wire::u16(count));
  CHECK_FALSE(decode(message));
}

TEST_CASE("X-07 a message of another class's question is malformed") {
  CHECK_FALSE(decode(wire::Message{.question = {wire::question(kName, 16, 3)}}.bytes()));
}

TEST_CASE("X-07 500 records are read, 501 are not") {
  wire::Message message{.question = {kTxtQuestion}};
  message.answer.assign(500, wire::txt("d.example", {"x"}));
  CHECK(decode(message.bytes())->answers.size() == 500);
  message.answer.push_back(message.answer.front());
  CHECK_FALSE(decode(message.bytes()));
}

TEST_CASE("X-07 60 kB of empty or tiny strings cost no more than their size") {
  const auto [string, text_size] = GENERATE(table<Bytes, std::size_t>({{Bytes(1, '\0'), 0},
                                                                       {"\x01"
                                                                        "a",
                                                                        30'000}}));
  Bytes rdata;
  while (rdata.size() < 60'000) rdata += string;
  const auto message = decode(with_answer(wire::record("d.example", RrType::txt, 1, rdata)));
  REQUIRE(message);
  const auto& text = std::get<TxtRdata>(message->answers.at(0).rdata).text;
  CHECK(text.size() == text_size);
  CHECK(text.capacity() < 200'000);
}

TEST_CASE("X-07 the longest walks through pointers end soon") {
  // 8000 pointers, each to the next, and 480 records whose names walk through all of them.
  const std::size_t first = kAnswerAt + 10 + 2;
  Bytes walk;
  for (std::size_t i = 0; i < 8000; ++i) walk += pointer(std::min<std::size_t>(first + 2 * (i + 1), 0x3FFF));
  walk.replace(walk.size() - 2, 2, wire::name("a").substr(0, 2));
  walk += wire::u8(0);
  wire::Message message{.question = {kTxtQuestion}};
  message.answer = {wire::record(pointer(12), 99, 1, walk)};
  message.answer.resize(481, wire::record(pointer(first), 5, 1, pointer(first)));
  const auto began = std::chrono::steady_clock::now();
  static_cast<void>(decode(message.bytes()));
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(2));
}

TEST_CASE("X-07 60 kB of noise are malformed and nothing else happens") {
  std::mt19937 random(20260101);
  for (int round = 0; round < 20; ++round) {
    Bytes noise(60'000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    noise.replace(4, 8, wire::u16(1) + wire::u16(100) + wire::u16(100) + wire::u16(100));
    CHECK_FALSE(decode(noise));
  }
}

TEST_CASE("X-07 damaged messages never crash the codec") {
  std::mt19937 random(20260102);
  const Bytes good = good_message();
  std::size_t read = 0;
  for (int round = 0; round < 20'000; ++round) {
    Bytes damaged = good;
    for (unsigned hits = 1 + random() % 4; hits > 0; --hits)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    if (random() % 4 == 0) damaged.resize(random() % damaged.size());
    if (const auto message = decode(damaged)) read += message->answers.size() + 1;
  }
  CHECK(read > 0);
}
