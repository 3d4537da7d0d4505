// Policy hosts from a table, with a log of what was fetched.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "manual_executor.h"
#include "fetch/https.h"

namespace tlspolicyd {

class FakeHttps final : public Https {
 public:
  explicit FakeHttps(ManualExecutor& loop) : loop_(loop) {}

  void serve(const std::string& host, std::string body) {
    table_[host] =
        FetchOutcome{.fault = FetchFault::none, .body = std::move(body), .status = 200, .content_type = "text/plain"};
  }
  void fail(const std::string& host, FetchFault fault) {
    table_[host] = FetchOutcome{.fault = fault, .detail = "scripted failure"};
  }
  // Fetches from this host are logged and stay open until release().
  void hold(const std::string& host) { held_[host]; }
  void release(const std::string& host) {
    auto waiting = std::move(held_[host]);
    held_.erase(host);
    for (auto& deliver : waiting) loop_.post(std::move(deliver));
  }

  [[nodiscard]] Ticket fetch(FetchRequest request, Done done) override {
    fetched.push_back(request);
    const auto alive = std::make_shared<bool>(true);
    auto deliver = [this, alive, host = request.host, done = std::move(done)] {
      if (*alive) done(outcome_of(host));
    };
    ++open_;
    const auto held = held_.find(request.host);
    if (held != held_.end()) held->second.push_back(std::move(deliver));
    else loop_.post(std::move(deliver));
    return Ticket([this, alive] {
      *alive = false;
      --open_;
    });
  }

  [[nodiscard]] std::size_t count(const std::string& host) const {
    std::size_t n = 0;
    for (const FetchRequest& request : fetched) n += request.host == host;
    return n;
  }
  [[nodiscard]] int open_tickets() const { return open_; }

  std::vector<FetchRequest> fetched;

 private:
  [[nodiscard]] FetchOutcome outcome_of(const std::string& host) const {
    const auto found = table_.find(host);
    return found == table_.end() ? FetchOutcome{.fault = FetchFault::refused} : found->second;
  }

  ManualExecutor& loop_;
  std::map<std::string, FetchOutcome> table_;
  std::map<std::string, std::vector<std::function<void()>>> held_;
  int open_ = 0;
};

}  // namespace tlspolicyd
