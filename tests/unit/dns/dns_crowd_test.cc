// Many questions at once to one resolver: what is sent, when, and in which order.
#include <algorithm>
#include <map>
#include <set>

#include "dns_rig.h"

namespace {

DnsQuestion question_number(int number) { return {"n" + std::to_string(number) + ".example", RrType::txt}; }

using Crowd = std::vector<std::unique_ptr<Asking>>;

void ask_many(Crowd& crowd, Dns& dns, int count) {
  const int from = static_cast<int>(crowd.size());
  for (int i = from; i < from + count; ++i) crowd.push_back(std::make_unique<Asking>(dns, question_number(i)));
}

// A question with a turn of its own.
struct Turned {
  Turned(Dns& dns, const DnsQuestion& question, DnsTurn turn)
      : ticket(dns.ask(question, turn, [this](const DnsAnswer& given) { answer = given; })) {}
  std::optional<DnsAnswer> answer;
  Ticket ticket;
};

struct Scene {
  Rig rig;
  DnsClient client{rig.hub, rig.options({rig.server.resolver()})};
  Crowd crowd;

  [[nodiscard]] std::size_t asked() {
    rig.settle();
    return rig.server.asked_in_all;
  }
};

}  // namespace

TEST_CASE("X-07 of a silent crowd 512 questions are sent at most, the next ones when these are a second old") {
  Scene scene;
  scene.rig.server.hang(true);
  ask_many(scene.crowd, scene.client, 1500);
  scene.rig.run_until([&] { return scene.rig.server.asked_in_all >= 448; });
  CHECK(scene.asked() <= 512);
  scene.rig.time.advance(milliseconds(1200));
  scene.rig.run_until([&] { return scene.rig.server.asked_in_all >= 896; });
  CHECK(scene.asked() <= 1024);
  std::set<std::string> names;
  for (const auto& asked : scene.rig.server.asked) names.insert(asked.name);
  CHECK(names.size() == scene.rig.server.asked.size());  // none was started over
}

TEST_CASE("X-07 what has left the window counts until its end, and what lies beyond that bound waits") {
  Rig rig;
  rig.server.hang(true);
  DnsHub hub(rig.loop, rig.time, rig.time, rig.metrics, 1, 20);
  DnsClient client(hub, rig.options({rig.server.resolver()}));
  Crowd crowd;
  ask_many(crowd, client, 30);
  rig.run_until([&] { return rig.server.asked_in_all >= 20; });
  rig.time.advance(milliseconds(1200));
  rig.settle();
  CHECK(rig.server.asked_in_all == 20);
  for (auto& each : crowd) {
    if (crowd.back() == each) break;
    each.reset();
  }
  rig.server.hang(false);
  rig.run_until([&] { return crowd.back()->answer.has_value(); });
  CHECK(crowd.back()->answer->status == DnsStatus::no_name);
}

TEST_CASE("X-07 clients of one hub share the window of a resolver") {
  Scene scene;
  scene.rig.server.hang(true);
  DnsClient dane(scene.rig.hub, scene.rig.options({scene.rig.server.resolver()}));
  ask_many(scene.crowd, scene.client, 400);
  ask_many(scene.crowd, dane, 400);
  scene.rig.run_until([&] { return scene.rig.server.asked_in_all >= 448; });
  CHECK(scene.asked() <= 512);
}

TEST_CASE("X-07 of a silent crowd a tenth and fifty are asked again, and all end in their time") {
  Scene scene;
  scene.rig.server.hang(true);
  scene.rig.server.remember = false;
  ask_many(scene.crowd, scene.client, 440);
  scene.rig.run_until([&] { return scene.rig.server.asked_in_all >= 440; });
  while (!scene.crowd.back()->answer || !scene.crowd.front()->answer) {
    scene.rig.time.advance(milliseconds(200));
    scene.rig.settle();
  }
  CHECK(scene.rig.metrics.value("dns", "timeout") == 440);
  CHECK(scene.rig.server.asked_in_all > 500);
  CHECK(static_cast<double>(scene.rig.server.asked_in_all) <= 440 + 44 + 50 + 10 * DnsRetries::kPerSecond);
}

TEST_CASE("a crowd that the resolver refuses makes the window smaller, and is answered all the same") {
  Scene scene;
  for (int i = 0; i < 400; ++i) {
    NameServer::Script& script = scene.rig.server.set_txt(question_number(i).name, {"x"});
    script.delay = milliseconds(300);
    script.refusals = i % 2;
  }
  ask_many(scene.crowd, scene.client, 400);
  scene.rig.run_until([&] { return scene.rig.metrics.value("dns", "found") == 400; });
  CHECK(scene.rig.hub.link(scene.rig.server.resolver()).window().limit() < 512);
  CHECK(scene.rig.server.asked_in_all == 600);
}

