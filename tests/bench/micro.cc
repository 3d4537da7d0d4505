// What one question and one learned policy cost, piece by piece.
#include "bench/names.h"
#include "catch.h"
#include "dns/wire/dns_codec.h"
#include "http/http_reader.h"
#include "postfix/netstring.h"
#include "postfix/next_hop.h"
#include "postfix/policy_reply.h"
#include "postfix/socketmap.h"
#include "sts/policy.h"
#include "sts/txt_record.h"

using namespace tlspolicyd;

namespace {

const std::string kDomain = bench::Names{.first = 500}.at(0);
const std::string kQuestion = "QUERY " + kDomain;

// A query and its answer with one TXT record, the owner compressed.
std::vector<std::uint8_t> txt_answer() {
  std::vector<std::uint8_t> wire = encode_query({"_mta-sts." + kDomain, RrType::txt}, 1, false).value();
  wire[2] |= 0x80;
  wire[7] = 1;
  const std::string text = "v=STSv1; id=" + std::string(bench::kId) + ";";
  const auto size = static_cast<std::uint8_t>(text.size());
  for (const int octet : {0xC0, 12, 0, 16, 0, 1, 0, 0, 14, 16, 0, size + 1, int{size}})
    wire.push_back(static_cast<std::uint8_t>(octet));
  wire.insert(wire.end(), text.begin(), text.end());
  return wire;
}

}  // namespace

TEST_CASE("a question is read and framed") {
  std::string frame;
  append_netstring(frame, kQuestion);
  BENCHMARK("netstring: read") { return read_netstring(frame, kMaxRequest); };
  BENCHMARK("socketmap: parse") { return parse_socketmap_request(kQuestion); };
  BENCHMARK("next hop: parse") { return parse_next_hop(kDomain); };
  BENCHMARK("netstring: append") {
    std::string out;
    append_netstring(out, kQuestion);
    return out;
  };
}

TEST_CASE("replies are built") {
  const Domain domain = Domain::parse(kDomain).value();
  const Policy policy = parse_policy(bench::document(kDomain)).policy.value();
  BENCHMARK("reply: plain") { return policy_reply(domain, &policy, MapForm::plain, {}); };
  BENCHMARK("reply: tlsrpt") { return policy_reply(domain, &policy, MapForm::tlsrpt, {}); };
  BENCHMARK("reply: none") { return policy_reply(domain, nullptr, MapForm::plain, {}); };
}

TEST_CASE("DNS messages are written and read") {
  const DnsQuestion question{"_mta-sts." + kDomain, RrType::txt};
  const std::vector<std::uint8_t> answer = txt_answer();
  REQUIRE(decode_message(answer)->answers.size() == 1);
  BENCHMARK("DNS: encode query") { return encode_query(question, 1, true); };
  BENCHMARK("DNS: decode answer") { return decode_message(answer); };
}

TEST_CASE("records and documents are parsed") {
  const std::vector<std::string> records{"v=STSv1; id=" + std::string(bench::kId) + ";"};
  const std::string document = bench::document(kDomain);
  const std::string answer =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(document.size()) + "\r\n\r\n" +
      document;
  BENCHMARK("TXT: parse") { return parse_txt_rrset(records); };
  BENCHMARK("policy: parse") { return parse_policy(document); };
  BENCHMARK("HTTP: read an answer") { return HttpReader(65536).feed(answer); };
}
