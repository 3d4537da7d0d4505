// A question and its tries: never started over, refused, sent again, over TCP.
#include <algorithm>
#include <set>

#include "dns_rig.h"

namespace {

using Prank = NameServer::Prank;

DnsQuestion numbered_question(int number) { return {"n" + std::to_string(number) + ".example", RrType::txt}; }

std::vector<std::unique_ptr<Asking>> ask_many(Dns& dns, int count) {
  std::vector<std::unique_ptr<Asking>> asking;
  for (int i = 0; i < count; ++i) asking.push_back(std::make_unique<Asking>(dns, numbered_question(i)));
  return asking;
}

bool all_answered(const std::vector<std::unique_ptr<Asking>>& asking) {
  return std::all_of(asking.begin(), asking.end(), [](const auto& each) { return each->answer.has_value(); });
}

std::set<unsigned> ports_of(const NameServer& server) {
  std::set<unsigned> ports;
  for (const auto& asked : server.asked) ports.insert(asked.port);
  return ports;
}

// How many different steps lead from one number to the next: a counter has one.
std::size_t steps_of(const std::vector<unsigned>& numbers) {
  std::set<unsigned> steps;
  for (std::size_t i = 1; i < numbers.size(); ++i) steps.insert((numbers[i] - numbers[i - 1]) & 0xFFFF);
  return steps.size();
}

}  // namespace

TEST_CASE("an answer to the first try counts when the second has gone to another resolver") {
  Rig rig;
  NameServer other(rig.loop);
  rig.server.set_txt(kTxt.name, {kRecord}).delay = milliseconds(250);
  other.hang(true);
  auto options = rig.options({rig.server.resolver(), other.resolver()});
  options.timeout = milliseconds(200);
  options.attempts = 2;
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK(answer.status == DnsStatus::found);
  CHECK(rig.server.asked.size() == 1);
  CHECK(other.asked.size() == 1);
}

TEST_CASE("a further try to the same resolver leaves from another socket, and the first may still answer") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).delay = milliseconds(150);
  auto options = rig.options({rig.server.resolver()});
  options.timeout = milliseconds(100);
  CHECK(rig.ask(options, kTxt).status == DnsStatus::found);
  REQUIRE(rig.server.asked.size() == 2);
  CHECK(rig.server.asked[0].port != rig.server.asked[1].port);
}

TEST_CASE(
    "REFUSED means too many: asked again after a pause, no try is spent and nothing is held against the resolver") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).refusals = 3;
  auto options = rig.options({rig.server.resolver()});
  options.attempts = 1;
  DnsClient client(rig.hub, options);
  const SteadyTime began = rig.time.steady();
  CHECK(rig.ask(client, kTxt).status == DnsStatus::found);
  CHECK(rig.time.steady() - began >= milliseconds(700));  // 100, 200, 400
  CHECK(rig.server.asked.size() == 4);
  CHECK(rig.hub.link(rig.server.resolver()).window().limit() == 512);
  CHECK_FALSE(rig.hub.link(rig.server.resolver()).health().is_last(rig.time.steady()));
}

TEST_CASE("in a crowd REFUSED costs a question none of its time, for 30 s") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).refusals = 1000;
  auto options = rig.options({rig.server.resolver()});
  options.timeout = milliseconds(500);
  options.attempts = 1;
  DnsClient client(rig.hub, options);
  std::vector<std::unique_ptr<Asking>> crowd, before;  // silent
  Asking asking(client, kTxt);
  const SteadyTime began = rig.time.steady();
  while (!asking.answer && rig.time.steady() - began < seconds(60)) {
    for (int i = 0; i < 100; ++i) rig.server.set(numbered_question(i).name, RrType::txt, {.drops = -1});
    before = std::exchange(crowd, ask_many(client, 100));
    for (int i = 0; i < 3; ++i) {
      rig.time.advance(milliseconds(100));
      rig.settle();
    }
  }
  REQUIRE(asking.answer);
  CHECK(asking.answer->status == DnsStatus::refused);
  CHECK(rig.time.steady() - began >= seconds(20));
  CHECK(rig.time.steady() - began < seconds(40));
}

