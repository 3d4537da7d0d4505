#include "fetch/fair_line.h"

#include "catch.h"

using namespace tlspolicyd;

namespace {

Network network(const char* address) { return network_of(*parse_ip(address)); }

const Network kOne = network("192.0.2.1"), kOther = network("198.51.100.1");

}  // namespace

TEST_CASE("a network is an IPv4 /24 or an IPv6 /48") {
  CHECK(network("192.0.2.1") == network("192.0.2.254"));
  CHECK(network("192.0.2.1") != network("192.0.3.1"));
  CHECK(network("2001:db8:1:2::1") == network("2001:db8:1:ffff::2"));
  CHECK(network("2001:db8:1::1") != network("2001:db8:2::1"));
  CHECK(network("0.0.0.0") != network("::"));
}

TEST_CASE("with equal claims the newest is next") {
  FairLine line;
  CHECK(line.next() == 0);
  line.join(kOne, 1);
  line.join(kOther, 2);
  line.join(kOne, 3);
  CHECK(line.next() == 3);
  line.leave(kOne, 3);
  CHECK(line.next() == 2);
  line.leave(kOther, 2);
  line.leave(kOne, 1);
  CHECK(line.empty());
}

TEST_CASE("the network that has least under way is next") {
  FairLine line;
  line.began(kOne);
  line.join(kOne, 1);
  line.join(kOther, 2);
  line.join(kOne, 3);
  CHECK(line.next() == 2);
  line.began(kOther);
  line.began(kOther);
  CHECK(line.next() == 3);
  line.ended(kOther);
  line.ended(kOther);
  CHECK(line.next() == 2);
  line.ended(kOne);
  CHECK(line.next() == 3);
}
