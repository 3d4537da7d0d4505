#include "dns/wire/dns_codec.h"

#include "catch.h"
#include "fakes/dns_wire.h"

using namespace tlspolicyd;
using wire::Bytes;

namespace {

Octets octets(const Bytes& bytes) { return {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}; }

Bytes encoded(const DnsQuestion& question, std::uint16_t id, bool edns = true) {
  const auto query = encode_query(question, id, edns);
  REQUIRE(query);
  return Bytes(query->begin(), query->end());
}

DnsMessage decoded(const wire::Message& message) {
  const auto result = decode_message(octets(message.bytes()));
  REQUIRE(result);
  return *result;
}

const Bytes kQuestion = wire::question(wire::name("d.example"), 16);
const Bytes kOpt = wire::u8(0) + wire::u16(41) + wire::u16(1232) + wire::u32(0) + wire::u16(0);

template <typename T>
T only(const DnsMessage& message) {
  REQUIRE(message.answers.size() == 1);
  return std::get<T>(message.answers.front().rdata);
}

}  // namespace

TEST_CASE("a query has RD and AD, one question, and EDNS of 1232 octets without DO") {
  wire::Message expected{.id = 0xBEEF, .flags = 0x0120};
  expected.question = {wire::question(wire::name("_mta-sts.d.example"), 16)};
  CHECK(encoded({"_mta-sts.d.example", RrType::txt}, 0xBEEF, false) == expected.bytes());
  expected.additional = {kOpt};
  CHECK(encoded({"_mta-sts.d.example", RrType::txt}, 0xBEEF) == expected.bytes());
}

TEST_CASE("a name to ask is in presentation form") {
  const auto [name, text, expected] = GENERATE(table<const char*, const char*, Bytes>({
      {"root", "", wire::u8(0)},
      {"case is kept on the wire", "A.example", wire::name("A.example")},
      {"escaped dot", "a\\046b.example", wire::labels({"a.b", "example"})},
      {"escaped NUL", "a\\000b", wire::labels({Bytes("a\0b", 3)})},
      {"escaped 255", "\\255", wire::labels({"\xff"})},
      {"63 octets", "a23456789012345678901234567890123456789012345678901234567890123",
       wire::name("a23456789012345678901234567890123456789012345678901234567890123")},
  }));
  CAPTURE(name);
  CHECK(encoded({text, RrType::ns}, 1).substr(12, expected.size()) == expected);
}