TEST_CASE("the pauses after REFUSED double up to 1.6 s") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).refusals = 6;
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  const SteadyTime began = rig.time.steady();
  Asking asking(client, kTxt);
  while (!asking.answer) {
    rig.time.advance(milliseconds(20));
    rig.settle();
  }
  CHECK(asking.answer->status == DnsStatus::found);
  const auto took = rig.time.steady() - began;
  CHECK(took >= milliseconds(4700));  // 100, 200, 400, 800, 1600, 1600
  CHECK(took < milliseconds(6000));
}

TEST_CASE("what one resolver refuses is asked of another one first") {
  Rig rig;
  NameServer other(rig.loop);
  rig.server.set_txt(kTxt.name, {kRecord}).refusals = 100;
  other.set_txt(kTxt.name, {kRecord});
  CHECK(rig.ask(rig.options({rig.server.resolver(), other.resolver()}), kTxt).status == DnsStatus::found);
  CHECK(rig.server.asked.size() == 1);
}

TEST_CASE("a resolver that refuses to the end is named") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord}).refusals = 100;
  auto options = rig.options({rig.server.resolver()});
  options.timeout = milliseconds(250);
  options.attempts = 2;
  const DnsAnswer answer = rig.ask(options, kTxt);
  CHECK(answer.status == DnsStatus::refused);
  CHECK(answer.detail == "REFUSED from " + to_text(rig.server.resolver()));
  CHECK(rig.server.asked.size() < 5);
}

TEST_CASE("a refused connection ends no question: who restarts in time is asked") {
  Rig rig;
  auto later = std::make_unique<NameServer>(rig.loop);
  const Resolver resolver = later->resolver();
  later.reset();
  auto options = rig.options({resolver});
  options.attempts = 1;
  DnsClient client(rig.hub, options);
  Asking asking(client, kTxt);
  rig.run_until([&] { return rig.metrics.value("dns_tries", "broken") == 2; });
  CHECK_FALSE(asking.answer);
  later = std::make_unique<NameServer>(rig.loop, resolver.port);
  later->set_txt(kTxt.name, {kRecord});
  rig.run_until([&] { return asking.answer.has_value(); });
  CHECK(asking.answer->status == DnsStatus::found);
}

TEST_CASE("X-07 sixteen datagrams that match nothing retire a socket, and the question leaves from another") {
  Rig rig;
  auto& script = rig.server.set_txt(kTxt.name, {kRecord});
  script.pranks.assign(16, Prank::wrong_id);
  auto options = rig.options({rig.server.resolver()});
  options.attempts = 1;
  options.timeout = milliseconds(1000);
  SECTION("until the true answer gets through") {
    script.prank_rounds = 3;
    CHECK(rig.ask(options, kTxt).status == DnsStatus::found);
    CHECK(rig.server.asked.size() == 4);
    CHECK(ports_of(rig.server).size() == 4);
    CHECK(rig.metrics.value("dns_tries", "foreign") == 3 * 16);
  }
  SECTION("and less often each time") {
    const DnsAnswer answer = rig.ask(options, kTxt);
    CHECK(answer.failed());
    CHECK(answer.detail.find("datagrams that match no question") == 0);
    CHECK(rig.server.asked.size() <= 5);  // at once, and after 100, 200, 400 ms
  }
}

TEST_CASE("a socket that is retired takes nothing along: what shared it is asked from another") {
  Rig rig;
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  for (int i = 0; i < 200; ++i) rig.server.set_txt(numbered_question(i).name, {"x"}).delay = milliseconds(100);
  for (int i = 0; i < 200; i += 20) {
    auto& script = rig.server.set_txt(numbered_question(i).name, {"x"});
    script.pranks.assign(16, Prank::wrong_question);
    script.prank_rounds = 1;
  }
  const auto asking = ask_many(client, 200);
  rig.run_until([&] { return all_answered(asking); });
  for (const auto& each : asking) CHECK(each->answer->status == DnsStatus::found);
  CHECK(rig.metrics.value("dns_tries", "lost") >= 10);
}

