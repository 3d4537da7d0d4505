// The real service (learner, cache, store shadow, refresher) over a scripted world:
// time, name service, policy hosts and disk move only when a scenario says so.
//
//   World world;
//   world.publish("d.example", "id1", kEnforce);
//   CHECK(world.ask("d.example") == kSecure);
//   world.advance(301s);
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cache/policy_cache.h"
#include "store/store_shadow.h"
#include "fakes/captured_log.h"
#include "fakes/fake_dns.h"
#include "fakes/fake_https.h"
#include "fakes/fake_time.h"
#include "fakes/manual_executor.h"
#include "fakes/memory_store.h"
#include "learn/dane_learner.h"
#include "fetch/fetch_queue.h"
#include "learn/learner.h"
#include "answer/policy_service.h"
#include "learn/refresher.h"

namespace tlspolicyd {

using namespace std::chrono_literals;

inline const std::string kEnforce = "version: STSv1\nmode: enforce\nmx: mx1.d.example\nmax_age: 604800\n";
inline const std::string kTesting = "version: STSv1\nmode: testing\nmx: mx1.d.example\nmax_age: 604800\n";
inline const std::string kNone = "version: STSv1\nmode: none\nmax_age: 86400\n";
inline const std::string kSecure = "OK secure match=mx1.d.example servername=hostname";
inline const std::string kNothing = "NOTFOUND ";
inline const std::string kNoReply = "(no reply)";

// A policy in `mode` for one MX host.
[[nodiscard]] std::string document(std::string_view mode, std::string_view mx, seconds max_age);

// The part that ends with the process: everything but the world outside.
struct Process {
  Process(Dns& dns, Https& https, FakeTime& time, ManualExecutor& loop, ManualExecutor& lane, Logger& log,
          std::shared_ptr<Store> store, Learner::Options learning, PolicyService::Options serving,
          PolicyCache::Bounds bounds, std::size_t concurrency);

  Metrics metrics;
  PolicyCache cache;
  StoreShadow shadow;
  FetchQueue fetches;
  Learner learner;
  DaneLearner dane;
  PolicyService service;
  Refresher refresher;
};

class World {
 public:
  World();
  ~World();

  // TXT, an address for the policy host, and the document.
  void publish(const std::string& domain, const std::string& id, const std::string& body, seconds ttl = 300s);
  void set_id(const std::string& domain, const std::string& id, seconds ttl = 300s);
  // Everything about the domain stops answering: TXT and addresses time out, HTTPS is refused.
  void go_dark(const std::string& domain);

  // Asks, lets the loop settle, and gives the reply; kNoReply if none came yet.
  std::string ask(const std::string& key, const std::string& map_name = "QUERY");
  // The same when TXT or HTTPS hang: lets reply_timeout pass.
  std::string ask_and_wait(const std::string& key);

  // What the questions that had to wait got, in order.
  [[nodiscard]] std::vector<std::string> replies() const;

  // Moves time in steps of at most a second and lets the loop settle after each; long
  // stretches go faster, hour by hour, where nothing is due.
  void advance(seconds by);
  void settle();
  // From now on the store does nothing that it is asked for, or goes on with it.
  void stall_store(bool stalled) { store_stalled_ = stalled; }

  // A new process on the same disk. kill: what the lane had not begun is lost.
  void restart(bool kill = false);

  [[nodiscard]] const Entry* entry(const std::string& domain) const { return process->cache.find(domain); }
  [[nodiscard]] std::size_t fetches(const std::string& domain) const { return https.count("mta-sts." + domain); }
  [[nodiscard]] std::size_t txt_questions(const std::string& domain) const {
    return dns.count("_mta-sts." + domain, RrType::txt);
  }

  FakeTime time;
  ManualExecutor loop, lane;
  CapturedLog log;
  FakeDns dns{loop};
  FakeHttps https{loop};
  std::shared_ptr<MemoryStore> store;
  Learner::Options learning;
  PolicyService::Options serving;
  PolicyCache::Bounds bounds;
  std::size_t concurrency = 100;
  std::unique_ptr<Process> process;

 private:
  struct Question;
  bool store_stalled_ = false;
  std::vector<std::unique_ptr<Question>> questions_;
};

}  // namespace tlspolicyd
