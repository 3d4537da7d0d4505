#include <malloc.h>

#include "rig.h"

using namespace tlspolicyd;

TEST_CASE("rule 1 joined questions are answered in order, in one piece") {
  Rig rig;
  Client client = rig.connect();
  CHECK(rig.exchange(client, query("a.example") + query("b.example") + query("c.example")) ==
        ok("a.example") + ok("b.example") + ok("c.example"));
}

TEST_CASE("rule 1 answers that come out of order are sent in order") {
  Rig rig;
  Client client = rig.connect();
  CHECK(rig.exchange(client, query("wait1") + query("wait2") + query("now") + query("wait3")) == "");
  rig.answers.complete("wait3");
  rig.answers.complete("wait2");
  rig.turn();
  CHECK(client.received() == "");
  rig.answers.complete("wait1");
  rig.turn();
  CHECK(client.received() == netstring("OK wait1") + netstring("OK wait2") + ok("now") + netstring("OK wait3"));
}

TEST_CASE("an answer that is known waits behind one that is not, on its own connection only") {
  Rig rig;
  Client one = rig.connect(), other = rig.connect();
  CHECK(rig.exchange(one, query("wait") + query("now")) == "");
  CHECK(rig.exchange(other, query("now")) == ok("now"));
  rig.answers.complete("wait");
  rig.turn();
  CHECK(one.received() == netstring("OK wait") + ok("now"));
}

TEST_CASE("at most 64 questions of a connection are pending; beyond, it is not read") {
  Rig rig;
  Client client = rig.connect();
  std::string all;
  for (int i = 0; i < 100; ++i) all += query("wait" + std::to_string(i));
  CHECK(rig.exchange(client, all) == "");
  CHECK(rig.answers.waiting() == 64);
  rig.answers.complete("wait1");  // not the first: nothing can be sent yet
  rig.turn();
  CHECK(rig.answers.waiting() == 63);
  rig.answers.complete("wait0");
  rig.turn();
  CHECK(client.received() == netstring("OK wait0") + netstring("OK wait1"));
  CHECK(rig.answers.waiting() == 64);
  std::string expected;
  for (int i = 2; i < 100; ++i) {
    rig.answers.complete("wait" + std::to_string(i));
    rig.turn();
    expected += netstring("OK wait" + std::to_string(i));
  }
  CHECK(client.received() == expected);
}

TEST_CASE("known answers behind an unknown one count as pending too") {
  Rig rig;
  Client client = rig.connect();
  std::string all = query("wait"), expected = netstring("OK wait");
  for (int i = 0; i < 200; ++i) {
    all += query(std::to_string(i));
    expected += ok(std::to_string(i));
  }
  CHECK(rig.exchange(client, all) == "");
  CHECK(rig.metrics.value("requests", "socketmap") == 64);
  rig.answers.complete("wait");
  rig.turn();
  CHECK(client.received() == expected);
}

