#include "dns/dns_chain.h"

#include "catch.h"

using namespace tlspolicyd;

namespace {

DnsRecord txt(std::string owner, std::string text, int ttl = 300) {
  return {std::move(owner), RrType::txt, seconds(ttl), TxtRdata{std::move(text)}};
}
DnsRecord cname(std::string owner, std::string target, int ttl = 300) {
  return {std::move(owner), RrType::cname, seconds(ttl), CnameRdata{std::move(target)}};
}

struct Reply {
  std::vector<DnsRecord> answers;
  Rcode rcode = Rcode::noerror;
  bool authentic = true;
  std::optional<seconds> negative_ttl;
};

DnsChain::Next give(DnsChain& chain, Reply reply) {
  DnsMessage message{.rcode = reply.rcode,
                     .authentic = reply.authentic,
                     .question = chain.question(),
                     .answers = std::move(reply.answers),
                     .negative_ttl = reply.negative_ttl};
  return chain.take(message);
}

std::string text_of(const DnsAnswer& answer) {
  std::string out;
  for (const auto& rdata : records_of<TxtRdata>(answer)) out += '[' + rdata.text + ']';
  return out;
}

const DnsQuestion kAsked{"t.example", RrType::txt};

}  // namespace

TEST_CASE("the records of the asked name and type are the answer, TTL the smallest") {
  DnsChain chain(kAsked);
  REQUIRE(give(chain, {{txt("t.example", "a", 60),
                        txt("other.example", "x", 1),
                        txt("t.example", "b", 50),
                        {"t.example", RrType::mx, seconds(1), MxRdata{}}}}) == DnsChain::Next::finished);
  CHECK(chain.answer().status == DnsStatus::found);
  CHECK(text_of(chain.answer()) == "[a][b]");
  CHECK(chain.answer().ttl == seconds(50));
  CHECK(chain.answer().authentic);
}

TEST_CASE("D-10 a chain of CNAMEs within one message is followed, in any order of records") {
  DnsChain chain(kAsked);
  REQUIRE(give(chain, {{txt("c.example", "x"), cname("b.example", "c.example", 20),
                        cname("t.example", "b.example")}}) == DnsChain::Next::finished);
  CHECK(text_of(chain.answer()) == "[x]");
  CHECK(chain.answer().chain == std::vector<std::string>{"b.example", "c.example"});
  CHECK(chain.answer().ttl == seconds(20));
}

TEST_CASE("D-10 where a chain leaves the message, its end is asked; AD counts only if all have it") {
  const auto [first, second] = GENERATE(table<bool, bool>({{true, true}, {true, false}, {false, true}}));
  DnsChain chain(kAsked);
  REQUIRE(give(chain, {.answers = {cname("t.example", "b.other", 10)}, .authentic = first}) == DnsChain::Next::ask);
  CHECK(chain.question() == DnsQuestion{"b.other", RrType::txt});
  REQUIRE(give(chain, {.answers = {txt("b.other", "x", 99)}, .authentic = second}) == DnsChain::Next::finished);
  CHECK(chain.answer().authentic == (first && second));
  CHECK(chain.answer().ttl == seconds(10));
}

TEST_CASE("D-10 CNAMEs in a circle are a CNAME loop") {
  const auto [name, records] = GENERATE(table<const char*, std::vector<DnsRecord>>({
      {"to itself", {cname("t.example", "t.example")}},
      {"two", {cname("t.example", "b.example"), cname("b.example", "t.example")}},
      {"behind a step",
       {cname("t.example", "b.example"), cname("b.example", "c.example"), cname("c.example", "b.example")}},
  }));
  CAPTURE(name);
  DnsChain chain(kAsked);
  REQUIRE(give(chain, {records}) == DnsChain::Next::finished);
  CHECK(chain.answer().status == DnsStatus::cname_loop);
  CHECK(chain.answer().detail.find("CNAME loop at") == 0);
  CHECK(chain.answer().failed());
  CHECK(chain.answer().ttl == seconds(0));
  CHECK_FALSE(chain.answer().authentic);
}

