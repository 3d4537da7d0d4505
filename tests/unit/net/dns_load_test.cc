// The client under load: bounds, order, cancelling, want of descriptors.
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <array>

#include "dns_rig.h"

namespace {

std::string name_of_number(int number) { return "n" + std::to_string(number) + ".example"; }

DnsQuestion question_number(int number) { return {name_of_number(number), RrType::txt}; }

std::size_t open_descriptors() {
  const auto close_folder = [](DIR* folder) { ::closedir(folder); };
  const std::unique_ptr<DIR, decltype(close_folder)> folder(::opendir("/proc/self/fd"), close_folder);
  std::size_t count = 0;
  while (::readdir(folder.get()) != nullptr) ++count;
  return count;
}

// While it lives no descriptor can be had. UBSan needs one when it meets a type for the first
// time, so let the client answer once before.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const UniqueFd lowest(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit none{static_cast<rlim_t>(lowest.get()), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// Room for three questions, and a name server that keeps silent.
struct Crowded {
  Rig rig;
  NameServer other{rig.loop};
  DnsClient client;
  std::vector<std::unique_ptr<Asking>> asking;

  Crowded(DnsClient::Options options, int count) : client(rig.loop, rig.time, rig.metrics, bounded(std::move(options))) {
    rig.server.hang(true);
    for (int i = 0; i < count; ++i) asking.push_back(std::make_unique<Asking>(client, question_number(i)));
  }
  DnsClient::Options bounded(DnsClient::Options options) {
    options.resolvers = {rig.server.resolver()};
    options.max_in_flight = 3;
    return options;
  }
  // The numbers that were asked, once they are `count`, and many turns later.
  std::string asked(std::size_t count) {
    run_until(rig.loop, [&] { return rig.server.asked.size() >= count; });
    rig.ask(rig.options({other.resolver()}), kTxt);
    std::string numbers;
    for (const auto& query : rig.server.asked) numbers += query.name[1];
    return numbers;
  }
};

}  // namespace

TEST_CASE("questions beyond the bound wait and are asked, newest first; a cancelled one makes room") {
  Crowded crowd({.timeout = seconds(60), .patience = seconds(60)}, 8);
  REQUIRE(crowd.asked(3) == "765");
  crowd.asking[3].reset();  // waiting
  crowd.asking[6].reset();  // under way
  REQUIRE(crowd.asked(4) == "7654");
  crowd.asking[7].reset();
  CHECK(crowd.asked(5) == "76542");
}

TEST_CASE("X-07 who is without an answer gives way to who was never put, and is put again after them") {
  Crowded crowd({.timeout = seconds(4), .attempts = 1}, 8);
  const auto pass = [&](milliseconds by) {
    crowd.rig.time.advance(by);
    const Asking unheard(crowd.client, question_number(8));  // the client looks at its clock
  };
  REQUIRE(crowd.asked(3) == "765");
  pass(milliseconds(299));
  CHECK(crowd.asked(3) == "765");
  pass(milliseconds(1));
  CHECK(crowd.asked(6) == "765432");
  pass(milliseconds(300));
  CHECK(crowd.asked(9) == "765432107");  // all had their turn: who gave way first comes first
  CHECK(crowd.rig.metrics.value("dns_tries", "gave_way") == 6);
  crowd.rig.server.hang(false);
  crowd.asking[1].reset();  // under way: makes room for one that gave way, and that for the next
  run_until(crowd.rig.loop, [&] { return crowd.asking[6]->answer && crowd.asking[5]->answer; });
  CHECK(crowd.asking[6]->answer->status == DnsStatus::no_name);
}

TEST_CASE("X-07 those that gave way count as waiting") {
  Crowded crowd({.timeout = seconds(4), .max_waiting = 4}, 4);
  crowd.asked(3);
  crowd.rig.time.advance(milliseconds(300));
  Asking fourth(crowd.client, question_number(4));
  Asking fifth(crowd.client, question_number(5));
  crowd.asked(6);  // three gave way
  Asking sixth(crowd.client, question_number(6));
  Asking seventh(crowd.client, question_number(7));
  run_until(crowd.rig.loop, [&] { return seventh.answer.has_value(); });
  CHECK(seventh.answer->status == DnsStatus::overloaded);
  CHECK_FALSE(sixth.answer);
}

