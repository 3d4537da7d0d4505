// Conformance rows C, Q-04 and X: what stays, what goes, and for how long.
#include <algorithm>

#include "catch.h"
#include "world.h"

using namespace tlspolicyd;

TEST_CASE("C-01 C-07 a policy applies through its last second, then not even as stale") {
  World world;
  world.publish("d.example", "a", document("enforce", "mx1.d.example", 100s), 3600s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  world.advance(100s);
  CHECK(world.ask("d.example") == kSecure);
  world.advance(1s);
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("C-02 C-16 first contact stores the policy") {
  World world;
  world.publish("d.example", "a", kEnforce);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.store->rows.size() == 1);
}

TEST_CASE("C-03 X-04 a policy is kept for all its max_age, up to a year") {
  World world;
  world.publish("d.example", "a", document("enforce", "mx1.d.example", 31557600s));
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  world.advance(364 * 86400s);
  CHECK(world.ask("d.example") == kSecure);
  world.advance(31557600s - 364 * 86400s);
  CHECK(world.ask("d.example") == kSecure);
  world.advance(1s);
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("C-04 C-14 X-02 a new id brings the new policy after the TXT TTL") {
  World world;
  world.publish("d.example", "a", kEnforce, 120s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.publish("d.example", "b", document("enforce", "mx2.d.example", 604800s), 120s);
  world.advance(120s);
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.fetches("d.example") == 1);
  world.advance(1s);
  CHECK(world.ask("d.example") == kSecure);  // answered from the cache, starts the re-read
  CHECK(world.ask("d.example") == "OK secure match=mx2.d.example servername=hostname");
  CHECK(world.entry("d.example")->held->id == "b");
}

TEST_CASE("C-05 a new id whose fetch failed is fetched again after the back-off") {
  World world;
  world.publish("d.example", "a", kEnforce, 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.set_id("d.example", "b", 60s);
  world.https.fail("mta-sts.d.example", FetchFault::refused);
  world.advance(61s);
  world.ask("d.example");
  CHECK(world.entry("d.example")->held->id == "a");
  world.https.serve("mta-sts.d.example", document("enforce", "mx2.d.example", 604800s));
  world.advance(301s);
  world.ask("d.example");
  CHECK(world.ask("d.example") == "OK secure match=mx2.d.example servername=hostname");
}

TEST_CASE("C-06 the id stored is the one read before the fetch") {
  World world;
  world.publish("d.example", "a", kEnforce, 60s);
  world.https.hold("mta-sts.d.example");
  CHECK(world.ask("d.example") == kNoReply);
  world.set_id("d.example", "b", 60s);
  world.https.release("mta-sts.d.example");
  world.settle();
  CHECK(world.entry("d.example")->held->id == "a");
  world.advance(61s);
  world.ask("d.example");
  CHECK(world.entry("d.example")->held->id == "b");
}

TEST_CASE("C-10 R-07 mode none is cached and honoured, not fetched again") {
  World world;
  world.publish("d.example", "a", kNone, 60s);
  CHECK(world.ask("d.example") == kNothing);
  world.advance(61s);
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.fetches("d.example") == 1);
  CHECK(world.store->rows.size() == 1);
}

TEST_CASE("C-11 C-12 a fetched none ends enforcement, an absent TXT does not") {
  World world;
  world.publish("d.example", "a", kEnforce, 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.publish("d.example", "b", kNone, 60s);
  world.advance(61s);
  world.ask("d.example");
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("C-09 Q-02 testing never comes back with a level that authenticates") {
  World world;
  world.publish("d.example", "a", kTesting);
  CHECK(world.ask("d.example") == kNothing);
  CHECK(world.ask("d.example", "QUERYwithTLSRPT") == kNothing);
}

TEST_CASE("C-13 max_age 0 applies for the instant and replaces what was there") {
  World world;
  world.publish("d.example", "a", kEnforce, 60s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.publish("d.example", "b", document("enforce", "mx2.d.example", 0s), 60s);
  world.advance(61s);
  world.ask("d.example");
  CHECK(world.ask("d.example") == "OK secure match=mx2.d.example servername=hostname");
  world.go_dark("d.example");
  world.advance(1s);
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("C-15 a flood of names without policy evicts no live enforce policy") {
  World world;
  world.bounds.max_entries = 10;
  world.restart();
  for (int i = 0; i < 5; ++i) world.publish("d" + std::to_string(i) + ".example", "a", kEnforce);
  for (int i = 0; i < 5; ++i) REQUIRE(world.ask("d" + std::to_string(i) + ".example") == kSecure);
  for (int i = 0; i < 100; ++i) world.ask("none" + std::to_string(i) + ".example");
  for (int i = 0; i < 5; ++i) CHECK(world.entry("d" + std::to_string(i) + ".example") != nullptr);
  CHECK(world.process->cache.census().entries <= 10);
}

TEST_CASE("C-15 a policy that memory has no room for is read from the store, also after a restart") {
  World world;
  world.bounds.max_entries = 10;
  world.restart();
  const auto name = [](int i) { return "d" + std::to_string(i) + ".example"; };
  for (int i = 0; i < 40; ++i) {
    world.publish(name(i), "a", kEnforce);
    REQUIRE(world.ask(name(i)) == kSecure);
    world.go_dark(name(i));
  }
  world.advance(1s);
  CHECK(world.store->rows.size() == 40);
  for (int i = 0; i < 40; ++i) CHECK(world.ask(name(i)) == kSecure);
  world.restart();
  world.settle();
  REQUIRE(world.process->shadow.loaded());
  CHECK(world.process->cache.census().entries == 10);
  for (int i = 0; i < 40; ++i) CHECK(world.ask(name(i)) == kSecure);
  CHECK(world.store->rows.size() == 40);
  CHECK(world.process->service.purge_all() == 40);
  world.advance(1s);
  CHECK(world.store->rows.empty());
  CHECK(world.ask_and_wait(name(0)) != kSecure);
}

TEST_CASE("C-16 X-01 the policy outlives the process, dark hosts or not") {
  World world;
  const bool kill = GENERATE(false, true);
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  world.restart(kill);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("C-16 a name not loaded yet is answered from a point read, not from ignorance") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  world.restart();
  REQUIRE_FALSE(world.process->shadow.loaded());
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("C-16 as long as the store has not answered nobody is told that there is no policy") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  const bool level_known = GENERATE(true, false);
  world.restart();
  world.serving.level_known = level_known;
  world.process->service.set_options(world.serving);
  world.stall_store(true);
  CHECK(world.process->service.answer_by_now({"QUERY", "d.example"}).rfind("TEMP ", 0) == 0);
  CHECK(world.ask_and_wait("d.example") == "TEMP the store has not told yet what it holds of d.example");
  world.serving.level_known = true;
  world.process->service.set_options(world.serving);
  world.stall_store(false);
  world.settle();
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("C-16 X-01 a name that the store was asked for in vain is not put off") {
  World world;
  world.store->fail_reads("input/output error");
  world.restart();
  world.dns.hold("_mta-sts.d.example");
  CHECK(world.ask("d.example") == kNoReply);
  REQUIRE_FALSE(world.process->shadow.loaded());
  CHECK(world.ask_and_wait("d.example") == kNothing);
}

TEST_CASE("C-16 X-01 a store that could not be read at first is believed once it can be") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  world.store->fail_reads("input/output error");
  world.restart();
  REQUIRE(world.ask("d.example") == kNothing);
  world.store->fail_reads(std::nullopt);
  SECTION("by the load") {
    world.advance(3600s);
    CHECK(world.process->shadow.loaded());
  }
  SECTION("by a point read") { world.advance(61s); }
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("C-17 S-07 every spelling of a name shares one entry") {
  World world;
  world.publish("xn--bcher-kva.example", "a", kEnforce);
  CHECK(world.ask("b\xc3\xbc"
                  "cher.example") == kSecure);
  CHECK(world.ask("XN--BCHER-KVA.Example.") == kSecure);
  CHECK(world.txt_questions("xn--bcher-kva.example") == 1);
}

TEST_CASE("C-18 questions at the same time make one discovery") {
  World world;
  world.publish("d.example", "a", kEnforce);
  std::vector<Ticket> tickets;
  int answered = 0;
  for (int i = 0; i < 50; ++i)
    tickets.push_back(world.process->service.answer({"QUERY", "d.example"},
                                                    [&](std::string_view reply) { answered += reply == kSecure; }));
  world.settle();
  CHECK(answered == 50);
  CHECK(world.txt_questions("d.example") == 1);
  CHECK(world.fetches("d.example") == 1);
}

TEST_CASE("C-19 a step of the wall clock neither ends nor prolongs a policy") {
  World world;
  world.publish("d.example", "a", document("enforce", "mx1.d.example", 10000s), 3600s);
  REQUIRE(world.ask("d.example") == kSecure);
  world.go_dark("d.example");
  const bool back = GENERATE(true, false);
  world.time.step_wall(back ? -86400s : 86400s);
  world.advance(9999s);
  CHECK(world.ask("d.example") == kSecure);
  world.advance(2s);
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("C-20 a reply always fits") {
  World world;
  std::string body = "version: STSv1\nmode: enforce\nmax_age: 604800\n";
  for (int i = 0; i < 1500; ++i) body += "mx: host" + std::to_string(i) + ".a-rather-long-name.d.example\n";
  world.publish("d.example", "a", body);
  const std::string reply = world.ask("d.example", "QUERYwithTLSRPT");
  CHECK(reply.rfind("OK secure match=", 0) == 0);
  CHECK(reply.size() <= 100'000);
}

TEST_CASE("Q-04 first contact waits for the policy") {
  World world;
  world.publish("d.example", "a", kEnforce);
  world.https.hold("mta-sts.d.example");
  std::string reply;
  const Ticket ticket =
      world.process->service.answer({"QUERY", "d.example"}, [&](std::string_view payload) { reply = payload; });
  world.advance(2s);
  CHECK(reply.empty());
  world.https.release("mta-sts.d.example");
  world.settle();
  CHECK(reply == kSecure);
}

TEST_CASE("purging forgets here and on disk, and voids what is being learned") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  const Domain domain = *Domain::parse("d.example");
  CHECK(world.process->service.purge(domain));
  world.advance(1s);
  CHECK(world.entry("d.example") == nullptr);
  CHECK(world.store->rows.size() == 0);
  CHECK_FALSE(world.process->service.purge(domain));

  world.https.hold("mta-sts.d.example");
  CHECK(world.ask_and_wait("d.example") == kNothing);
  world.process->service.purge(domain);
  world.https.release("mta-sts.d.example");
  world.settle();
  CHECK(world.entry("d.example") == nullptr);
}

TEST_CASE("Q-04 a reload that shortens reply_timeout counts from the next question on") {
  World world;
  world.serving.reply_timeout = 60s;
  world.restart();
  world.dns.hang(true);
  CHECK(world.ask("slow.example") == kNoReply);
  world.serving.reply_timeout = 5s;
  world.process->service.set_options(world.serving);
  CHECK(world.ask_and_wait("d.example") == kNothing);
}

TEST_CASE("X-05 broad patterns apply as published") {
  World world;
  world.publish("d.example", "a", document("enforce", "*.com", 604800s));
  CHECK(world.ask("d.example") == "OK secure match=.com servername=hostname");
}

TEST_CASE("who is still to be told when the domain is purged learns about it anew") {
  World world;
  world.publish("d.example", "a", kEnforce);
  world.https.hold("mta-sts.d.example");
  for (int i = 0; i < 40; ++i) CHECK(world.ask("d.example") == kNoReply);
  const auto answered = [&] {
    const auto replies = world.replies();
    return std::count(replies.begin(), replies.end(), kSecure);
  };
  world.https.release("mta-sts.d.example");
  while (answered() == 0) REQUIRE(world.loop.run_one());
  CHECK(answered() < 40);
  world.process->service.purge(*Domain::parse("d.example"));
  world.settle();
  CHECK(answered() == 40);
}

TEST_CASE("beyond the limit of discoveries new names are NOTFOUND and cached ones unaffected") {
  World world;
  world.publish("d.example", "a", kEnforce);
  world.learning.max_discoveries = 3;
  world.restart();
  REQUIRE(world.ask("d.example") == kSecure);
  world.dns.hang(true);
  for (int i = 0; i < 3; ++i) CHECK(world.ask("n" + std::to_string(i) + ".example") == kNoReply);
  CHECK(world.ask("n3.example") == kNothing);
  CHECK(world.process->metrics.value("first_contact", "overloaded") == 1);
  CHECK(world.ask("d.example") == kSecure);
}

TEST_CASE("C-16 beyond the limit of discoveries a name not loaded yet is still read from the store") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.learning.max_discoveries = 3;
  world.store->fail_reads("input/output error");
  world.restart();
  world.dns.hang(true);
  for (int i = 0; i < 3; ++i) CHECK(world.ask("n" + std::to_string(i) + ".example") == kNoReply);
  world.store->fail_reads(std::nullopt);
  REQUIRE_FALSE(world.process->shadow.loaded());
  CHECK(world.ask("d.example") == kSecure);
  CHECK(world.ask("n3.example") == kNothing);
  CHECK(world.process->metrics.value("first_contact", "overloaded") == 1);
}

TEST_CASE("C-16 beyond what may wait for the store a name is TEMP at once") {
  World world;
  world.learning.max_discoveries = 3;
  world.restart();
  world.stall_store(true);
  for (int i = 0; i < 6; ++i) CHECK(world.ask("n" + std::to_string(i) + ".example") == kNoReply);
  CHECK(world.ask("d.example") == "TEMP the store has not told yet what it holds of d.example");
  CHECK(world.process->learner.under_way() == 6);
  world.stall_store(false);
  world.settle();
  CHECK(world.ask("d.example") == kNothing);
}

TEST_CASE("C-16 beyond what may wait for the store a name is TEMP, whatever Postfix's level") {
  World world;
  world.learning.max_discoveries = 3;
  world.restart();
  world.stall_store(true);
  world.serving.level_known = GENERATE(false, true);
  world.process->service.set_options(world.serving);
  for (int i = 0; i < 6; ++i) CHECK(world.ask("n" + std::to_string(i) + ".example") == kNoReply);
  CHECK(world.ask("n6.example").rfind("TEMP ", 0) == 0);
}

TEST_CASE("a crowd that waits for Postfix's level is answered over some turns, each by what is known") {
  World world;
  world.publish("d.example", "a", kEnforce);
  REQUIRE(world.ask("d.example") == kSecure);
  world.serving.level_known = false;
  world.process->service.set_options(world.serving);
  for (int i = 0; i < 1000; ++i) REQUIRE(world.ask("d.example") == kNoReply);
  const auto answered = [&] {
    const auto replies = world.replies();
    return 1000 - std::count(replies.begin(), replies.end(), kNoReply);
  };
  world.serving.level_known = true;
  world.process->service.set_options(world.serving);
  CHECK(answered() == 256);
  world.settle();
  CHECK(answered() == 1000);
}

TEST_CASE("a crowd that runs out of time together is answered over some turns") {
  World world;
  world.dns.hang(true);
  for (int i = 0; i < 2000; ++i) REQUIRE(world.ask("n" + std::to_string(i) + ".example") == kNoReply);
  const auto answered = [&] {
    const auto replies = world.replies();
    return replies.size() - static_cast<std::size_t>(std::count(replies.begin(), replies.end(), kNoReply));
  };
  world.time.advance(std::chrono::duration_cast<milliseconds>(world.serving.reply_timeout) - 1ms);
  REQUIRE(answered() == 0);
  for (std::size_t before = 0, ms = 0; before < 2000 && ms < 10; ++ms) {
    world.time.advance(1ms);
    CHECK(answered() - before <= 512);
    before = answered();
  }
  CHECK(answered() == 2000);
}