TEST_CASE("late answers are no forged ones") {
  Rig rig;
  NameServer& server = rig.server;
  server.hang(true);
  DnsClient client(rig.hub, rig.options({server.resolver()}));
  auto first = ask_many(client, 100);
  rig.run_until([&] { return server.asked.size() == 100; });
  for (int i = 0; i < 100; ++i) server.set(numbered_question(i).name, RrType::txt, {.delay = milliseconds(20)});
  server.hang(false);
  auto second = ask_many(client, 100);
  rig.run_until([&] { return server.asked.size() == 200; });
  second.clear();
  rig.settle();
  CHECK(rig.metrics.value("dns_tries", "foreign") == 0);
}

TEST_CASE("ids and ports cannot be foretold") {
  Rig rig;
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  const bool shared = GENERATE(false, true);
  CAPTURE(shared);
  if (shared) {
    const auto asking = ask_many(client, 500);
    rig.run_until([&] { return all_answered(asking); });
  } else {
    for (int i = 0; i < 64; ++i) rig.ask(client, numbered_question(i));
  }
  std::vector<unsigned> ids, ports;
  for (const auto& asked : rig.server.asked) {
    ids.push_back(asked.id);
    ports.push_back(asked.port);
  }
  CHECK(std::set(ids.begin(), ids.end()).size() > ids.size() * 9 / 10);
  CHECK(steps_of(ids) > ids.size() * 9 / 10);
  CHECK(std::set(ports.begin(), ports.end()).size() >= 32);
  CHECK(steps_of(ports) > (shared ? 200u : 56u));
}

TEST_CASE("D-16 a crowd of truncated answers comes over four connections at most") {
  Rig rig;
  for (int i = 0; i < 300; ++i)
    rig.server.set_txt(numbered_question(i).name, {"x" + std::to_string(i)}).truncate = true;
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  const auto asking = ask_many(client, 300);
  std::size_t most = 0;
  rig.run_until([&] {
    most = std::max(most, rig.server.open_connections());
    return all_answered(asking);
  });
  CHECK(most <= 4);
  CHECK(most > 0);
  for (int i = 0; i < 300; ++i)
    CHECK(records_of<TxtRdata>(*asking[static_cast<std::size_t>(i)]->answer).at(0).text == "x" + std::to_string(i));
  rig.time.advance(seconds(3));
  rig.run_until([&] { return rig.server.open_connections() == 0; });  // idle ones are closed
}

TEST_CASE(
    "X-07 answers that are truncated over TCP, too, are no answers, and cost their neighbors on the connection nothing") {
  Rig rig;
  const auto truncated = [](const std::string& name) {
    return wire::Message{.flags = wire::kResponse | wire::kTruncated,
                         .question = {wire::question(wire::name(name), 16)}}
        .bytes()
        .substr(2);
  };
  for (int i = 0; i < 40; ++i) {
    const std::string name = numbered_question(i).name;
    Script& script = rig.server.set_txt(name, {"x"});
    script.truncate = true;
    if (i % 2 == 0) script.raw = truncated(name);
  }
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  const auto asking = ask_many(client, 40);
  rig.run_until([&] { return all_answered(asking); });
  for (std::size_t i = 0; i < 40; ++i)
    CHECK(asking[i]->answer->status == (i % 2 == 0 ? DnsStatus::malformed : DnsStatus::found));
  CHECK(rig.server.asked.size() == 80);  // each over UDP and over TCP, once
}

TEST_CASE("D-16 what stood on a connection that the server ends is asked on another") {
  Rig rig;
  rig.server.tcp_answers = 3;
  for (int i = 0; i < 20; ++i) rig.server.set_txt(numbered_question(i).name, {"x"}).truncate = true;
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  const auto asking = ask_many(client, 20);
  rig.run_until([&] { return all_answered(asking); });
  for (const auto& each : asking) CHECK(each->answer->status == DnsStatus::found);
}