TEST_CASE("who gave way ends at its own time") {
  Rig rig;
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver()});
  options.timeout = seconds(2);
  options.attempts = 1;
  options.max_in_flight = 1;
  DnsClient client(rig.loop, rig.time, rig.metrics, options);
  Asking first(client, question_number(1));
  run_until(rig.loop, [&] { return rig.server.asked.size() == 1; });
  rig.time.advance(milliseconds(300));
  Asking second(client, question_number(2));
  run_until(rig.loop, [&] { return rig.server.asked.size() == 2; });
  rig.time.advance(milliseconds(1'700));
  run_until(rig.loop, [&] { return first.answer.has_value(); });
  CHECK(first.answer->status == DnsStatus::timeout);
  CHECK_FALSE(second.answer);
}

TEST_CASE("all that wait get their answer when the server is back") {
  Rig rig;
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver()});
  options.timeout = milliseconds(100);
  options.max_in_flight = 10;
  DnsClient client(rig.loop, rig.time, rig.metrics, options);
  std::vector<std::unique_ptr<Asking>> asking;
  for (int i = 0; i < 200; ++i) asking.push_back(std::make_unique<Asking>(client, question_number(i)));
  run_until(rig.loop, [&] { return rig.server.asked.size() == 10; });
  rig.server.hang(false);
  run_until(rig.loop, [&] { return rig.metrics.value("dns", "no_name") == 200; });
  CHECK(asking.back()->answer->status == DnsStatus::no_name);
}

TEST_CASE("X-07 what is beyond the queue's bound is answered overloaded, not within ask()") {
  Rig rig;
  auto options = rig.options({rig.server.resolver()});
  options.max_in_flight = 1;
  options.max_waiting = 2;
  DnsClient client(rig.loop, rig.time, rig.metrics, options);
  std::vector<std::unique_ptr<Asking>> asking;
  for (int i = 0; i < 5; ++i) asking.push_back(std::make_unique<Asking>(client, question_number(i)));
  asking[3].reset();
  for (const int i : {0, 1, 2, 4}) CHECK_FALSE(asking[static_cast<std::size_t>(i)]->answer);
  run_until(rig.loop, [&] { return asking[0]->answer && asking[1]->answer && asking[4]->answer; });
  CHECK(asking[1]->answer->status == DnsStatus::no_name);
  CHECK(asking[2]->answer->status == DnsStatus::overloaded);
  CHECK(asking[4]->answer->status == DnsStatus::overloaded);
  CHECK(rig.metrics.value("dns", "overloaded") == 2);
}

TEST_CASE("4096 questions are in flight at most, the last tenth of them let out one by one") {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max < 5000) return;  // the system does not allow as many sockets
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  Rig rig;
  NameServer other(rig.loop);
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver()});
  options.timeout = seconds(409);
  options.patience = seconds(10'000);
  options.attempts = 1;
  DnsClient client(rig.loop, rig.time, rig.metrics, options);
  std::vector<Ticket> tickets;
  for (int i = 0; i < 4200; ++i)
    tickets.push_back(client.ask(question_number(i), [](const DnsAnswer&) { FAIL("nobody answered"); }));
  const auto asked = [&](std::size_t at_least) {
    run_until(rig.loop, [&] { return rig.server.asked_in_all >= at_least; });
    rig.ask(rig.options({other.resolver()}), kTxt);  // many turns later
    return rig.server.asked_in_all;
  };
  // One of 409 a second: as long as a question takes that is never answered.
  CHECK(asked(3688) == 3688);
  rig.time.advance(seconds(1));
  tickets.push_back(client.ask(question_number(4200), [](const DnsAnswer&) { FAIL("nobody answered"); }));
  CHECK(asked(3689) == 3689);
  CHECK(rig.server.asked.back().name == name_of_number(4200));
  for (std::size_t more = 3690; more <= 4096; ++more) {
    rig.time.advance(seconds(1));
    tickets.push_back(client.ask(question_number(0), [](const DnsAnswer&) { FAIL("nobody answered"); }));
    run_until(rig.loop, [&] { return rig.server.asked_in_all == more; });
  }
  rig.time.advance(seconds(1));
  tickets.push_back(client.ask(question_number(0), [](const DnsAnswer&) { FAIL("nobody answered"); }));
  CHECK(asked(4096) == 4096);
}