TEST_CASE("who asks much at once is answered in shares, and who asks one question between them") {
  Rig rig;
  std::vector<Client> heavy;
  std::string many;
  for (int i = 0; i < 500; ++i) many += query("heavy.example");
  for (int i = 0; i < 200; ++i) heavy.push_back(rig.connect());
  Client light = rig.connect();
  for (Client& client : heavy) client.send(many);
  rig.turn(1);
  const std::size_t before = rig.answers.answered;
  CHECK(before < 100'000);
  light.send(query("light.example"));
  for (int turns = 0; rig.answers.light_after == 0 && turns < 100; ++turns) rig.turn(1);
  CHECK(rig.answers.light_after - before < 20'000);  // all shares, and what the backlog does in a few turns
  for (int turns = 0; rig.answers.answered < 100'001 && turns < 10'000; ++turns) rig.turn(1);
  for (Client& client : heavy) {
    std::string expected;
    for (int i = 0; i < 500; ++i) expected += ok("heavy.example");
    REQUIRE(client.received() == expected);
  }
}

TEST_CASE("100000 questions at once are all answered in order, in bounded memory") {
  Rig rig;
  rig.answers.table["d.example"] = "OK " + std::string(300, 'x');
  Client client = rig.connect();
  const std::string question = query("d.example");
  const std::string reply = netstring(rig.answers.table["d.example"]);
  std::string all;
  for (int i = 0; i < 100'000; ++i) all += question;
  const auto before = mallinfo2().uordblks;
  std::size_t sent = 0, received = 0;
  bool right = true;
  while (received < 100'000 * reply.size() && right) {
    sent += client.send(std::string_view(all).substr(sent));
    rig.turn();
    REQUIRE(mallinfo2().uordblks < before + 2'000'000);
    const std::string got = client.received();
    REQUIRE_FALSE(got.empty());
    for (std::size_t i = 0; i < got.size(); ++i) right &= got[i] == reply[(received + i) % reply.size()];
    received += got.size();
  }
  CHECK(right);
  CHECK(received == 100'000 * reply.size());
  CHECK_FALSE(client.is_closed());
}

TEST_CASE("who asks and does not read is not read from any longer") {
  Rig rig;
  rig.answers.table["d.example"] = "OK " + std::string(90'000, 'x');
  Client client = rig.connect();
  std::string all;
  for (int i = 0; i < 50'000; ++i) all += query("d.example");
  const auto before = mallinfo2().uordblks;
  std::size_t sent = 0;
  for (std::size_t taken = 1; taken > 0; sent += taken) {
    taken = client.send(std::string_view(all).substr(sent));
    rig.turn();
  }
  CHECK(sent < all.size());
  CHECK(rig.metrics.value("requests", "socketmap") < 20);
  CHECK(mallinfo2().uordblks < before + 2'000'000);
  CHECK_FALSE(client.received().empty());
}

TEST_CASE("a half-closed connection still gets what it asked for, then the end") {
  Rig rig;
  Client client = rig.connect();
  client.send(query("now") + query("wait") + "5:QUE");
  client.shut_down_sending();
  rig.turn();
  CHECK(client.received() == ok("now"));
  CHECK_FALSE(client.is_closed());
  rig.answers.complete("wait");
  rig.turn();
  CHECK(client.received() == netstring("OK wait"));
  CHECK(client.is_closed());
  CHECK(rig.closed("peer") == 1);
}

TEST_CASE("who hangs up is no longer worked for") {
  Rig rig;
  Client client = rig.connect();
  rig.exchange(client, query("wait1") + query("wait2"));
  REQUIRE(rig.answers.waiting() == 2);
  client.hang_up();
  rig.turn();
  CHECK(rig.answers.waiting() == 0);
  CHECK(rig.answers.cancelled == 2);
  CHECK(rig.server->connections() == 0);
  CHECK(rig.closed("peer") == 1);
}

TEST_CASE("the end of the server is the end of its questions") {
  Rig rig;
  Client client = rig.connect();
  rig.exchange(client, query("wait"));
  rig.server.reset();
  CHECK(rig.answers.waiting() == 0);
  CHECK(client.is_closed());
}

TEST_CASE("replies are counted by their result") {
  Rig rig;
  rig.answers.table["s"] = "OK secure match=a servername=hostname";
  rig.answers.table["n"] = "NOTFOUND ";
  Client client = rig.connect();
  rig.exchange(client, query("s") + query("n") + query("n") + query("wait"));
  rig.answers.complete("wait", "TEMP later");
  CHECK(rig.metrics.value("reply", "secure") == 1);
  CHECK(rig.metrics.value("reply", "notfound") == 2);
  CHECK(rig.metrics.value("reply", "temp") == 1);
  CHECK(rig.metrics.value("requests", "socketmap") == 4);
  CHECK(rig.metrics.value("connections", "accepted") == 1);
}

TEST_CASE("replies that stand behind one that waits are bounded in octets, and none is lost") {
  Rig rig;
  Client client = rig.connect();
  const std::string big = "OK " + std::string(90'000, 'x');
  rig.answers.table["big"] = big;
  std::string all = query("wait");
  for (int i = 0; i < 63; ++i) all += query("big");
  rig.exchange(client, all);
  CHECK(rig.metrics.value("requests", "socketmap") <= 1 + PendingQuestions::kMaxOctets / big.size() + 1);
  rig.answers.complete("wait");
  std::string received, part;
  while (!(part = rig.exchange(client, "")).empty()) received += part;
  std::string wanted = netstring("OK wait");
  for (int i = 0; i < 63; ++i) wanted += netstring(big);
  CHECK((received == wanted));
}

TEST_CASE("a reply for which there was no room is made anew when its turn comes") {
  Rig rig;
  Client client = rig.connect();
  std::string all;
  for (int i = 0; i < 6; ++i) all += query("wait" + std::to_string(i));
  rig.exchange(client, all);
  const std::string big = "OK " + std::string(90'000, 'x');
  for (int i = 5; i > 0; --i) rig.answers.complete("wait" + std::to_string(i), big);
  rig.answers.complete("wait0");
  std::string received, part;
  while (!(part = rig.exchange(client, "")).empty()) received += part;
  std::string wanted = netstring("OK wait0");
  for (int i = 1; i < 6; ++i) wanted += netstring(i > 3 ? big : "OK so far of QUERY wait" + std::to_string(i));
  CHECK((received == wanted));
}