TEST_CASE("D-10 a circle over several messages is a CNAME loop") {
  DnsChain chain(kAsked);
  REQUIRE(give(chain, {{cname("t.example", "b.example")}}) == DnsChain::Next::ask);
  REQUIRE(give(chain, {{cname("b.example", "t.example")}}) == DnsChain::Next::finished);
  CHECK(chain.answer().status == DnsStatus::cname_loop);
}

TEST_CASE("D-10 eight CNAMEs are followed, nine are not") {
  const int steps = GENERATE(8, 9);
  const bool one_message = GENERATE(true, false);
  DnsChain chain(kAsked);
  std::vector<DnsRecord> records;
  std::string at = "t.example";
  auto next = DnsChain::Next::ask;
  for (int i = 1; i <= steps; ++i) {
    const std::string target = "n" + std::to_string(i) + ".example";
    records.push_back(cname(at, target));
    at = target;
    if (one_message) continue;
    next = give(chain, {std::move(records)});
    records.clear();
    if (next == DnsChain::Next::finished) break;
  }
  records.push_back(txt(at, "x"));
  if (next == DnsChain::Next::ask) next = give(chain, {std::move(records)});
  REQUIRE(next == DnsChain::Next::finished);
  CHECK(chain.answer().status == (steps == 8 ? DnsStatus::found : DnsStatus::cname_loop));
  CHECK(chain.answer().chain.size() == 8);
}

TEST_CASE("a CNAME that is asked for is the answer itself") {
  DnsChain chain({"t.example", RrType::cname});
  REQUIRE(give(chain, {{cname("t.example", "b.example")}}) == DnsChain::Next::finished);
  CHECK(chain.answer().status == DnsStatus::found);
  CHECK(chain.answer().chain.empty());
  CHECK(records_of<CnameRdata>(chain.answer()).at(0).target == "b.example");
}

TEST_CASE("D-20 denials carry the negative TTL, cut by the TTLs of the chain, 0 without SOA") {
  struct Row {
    const char* name;
    std::vector<DnsRecord> answers;
    Rcode rcode;
    std::optional<seconds> negative_ttl;
    DnsStatus status;
    int ttl;
  };
  const Row row = GENERATE(values<Row>({
      {"NXDOMAIN", {}, Rcode::nxdomain, seconds(60), DnsStatus::no_name, 60},
      {"no data", {}, Rcode::noerror, seconds(61), DnsStatus::no_data, 61},
      {"NXDOMAIN without SOA", {}, Rcode::nxdomain, {}, DnsStatus::no_name, 0},
      {"no data without SOA", {}, Rcode::noerror, {}, DnsStatus::no_data, 0},
      {"records of others only", {txt("x.example", "x", 5)}, Rcode::noerror, seconds(60), DnsStatus::no_data, 60},
      {"NXDOMAIN behind a CNAME",
       {cname("t.example", "b.example", 5)},
       Rcode::nxdomain,
       seconds(60),
       DnsStatus::no_name,
       5},
      {"no data behind a CNAME",
       {cname("t.example", "b.example", 90)},
       Rcode::noerror,
       seconds(60),
       DnsStatus::no_data,
       60},
  }));
  CAPTURE(row.name);
  DnsChain chain(kAsked);
  REQUIRE(give(chain, {row.answers, row.rcode, true, row.negative_ttl}) == DnsChain::Next::finished);
  CHECK(chain.answer().status == row.status);
  CHECK(chain.answer().ttl == seconds(row.ttl));
}

TEST_CASE("NXDOMAIN together with records of the asked type is not used") {
  DnsChain chain(kAsked);
  CHECK(give(chain, {.answers = {txt("t.example", "x")}, .rcode = Rcode::nxdomain}) == DnsChain::Next::contradiction);
  CHECK(chain.question() == kAsked);
  CHECK(give(chain, {.answers = {txt("t.example", "x")}}) == DnsChain::Next::finished);
}
