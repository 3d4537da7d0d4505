// The client under load: bounds, order, cancelling, want of descriptors.
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>

#include <array>

#include "dns_rig.h"

namespace {

std::string name_of_number(int number) { return "n" + std::to_string(number) + ".example"; }

DnsQuestion load_question(int number) { return {name_of_number(number), RrType::txt}; }

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

}  // namespace

TEST_CASE("all that wait get their answer when the server is back") {
  Rig rig;
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver()});
  options.timeout = milliseconds(100);
  DnsClient client(rig.hub, options);
  std::vector<std::unique_ptr<Asking>> asking;
  for (int i = 0; i < 30; ++i) asking.push_back(std::make_unique<Asking>(client, load_question(i)));
  rig.run_until([&] { return rig.server.asked.size() == 30; });
  rig.server.hang(false);
  rig.run_until([&] { return rig.metrics.value("dns", "no_name") == 30; });
  CHECK(asking.back()->answer->status == DnsStatus::no_name);
}

TEST_CASE("X-07 what is beyond the queue's bound is answered overloaded, not within ask()") {
  Rig rig;
  auto options = rig.options({rig.server.resolver()});
  options.max_questions = 2;
  DnsClient client(rig.hub, options);
  std::vector<std::unique_ptr<Asking>> asking;
  for (int i = 0; i < 5; ++i) asking.push_back(std::make_unique<Asking>(client, load_question(i)));
  asking[3].reset();
  for (const int i : {0, 1, 2, 4}) CHECK_FALSE(asking[static_cast<std::size_t>(i)]->answer);
  rig.run_until([&] { return asking[0]->answer && asking[1]->answer && asking[4]->answer; });
  CHECK(asking[1]->answer->status == DnsStatus::no_name);
  CHECK(asking[2]->answer->status == DnsStatus::overloaded);
  CHECK(asking[4]->answer->status == DnsStatus::overloaded);
  CHECK(rig.metrics.value("dns", "overloaded") == 2);
}

TEST_CASE("a destroyed ticket frees the socket and silences the callback") {
  Rig rig;
  rig.server.hang(true);
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  const std::size_t before = open_descriptors();
  std::vector<Ticket> tickets;
  for (int i = 0; i < 20; ++i)
    tickets.push_back(client.ask(load_question(i), [](const DnsAnswer&) { FAIL("cancelled"); }));
  rig.run_until([&] { return rig.server.asked.size() == 20; });
  CHECK(open_descriptors() == before + 20);
  tickets.clear();
  rig.run_until([&] { return open_descriptors() == before; });
}

TEST_CASE("a ticket may go within its own callback, which may ask again") {
  Rig rig;
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  const std::size_t before = open_descriptors();
  Ticket ticket;
  int answers = 0;
  std::function<void(const DnsAnswer&)> again = [&](const DnsAnswer&) {
    ticket.reset();
    if (++answers < 50) ticket = client.ask(load_question(answers), again);
  };
  ticket = client.ask(load_question(0), again);
  rig.run_until([&] { return answers == 50; });
  rig.run_until([&] { return open_descriptors() == before; });
}

TEST_CASE("a callback may cancel another question whose answer is there already") {
  Rig rig;
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  std::array<Ticket, 2> tickets;
  int answers = 0;
  for (std::size_t i = 0; i < 2; ++i)
    tickets[i] = client.ask(load_question(static_cast<int>(i)), [&, i](const DnsAnswer&) {
      ++answers;
      tickets[1 - i].reset();
    });
  rig.run_until([&] { return answers > 0 && rig.server.asked.size() == 2; });
  rig.ask(kTxt);
  CHECK(answers == 1);
}

TEST_CASE("a client may go before its tickets, with questions in every state") {
  Rig rig;
  rig.server.hang(true);
  auto options = rig.options({rig.server.resolver()});
  options.max_questions = 3;
  std::vector<Ticket> tickets;
  {
    DnsClient client(rig.hub, options);
    const auto never = [](const DnsAnswer&) { FAIL("the client is gone"); };
    tickets.push_back(client.ask(load_question(0), never));
    rig.run_until([&] { return rig.server.asked.size() == 1; });
    for (int i = 1; i < 5; ++i) tickets.push_back(client.ask(load_question(i), never));
  }
  tickets.clear();
  rig.server.hang(false);
  CHECK(rig.ask(kTxt).status == DnsStatus::no_name);
}

TEST_CASE("want of descriptors delays a question and does not fail it") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord});
  DnsClient client(rig.hub, rig.options({rig.server.resolver()}));
  rig.ask(client, load_question(0));
  auto none = std::make_unique<NoDescriptors>();
  Asking asking(client, kTxt);
  rig.run_until([&] { return rig.metrics.value("dns_tries", "no_descriptor") >= 2; });
  CHECK_FALSE(asking.answer);
  none.reset();
  rig.run_until([&] { return asking.answer.has_value(); });
  CHECK(asking.answer->status == DnsStatus::found);
}

TEST_CASE("want of descriptors that lasts ends in timeout and is not held against the resolver") {
  Rig rig;
  rig.server.set_txt(kTxt.name, {kRecord});
  NameServer other(rig.loop);
  auto options = rig.options({rig.server.resolver(), other.resolver()});
  options.timeout = milliseconds(60);
  DnsClient client(rig.hub, options);
  rig.ask(client, load_question(0));
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
