#include "rig.h"

using namespace tlspolicyd;

TEST_CASE("rule 1 one reply for one question, and not an octet more") {
  Rig rig;
  Client client = rig.connect();
  CHECK(rig.exchange(client, query("d.example")) == "18:OK QUERY d.example,");
  CHECK(rig.exchange(client, "") == "");
  CHECK_FALSE(client.is_closed());
}

TEST_CASE("rule 1 questions split at every octet boundary are answered alike") {
  Rig rig;
  Client client = rig.connect();
  const std::string two = query("a.example") + query("b.example");
  for (std::size_t cut = 0; cut <= two.size(); ++cut) {
    CAPTURE(cut);
    const std::string first = rig.exchange(client, two.substr(0, cut));
    REQUIRE(first + rig.exchange(client, two.substr(cut)) == ok("a.example") + ok("b.example"));
  }
}

TEST_CASE("rule 1 a question that comes octet by octet") {
  Rig rig;
  Client client = rig.connect();
  const std::string question = query("d.example");
  for (const char octet : question.substr(0, question.size() - 1))
    REQUIRE(rig.exchange(client, std::string(1, octet)) == "");
  CHECK(rig.exchange(client, ",") == ok("d.example"));
}

TEST_CASE("rule 1 a key of 20 kB is legal, and so is one that fills the bound") {
  const std::size_t size = GENERATE(20'000u, kMaxRequest - 6);
  Rig rig;
  Client client = rig.connect();
  const std::string key(size, 'k');
  CHECK(rig.exchange(client, query(key)) == ok(key));
}

TEST_CASE("S-08 keys reach their judge octet by octet, and the connection is kept") {
  const auto [name, key] = GENERATE(table<const char*, std::string>({
      {"empty", ""},
      {"star", "*"},
      {"blanks", " a  b "},
      {"path", "/var/run/lmtp"},
      {"NUL", std::string("a\0b", 3)},
      {"control characters", "a\r\n\x1b"},
      {"not UTF-8", "\xff.example"},
      {"looks like a frame", "3:a b,"},
  }));
  CAPTURE(name);
  Rig rig;
  Client client = rig.connect();
  CHECK(rig.exchange(client, query(key)) == ok(key));
  CHECK_FALSE(client.is_closed());
}

TEST_CASE("S-09 the map name arrives as sent") {
  Rig rig;
  Client client = rig.connect();
  CHECK(rig.exchange(client, netstring("QUERYwithTLSRPT d.example")) == netstring("OK QUERYwithTLSRPT d.example"));
  CHECK(rig.exchange(client, netstring("Other d.example")) == netstring("OK Other d.example"));
}

TEST_CASE("S-09 a malformed question closes its connection, at once, and no other") {
  const auto [name, octets] = GENERATE(table<const char*, std::string>({
      {"no length", ":QUERY d.example,"},
      {"HTTP", "GET / HTTP/1.1\r\n"},
      {"TLS", "\x16\x03\x01\x02"},
      {"NUL", std::string("\0", 1)},
      {"sign", "-1:"},
      {"blank", " 15:QUERY d.example,"},
      {"line break after a frame", "\n"},
      {"eleven digits", "00000000015"},
      {"length over the bound", "32769"},
      {"enormous length", "999999999"},
      {"no comma", "15:QUERY d.example\n"},
      {"length too short", "4:QUERY d.example,"},
      {"payload without a blank", "5:QUERY,"},
      {"empty payload", "0:,"},
  }));
  CAPTURE(name);
  Rig rig;
  Client client = rig.connect(), other = rig.connect();
  REQUIRE(rig.exchange(client, query("d.example")) == ok("d.example"));
  CHECK(rig.exchange(client, octets) == "");
  CHECK(client.is_closed());
  CHECK(rig.closed("malformed") == 1);
  CHECK(rig.log.count(LogLevel::warning, "reason=malformed") == 1);
  CHECK(rig.exchange(other, query("d.example")) == ok("d.example"));
}

TEST_CASE("S-09 what was asked before the malformed question is still answered, nothing after") {
  Rig rig;
  Client client = rig.connect();
  CHECK(rig.exchange(client, query("a") + query("wait") + "x" + query("b")) == ok("a"));
  CHECK_FALSE(client.is_closed());
  CHECK(rig.exchange(client, query("c")) == "");
  rig.answers.complete("wait");
  rig.turn();
  CHECK(client.received() == netstring("OK wait"));
  CHECK(client.is_closed());
  CHECK(rig.metrics.value("requests", "socketmap") == 2);
}

TEST_CASE("S-09 malformed questions cost a peer one log line a minute, however many") {
  Rig rig;
  for (int i = 0; i < 50; ++i) {
    Client client = rig.connect();
    rig.exchange(client, "junk");
  }
  CHECK(rig.closed("malformed") == 50);
  CHECK(rig.log.count(LogLevel::warning, "malformed") == 1);
  rig.advance(seconds(60));
  Client client = rig.connect();
  rig.exchange(client, "junk");
  CHECK(rig.log.count(LogLevel::warning, "malformed") == 2);
}
