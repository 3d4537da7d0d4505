// Entries for the tests of cache/.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "fakes/patterns.h"
#include "sts/entry.h"

namespace tlspolicyd {

inline Domain domain_of(std::string_view text) { return Domain::parse(text).value(); }

inline std::shared_ptr<const HeldPolicy> held(Mode mode, seconds max_age, LifeTime fetched,
                                              std::string text = "version: STSv1") {
  return std::make_shared<const HeldPolicy>(HeldPolicy{
      .policy = {.mode = mode, .max_age = max_age, .mx = patterns({"mx1.d.example"}), .text = std::move(text)},
      .id = "20260101",
      .fetched = fetched});
}

inline Entry absence(std::string_view domain, LifeTime last_asked = LifeTime{}) {
  Entry entry{.domain = domain_of(domain)};
  entry.last_asked = last_asked;
  return entry;
}

inline Entry policy(std::string_view domain, Mode mode, seconds max_age, LifeTime fetched,
                    LifeTime last_asked = LifeTime{}) {
  Entry entry = absence(domain, last_asked);
  entry.held = held(mode, max_age, fetched);
  return entry;
}

}  // namespace tlspolicyd