TEST_CASE("a destroyed ticket frees the socket and silences the callback") {
  Rig rig;
  rig.server.hang(true);
  DnsClient client(rig.loop, rig.time, rig.metrics, rig.options({rig.server.resolver()}));
  const std::size_t before = open_descriptors();
  std::vector<Ticket> tickets;
  for (int i = 0; i < 20; ++i)
    tickets.push_back(client.ask(question_number(i), [](const DnsAnswer&) { FAIL("cancelled"); }));
  run_until(rig.loop, [&] { return rig.server.asked.size() == 20; });
  CHECK(open_descriptors() == before + 20);
  tickets.clear();
  CHECK(open_descriptors() == before);
}

TEST_CASE("a ticket may go within its own callback, which may ask again") {
  Rig rig;
  DnsClient client(rig.loop, rig.time, rig.metrics, rig.options({rig.server.resolver()}));
  const std::size_t before = open_descriptors();
  Ticket ticket;
  int answers = 0;
  std::function<void(const DnsAnswer&)> again = [&](const DnsAnswer&) {
    ticket.reset();
    if (++answers < 50) ticket = client.ask(question_number(answers), again);
  };
  ticket = client.ask(question_number(0), again);
  run_until(rig.loop, [&] { return answers == 50; });
  run_until(rig.loop, [&] { return open_descriptors() == before; });
}

TEST_CASE("a callback may cancel another question whose answer is there already") {
  Rig rig;
  DnsClient client(rig.loop, rig.time, rig.metrics, rig.options({rig.server.resolver()}));
  std::array<Ticket, 2> tickets;
  int answers = 0;
  for (std::size_t i = 0; i < 2; ++i)
    tickets[i] = client.ask(question_number(static_cast<int>(i)), [&, i](const DnsAnswer&) {
      ++answers;
      tickets[1 - i].reset();
    });
  run_until(rig.loop, [&] { return answers > 0 && rig.server.asked.size() == 2; });
  rig.ask(kTxt);
  CHECK(answers == 1);
}

TEST_CASE("a client may go before its tickets, with questions in every state") {
  Rig rig;
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver()});
  options.max_in_flight = 1;
  options.max_waiting = 2;
  std::vector<Ticket> tickets;
  {
    DnsClient client(rig.loop, rig.time, rig.metrics, options);
    const auto never = [](const DnsAnswer&) { FAIL("the client is gone"); };
    tickets.push_back(client.ask(question_number(0), never));
    run_until(rig.loop, [&] { return rig.server.asked.size() == 1; });
    for (int i = 1; i < 4; ++i) tickets.push_back(client.ask(question_number(i), never));
  }
  tickets.clear();
  rig.server.hang(false);
  CHECK(rig.ask(kTxt).status == DnsStatus::no_name);
}

TEST_CASE("want of descriptors delays a question and does not fail it") {
  Rig rig;
  const SystemClock clock;
  rig.server.set_txt(kTxt.name, {kRecord});
  DnsClient client(rig.loop, clock, rig.metrics, rig.options({rig.server.resolver()}));
  rig.ask(client, question_number(0));
  auto none = std::make_unique<NoDescriptors>();
  Asking asking(client, kTxt);
  run_until(rig.loop, [&] { return rig.metrics.value("dns_tries", "no_descriptor") >= 2; });
  CHECK_FALSE(asking.answer);
  none.reset();
  run_until(rig.loop, [&] { return asking.answer.has_value(); });
  CHECK(asking.answer->status == DnsStatus::found);
}

TEST_CASE("want of descriptors that lasts ends in timeout and is not held against the resolver") {
  Rig rig;
  const SystemClock clock;
  rig.server.set_txt(kTxt.name, {kRecord});
  NameServer other(rig.loop);
  auto options = rig.options({rig.server.resolver(), other.resolver()});
  options.timeout = milliseconds(60);
  DnsClient client(rig.loop, clock, rig.metrics, options);
  rig.ask(client, question_number(0));
  rig.loop.post([&] { rig.loop.stop(); });  // behind the turn in which its socket goes
  rig.loop.run();
  {
    const NoDescriptors none;
    const DnsAnswer answer = rig.ask(client, kTxt);
    CHECK(answer.status == DnsStatus::timeout);
    CHECK(answer.detail.find("out of file descriptors") != std::string::npos);
  }
  CHECK(rig.ask(client, kTxt).status == DnsStatus::found);
  CHECK(other.asked.empty());
}
