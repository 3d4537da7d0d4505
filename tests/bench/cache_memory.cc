// What a million entries cost: real octets an entry by malloc's own account, beside the
// cache's estimate, and the time of what is done most. Run by hand.
#include <malloc.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

#include "cache/policy_cache.h"
#include "fakes/patterns.h"
#include "sts/decide.h"

using namespace tlspolicyd;

namespace {

constexpr int kEntries = 1'000'000;
constexpr LifeTime kNow{seconds(1'000'000)};

std::string name(int i) { return "mail-" + std::to_string(i * 7919LL % kEntries) + ".example.com"; }

Evidence nothing_published() { return {.txt = {.state = TxtSeen::State::absent, .ttl = seconds(300)}, .fetch = {}}; }

// Two patterns and the document's text.
Evidence ordinary_policy(const std::string& domain) {
  const std::vector<std::string> mx{"mx1." + domain, "*.mx." + domain};
  const std::string text = "version: STSv1\nmode: enforce\nmx: " + mx[0] + "\nmx: " + mx[1] + "\nmax_age: 604800";
  return {.txt = {.state = TxtSeen::State::id, .id = "20260101000000", .ttl = seconds(300)},
          .fetch = {.state = FetchSeen::State::fetched,
                    .policy = Policy{Mode::enforce, seconds(604800), patterns(mx), text}}};
}

Entry settled(const std::string& domain, const Evidence& seen) {
  Entry entry = settle(nullptr, Domain::parse(domain).value(), seen, kNow, {}, 0.5);
  entry.last_asked = kNow;
  return entry;
}

Entry absence(const std::string& domain) { return settled(domain, nothing_published()); }
Entry ordinary(const std::string& domain) { return settled(domain, ordinary_policy(domain)); }

std::size_t in_use() {
  const auto all = mallinfo2();
  return all.uordblks + all.hblkhd;
}

double nanoseconds_each(int times, const std::function<void(int)>& work) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) work(i);
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / times;
}

void measure(const char* kind, Entry (*make)(const std::string&)) {
  const std::size_t before = in_use();
  PolicyCache cache({.max_entries = kEntries, .max_octets = std::size_t{4} << 30}, [](const Entry&) {});
  const double put = nanoseconds_each(kEntries, [&](int i) { cache.put(make(name(i)), kNow); });
  const std::size_t real = in_use() - before;
  std::vector<std::string> names;
  for (int i = 0; i < kEntries; ++i) names.push_back(name(i * 31 % kEntries));
  const double find = nanoseconds_each(kEntries, [&](int i) { static_cast<void>(cache.find(names[i])); });
  const double touch =
      nanoseconds_each(kEntries, [&](int i) { cache.touch(*cache.find(names[i]), kNow + cache.touch_step()); });
  const double evict = nanoseconds_each(
      100'000, [&](int i) { cache.put(make("new-" + std::to_string(i) + ".example"), kNow + 2 * cache.touch_step()); });
  std::printf(
      "%-8s %4zu octets each, estimated %4zu; "
      "ns: settle and put %5.0f, find %4.0f, touch %4.0f, settle and put that evicts %5.0f\n",
      kind, real / kEntries, cache.census().octets / kEntries, put, find, touch, evict);
}

}  // namespace

int main() {
  measure("absence", absence);
  measure("policy", ordinary);
}
