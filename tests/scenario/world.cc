#include "world.h"

namespace tlspolicyd {

struct World::Question {
  Ticket ticket;
  std::string reply = kNoReply;
};

std::string document(std::string_view mode, std::string_view mx, seconds max_age) {
  return "version: STSv1\nmode: " + std::string(mode) + "\nmx: " + std::string(mx) +
         "\nmax_age: " + std::to_string(max_age.count()) + "\n";
}

Process::Process(Dns& dns, Https& https, FakeTime& time, ManualExecutor& loop, ManualExecutor& lane, Logger& log,
                 std::shared_ptr<Store> store, Learner::Options learning, PolicyService::Options serving,
                 PolicyCache::Bounds bounds, std::size_t concurrency)
    : cache(bounds,
            [this](const Entry& entry) {
              learner.forgot(entry.domain);
              shadow.evicted(entry);
            }),
      shadow({lane, lane, loop, time, time, log, metrics, cache}, std::move(store)),
      fetches(https, time, time, concurrency),
      learner({dns, loop, fetches, cache, shadow, time, time, log, metrics, [] { return 0.0; }}, learning),
      dane({dns, loop, cache, shadow, time, time, log, metrics}),
      service({learner, dane, cache, shadow, lane, time, time, log, metrics}, std::move(serving)),
      refresher({learner, fetches, cache, shadow, time, time, log}) {
  refresher.start();
  shadow.load([this](const StoredRow& row) { learner.adopt(row); }, [] {});
}

World::World() : store(std::make_shared<MemoryStore>()) { restart(); }
World::~World() = default;

void World::publish(const std::string& domain, const std::string& id, const std::string& body, seconds ttl) {
  set_id(domain, id, ttl);
  dns.set_address("mta-sts." + domain, "1.2.3.4");
  https.serve("mta-sts." + domain, body);
}

void World::set_id(const std::string& domain, const std::string& id, seconds ttl) {
  dns.set_txt("_mta-sts." + domain, {"v=STSv1; id=" + id + ";"}, ttl);
}

void World::go_dark(const std::string& domain) {
  dns.fail("_mta-sts." + domain, RrType::txt, DnsStatus::timeout);
  dns.fail("mta-sts." + domain, RrType::a, DnsStatus::timeout);
  dns.fail("mta-sts." + domain, RrType::aaaa, DnsStatus::timeout);
  https.fail("mta-sts." + domain, FetchFault::refused);
}

std::string World::ask(const std::string& key, const std::string& map_name) {
  std::string out;
  if (process->service.answer_now({map_name, key}, out)) {
    settle();
    return out;
  }
  auto question = std::make_unique<Question>();
  question->ticket =
      process->service.answer({map_name, key}, [q = question.get()](std::string_view payload) { q->reply = payload; });
  settle();
  questions_.push_back(std::move(question));
  return questions_.back()->reply;
}

std::string World::ask_and_wait(const std::string& key) {
  const std::string at_once = ask(key);
  if (at_once != kNoReply) return at_once;
  const Question& question = *questions_.back();
  time.advance(std::chrono::duration_cast<milliseconds>(serving.reply_timeout));
  settle();
  return question.reply;
}

std::vector<std::string> World::replies() const {
  std::vector<std::string> out;
  for (const auto& question : questions_) out.push_back(question->reply);
  return out;
}

// Zero timers and what executors post to one another, until nothing moves.
void World::settle() {
  for (;;) {
    const std::size_t ran = loop.run() + (store_stalled_ ? 0 : lane.run());
    time.advance(0ms);
    if (ran == 0 && loop.waiting() + (store_stalled_ ? 0 : lane.waiting()) == 0) return;
  }
}

void World::advance(seconds by) {
  settle();
  const LifeTime end = time.life() + by;
  while (time.life() < end) {
    const LifeTime due = process->cache.next_due();
    const bool quiet = due > time.life() + 60s && process->learner.under_way() == 0;
    time.advance(quiet ? std::min(due, end) - time.life() : 1s);
    settle();
  }
}

void World::restart(bool kill) {
  questions_.clear();
  if (process && !kill) {
    process->shadow.drain([] {});
    settle();
  }
  process.reset();
  loop = {};
  lane = {};
  process = std::make_unique<Process>(dns, https, time, loop, lane, log, store, learning, serving, bounds, concurrency);
}

}  // namespace tlspolicyd
