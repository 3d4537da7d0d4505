// Limits in time. The server looks once a second, so each is tried a second later.
#include "rig.h"

using namespace tlspolicyd;

TEST_CASE("a connection that says nothing ends after 60 s") {
  Rig rig;
  Client client = rig.connect();
  rig.advance(seconds(59));
  CHECK_FALSE(client.is_closed());
  rig.advance(seconds(2));
  CHECK(client.is_closed());
  CHECK(rig.closed("first_octet") == 1);
}

TEST_CASE("a crowd that is late together is closed over some turns") {
  Rig rig;
  std::list<Client> crowd;
  for (int i = 0; i < 300; ++i) crowd.push_back(rig.connect());
  rig.advance(seconds(60));
  CHECK(rig.closed("first_octet") == 256);
  rig.time.advance(milliseconds(2));
  CHECK(rig.closed("first_octet") == 300);
}

TEST_CASE("rule 3 between questions there is no limit, and no timer runs") {
  Rig rig;
  Client client = rig.connect();
  rig.exchange(client, query("d.example"));
  rig.advance(seconds(1));
  CHECK(rig.time.pending_timers() == 0);
  rig.advance(seconds(86'400));
  CHECK(rig.exchange(client, query("d.example")) == ok("d.example"));
}

TEST_CASE("a question must be complete within 10 s, however it trickles in") {
  Rig rig;
  Client client = rig.connect();
  rig.exchange(client, query("d.example"));
  rig.advance(seconds(100));
  const std::string slow = query("d.example");
  for (int i = 0; i < 9; ++i) {
    client.send(slow.substr(i, 1));
    rig.advance(seconds(1));
    REQUIRE_FALSE(client.is_closed());
  }
  rig.advance(seconds(2));
  CHECK(client.is_closed());
  CHECK(rig.closed("frame") == 1);
}

TEST_CASE("a connection that breaks within a question is gone at once, not when the question is late") {
  Rig rig;
  Client client = rig.connect();
  client.send(query("d.example"));
  rig.turn();
  client.send(query("d.example").substr(0, 5));
  client.hang_up();  // with a reply unread: the kernel calls that a reset
  rig.turn();
  CHECK(rig.server->connections() == 0);
  CHECK(rig.closed("peer") + rig.closed("error") == 1);
}

TEST_CASE("the 10 s are each question's own") {
  Rig rig;
  Client client = rig.connect();
  client.send(query("a").substr(0, 3));
  for (int i = 0; i < 10; ++i) {
    rig.advance(seconds(8));
    REQUIRE(rig.exchange(client, query("a").substr(3) + query("a").substr(0, 3)) == ok("a"));
  }
  CHECK_FALSE(client.is_closed());
}

TEST_CASE("a question that is not read for lack of room is not late by that") {
  Rig rig;
  Client client = rig.connect();
  std::string all;
  for (int i = 0; i < 64; ++i) all += query("wait" + std::to_string(i));
  rig.exchange(client, all + "9:QUE");
  rig.advance(seconds(60));
  CHECK_FALSE(client.is_closed());
  rig.answers.complete("wait0");
  rig.advance(seconds(9));
  CHECK_FALSE(client.is_closed());
  rig.advance(seconds(2));
  CHECK(client.is_closed());
  CHECK(rig.closed("frame") == 1);
}

TEST_CASE("a reply that is not read ends the connection after 30 s") {
  Rig rig;
  rig.answers.table["d.example"] = "OK " + std::string(90'000, 'x');
  Client client = rig.connect();
  for (int i = 0; i < 20; ++i) client.send(query("d.example"));
  rig.turn();
  SECTION("who reads in time gets everything") {
    rig.advance(seconds(29));
    std::size_t got = 0;
    for (int i = 0; i < 50; ++i) {
      got += client.received().size();
      rig.turn();
    }
    CHECK(got == 20 * netstring(rig.answers.table["d.example"]).size());
    rig.advance(seconds(600));
    CHECK_FALSE(client.is_closed());
  }
  SECTION("who does not is closed") {
    rig.advance(seconds(29));
    CHECK(rig.server->connections() == 1);
    rig.advance(seconds(2));
    CHECK(rig.server->connections() == 0);
    CHECK(rig.closed("unread") == 1);
  }
}

TEST_CASE("rule 2 no reply comes later than 90 s: Postfix would take it for the next answer") {
  Rig rig;
  Client client = rig.connect();
  rig.exchange(client, query("wait"));
  rig.advance(seconds(89));
  CHECK_FALSE(client.is_closed());
  rig.advance(seconds(2));
  CHECK(client.is_closed());
  CHECK(client.received() == "");
  CHECK(rig.answers.waiting() == 0);
  CHECK(rig.closed("late") == 1);
}

TEST_CASE("one connection's limit is not another's") {
  Rig rig;
  Client mute = rig.connect(), talking = rig.connect();
  rig.exchange(talking, query("d.example"));
  rig.advance(seconds(61));
  CHECK(mute.is_closed());
  CHECK(rig.exchange(talking, query("d.example")) == ok("d.example"));
}