TEST_CASE("X-07 sockets: 32 at first, then they are shared, and each answer finds its question") {
  Scene scene;
  for (int i = 0; i < 400; ++i)
    scene.rig.server.set_txt(question_number(i).name, {std::to_string(i)}).delay = milliseconds(50);
  ask_many(scene.crowd, scene.client, 400);
  scene.rig.run_until([&] { return scene.rig.metrics.value("dns", "found") == 400; });
  for (int i = 0; i < 400; ++i)
    CHECK(records_of<TxtRdata>(*scene.crowd[static_cast<std::size_t>(i)]->answer).at(0).text == std::to_string(i));
  std::map<unsigned, int> questions;
  for (const auto& asked : scene.rig.server.asked) ++questions[asked.port];
  CHECK(questions.size() >= 32);
  CHECK(questions.size() < 100);
  CHECK(std::max_element(questions.begin(), questions.end(), [](const auto& a, const auto& b) {
          return a.second < b.second;
        })->second < 60);
  CHECK(scene.rig.server.asked_in_all == 400);
}

TEST_CASE(
    "turns: a question of DANE for an enforced policy goes before a crowd, the newest first contact before older ones") {
  Scene scene;
  scene.rig.server.hang(true);
  ask_many(scene.crowd, scene.client, 600);
  scene.rig.run_until([&] { return scene.rig.server.asked_in_all >= 448; });
  Turned refresh(scene.client, {"refresh.example", RrType::txt}, DnsTurn::refresh);
  Turned enforced(scene.client, {"enforced.example", RrType::mx}, DnsTurn::enforced);
  ask_many(scene.crowd, scene.client, 1);
  const std::size_t before = scene.rig.server.asked_in_all;
  scene.rig.run_until([&] { return scene.rig.server.asked_in_all >= before + 5; });
  std::vector<std::string> next;
  for (std::size_t i = before; i < scene.rig.server.asked.size(); ++i) next.push_back(scene.rig.server.asked[i].name);
  CHECK(std::count(next.begin(), next.end(), "enforced.example") == 1);
  CHECK(std::count(next.begin(), next.end(), question_number(600).name) == 1);
  CHECK(std::count(next.begin(), next.end(), "refresh.example") == 0);
}

TEST_CASE("a crowd that waits for a resolver that falls silent goes to the other one") {
  Rig rig;
  NameServer other(rig.loop);
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver(), other.resolver()});
  options.timeout = milliseconds(200);
  DnsClient client(rig.hub, options);
  Crowd crowd;
  ask_many(crowd, client, 700);
  rig.run_until([&] {
    return std::all_of(crowd.begin(), crowd.end(), [](const auto& each) { return each->answer.has_value(); });
  });
  CHECK(rig.metrics.value("dns", "no_name") == 700);
  CHECK(rig.server.asked_in_all <= 512);
  CHECK(other.asked_in_all == 700);
}

TEST_CASE("N-11 questions for DANE wait until a resolver is known to validate, for a try's time at most") {
  Rig rig;
  NameServer other(rig.loop);
  rig.server.set_txt(kTxt.name, {kRecord}).ad = true;
  auto options = rig.options({other.resolver(), rig.server.resolver()});
  options.only_trusted = true;
  DnsClient client(rig.hub, options);
  Asking asking(client, kTxt);
  rig.settle();
  REQUIRE(rig.server.asked.empty());
  REQUIRE(other.asked.empty());
  SECTION("which is then asked, and no other") {
    client.set_validates(rig.server.resolver(), true);
    rig.run_until([&] { return asking.answer.has_value(); });
    CHECK(asking.answer->authentic);
    CHECK(other.asked.empty());
  }
  SECTION("where none validates, none is asked: its answer would pass for an unsigned one") {
    for (const NameServer* const each : {&rig.server, &other}) client.set_validates(each->resolver(), false);
    rig.run_until([&] { return asking.answer.has_value(); });
    CHECK(asking.answer->status == DnsStatus::not_validated);
    CHECK(rig.ask(client, kTxt).status == DnsStatus::not_validated);
    CHECK(rig.server.asked.empty());
    CHECK(other.asked.empty());
    client.set_validates(rig.server.resolver(), true);
    CHECK(rig.ask(client, kTxt).authentic);
  }
  SECTION("a canary that is not answered holds nobody up") {
    rig.time.advance(seconds(2));
    rig.run_until([&] { return asking.answer.has_value(); });
  }
  SECTION("the canary itself waits for nobody") {
    std::optional<DnsAnswer> canary;
    const Ticket ticket = client.ask_one(rig.server.resolver(), kTxt, [&](const DnsAnswer& given) { canary = given; });
    rig.run_until([&] { return canary.has_value(); });
    CHECK(canary->authentic);
    CHECK_FALSE(asking.answer);
  }
}

TEST_CASE("N-11 SERVFAIL goes on to resolvers that passed, never to one that did not") {
  Rig rig;
  NameServer second(rig.loop), third(rig.loop);
  for (NameServer* const each : {&rig.server, &third}) each->set_txt(kTxt.name, {}).rcode = 2;
  second.set_txt(kTxt.name, {kRecord});
  auto options = rig.options({rig.server.resolver(), second.resolver(), third.resolver()});
  options.only_trusted = true;
  DnsClient client(rig.hub, options);
  for (const NameServer* const each : {&rig.server, &third}) client.set_validates(each->resolver(), true);
  client.set_validates(second.resolver(), false);
  const DnsAnswer answer = rig.ask(client, kTxt);
  CHECK(answer.status == DnsStatus::server_failure);
  CHECK(third.asked.size() == 1);
  CHECK(second.asked.empty());
}