TEST_CASE("what is no name is not asked") {
  const Bytes label(63, 'a');
  const auto [name, text] = GENERATE_COPY(table<const char*, Bytes>({
      {"final dot", "a."},
      {"empty label", "a..b"},
      {"leading dot", ".a"},
      {"NUL", Bytes("a\0b", 3)},
      {"blank", "a b"},
      {"non-ASCII", "\xc3\xa4"},
      {"escape of two digits", "a\\04"},
      {"escape of a letter", "a\\b.c"},
      {"escape beyond an octet", "\\256"},
      {"label of 64", label + "a"},
      {"256 octets", label + '.' + label + '.' + label + '.' + label},
      {"100 kB", Bytes(100'000, 'a')},
  }));
  CAPTURE(name);
  CHECK_FALSE(encode_query({text, RrType::txt}, 1, true));
}

TEST_CASE("D-09 character-strings of one record are joined with nothing between") {
  wire::Message message{.question = {kQuestion}};
  message.answer = {wire::txt("d.example", {"v=STSv1; ", "", "id=", "1;"}, 7)};
  CHECK(only<TxtRdata>(decoded(message)).text == "v=STSv1; id=1;");
  CHECK(decoded(message).answers.front().ttl == seconds(7));
}

TEST_CASE("D-09 strings of two records stay two") {
  wire::Message message{.question = {kQuestion}};
  message.answer = {wire::txt("d.example", {"v=STSv1; "}), wire::txt("d.example", {"id=1;"})};
  const DnsMessage seen = decoded(message);
  REQUIRE(seen.answers.size() == 2);
  CHECK(std::get<TxtRdata>(seen.answers[0].rdata).text == "v=STSv1; ");
  CHECK(std::get<TxtRdata>(seen.answers[1].rdata).text == "id=1;");
}

TEST_CASE("D-17 the octets of a TXT record arrive as they are") {
  const auto [name, text] = GENERATE(table<const char*, Bytes>({
      {"NUL", Bytes("v=STSv1; id=1\0;", 15)},
      {"leading double quote", "\"v=STSv1; id=1;\""},
      {"backslash and digits", "v=STSv1\\059 id=1\\"},
      {"tab, newline, DEL", "v=STSv1;\tid=1;\r\n\x7f"},
      {"non-ASCII", "v=STSv1; id=\xff\x80\xc3\xa4;"},
      {"255 octets", Bytes(255, 'x')},
      {"nothing", ""},
  }));
  CAPTURE(name);
  wire::Message message{.question = {kQuestion}};
  message.answer = {wire::txt("d.example", {text})};
  CHECK(only<TxtRdata>(decoded(message)).text == text);
}

TEST_CASE("a TXT record without any string is an empty one") {
  wire::Message message{.question = {kQuestion}};
  message.answer = {wire::record("d.example", RrType::txt, 1, "")};
  CHECK(only<TxtRdata>(decoded(message)).text.empty());
}

TEST_CASE("each type of data is read") {
  wire::Message message{.question = {kQuestion}};
  SECTION("A") {
    message.answer = {wire::address("d.example", "192.0.2.1")};
    CHECK(to_text(only<AddressRdata>(decoded(message)).address) == "192.0.2.1");
  }
  SECTION("AAAA") {
    message.answer = {wire::address("d.example", "2001:db8::1")};
    CHECK(to_text(only<AddressRdata>(decoded(message)).address) == "2001:db8::1");
  }
  SECTION("MX") {
    message.answer = {wire::mx("d.example", 300, "MX1.d.example")};
    const auto rdata = only<MxRdata>(decoded(message));
    CHECK(rdata.preference == 300);
    CHECK(rdata.host == "mx1.d.example");
  }
  SECTION("null MX") {
    message.answer = {wire::mx("d.example", 0, "")};
    CHECK(only<MxRdata>(decoded(message)).host.empty());
  }
  SECTION("TLSA") {
    message.answer = {wire::record("d.example", RrType::tlsa, 1, Bytes("\x03\x01\x02\0\xff", 5))};
    const auto rdata = only<TlsaRdata>(decoded(message));
    CHECK(rdata.usage == 3);
    CHECK(rdata.selector == 1);
    CHECK(rdata.matching_type == 2);
    CHECK(rdata.data == Bytes("\0\xff", 2));
  }
  SECTION("NS tells only that it is there") {
    message.answer = {wire::record("", RrType::ns, 1, wire::name("a.root.example"))};
    static_cast<void>(only<OtherRdata>(decoded(message)));
  }
}

TEST_CASE("names are lower case, odd octets escaped, pointers followed") {
  wire::Message message{.question = {kQuestion}};
  message.answer = {wire::record(wire::labels({"A_b", "x.y", Bytes("\0\\\xe4 ", 4)}), 5, 1,
                                 "\x03www"
                                 "\xc0\x0c")};
  const DnsMessage seen = decoded(message);
  CHECK(seen.answers.front().owner == "a_b.x\\046y.\\000\\092\\228\\032");
  CHECK(only<CnameRdata>(seen).target == "www.d.example");
  CHECK(seen.question == DnsQuestion{"d.example", RrType::txt});
}

TEST_CASE("records of other types and classes are passed over") {
  wire::Message message{.question = {kQuestion}};
  message.answer = {wire::record(wire::name("d.example"), 46, 1, "signature"),
                    wire::record(wire::name("d.example"), 16, 1,
                                 "\x03"
                                 "abc",
                                 3),
                    wire::txt("d.example", {"x"})};
  CHECK(only<TxtRdata>(decoded(message)).text == "x");
}

TEST_CASE("rcode and AD") {
  wire::Message message{.flags = wire::kResponse | wire::kAuthentic | 3, .question = {kQuestion}};
  CHECK(decoded(message).authentic);
  CHECK(decoded(message).rcode == Rcode::nxdomain);
  message.flags = wire::kResponse;
  CHECK_FALSE(decoded(message).authentic);
  CHECK(decoded(message).rcode == Rcode::noerror);
  SECTION("EDNS extends the rcode") {
    message.additional = {wire::u8(0) + wire::u16(41) + wire::u16(1232) + wire::u32(0x01000000) + wire::u16(0)};
    CHECK(name_of(decoded(message).rcode) == "error code 16");
  }
}

TEST_CASE("D-20 the negative TTL is the smaller of the SOA's TTL and MINIMUM") {
  struct Row {
    const char* name;
    std::uint32_t ttl, minimum;
    int expected;
  };
  const Row row = GENERATE(values<Row>({
      {"MINIMUM", 3600, 60, 60},
      {"TTL", 60, 3600, 60},
      {"zero", 0, 3600, 0},
      {"largest", 0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF},
      {"top bit of the TTL", 0x80000000, 60, 0},
      {"top bit of MINIMUM", 60, 0xFFFFFFFF, 0},
  }));
  CAPTURE(row.name);
  wire::Message message{.flags = wire::kResponse | 3, .question = {kQuestion}};
  message.authority = {wire::record("d.example", RrType::ns, 5, wire::name("ns.example")),
                       wire::soa("d.example", row.ttl, row.minimum)};
  CHECK(decoded(message).negative_ttl == seconds(row.expected));
}

TEST_CASE("D-20 without SOA there is no negative TTL") {
  CHECK_FALSE(decoded({.flags = wire::kResponse | 3, .question = {kQuestion}}).negative_ttl);
}

TEST_CASE("a reply has the query's id and question") {
  const Bytes query = encoded({"d.example", RrType::txt}, 0x1234);
  struct Row {
    const char* name;
    wire::Message message;
    bool expected;
  };
  const unsigned type_97 = 97, type_65 = 65;
  const Row row = GENERATE_COPY(values<Row>({
      {"plain", {.question = {kQuestion}}, true},
      {"other case", {.question = {wire::question(wire::name("D.eXample"), 16)}}, true},
      {"SERVFAIL without question", {.flags = wire::kResponse | 2}, true},
      {"other id", {.id = 0x1235, .question = {kQuestion}}, false},
      {"a query", {.flags = 0x0100, .question = {kQuestion}}, false},
      {"other opcode", {.flags = wire::kResponse | 0x2800, .question = {kQuestion}}, false},
      {"other name", {.question = {wire::question(wire::name("e.example"), 16)}}, false},
      {"longer name", {.question = {wire::question(wire::name("a.d.example"), 16)}}, false},
      {"shorter name", {.question = {wire::question(wire::name("example"), 16)}}, false},
      {"other type", {.question = {wire::question(wire::name("d.example"), 48)}}, false},
      {"other class", {.question = {wire::question(wire::name("d.example"), 16, 3)}}, false},
      {"two questions", {.question = {kQuestion, kQuestion}}, false},
      {"NOERROR without question", {}, false},
      {"NXDOMAIN without question", {.flags = wire::kResponse | 3}, false},
  }));
  CAPTURE(row.name);
  CHECK(is_reply_to(octets(query), octets(row.message.bytes())) == row.expected);
  CHECK_FALSE(is_reply_to(
      octets(encoded({"d.example", static_cast<RrType>(type_65)}, 1)),
      octets(wire::Message{.id = 1, .question = {wire::question(wire::name("d.example"), type_97)}}.bytes())));
}

TEST_CASE("X-07 no beginning of a reply is taken for it") {
  const Bytes query = encoded({"d.example", RrType::txt}, 0x1234);
  const Bytes reply = wire::Message{.question = {kQuestion}}.bytes();
  for (std::size_t size = 0; size < reply.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(is_reply_to(octets(query), octets(reply.substr(0, size))));
  }
}
