// Name service from a table, with a log of what was asked. Answers come on a later
// turn, as the real one's do.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "manual_executor.h"
#include "dns/dns.h"

namespace tlspolicyd {

class FakeDns final : public Dns {
 public:
  explicit FakeDns(ManualExecutor& loop) : loop_(loop) {}

  // What is not set is NXDOMAIN with a negative TTL of 60 s.
  void set(const std::string& name, RrType type, DnsAnswer answer) { table_[{name, type}] = std::move(answer); }
  void set_txt(const std::string& name, std::vector<std::string> texts, seconds ttl = seconds(300)) {
    DnsAnswer answer{.status = DnsStatus::found, .ttl = ttl};
    for (std::string& text : texts) answer.records.emplace_back(TxtRdata{std::move(text)});
    set(name, RrType::txt, std::move(answer));
  }
  void set_address(const std::string& name, std::string_view address, seconds ttl = seconds(300)) {
    const auto ip = parse_ip(address);
    DnsAnswer answer{.status = DnsStatus::found, .records = {AddressRdata{*ip}}, .ttl = ttl};
    set(name, ip->family == IpAddress::Family::v4 ? RrType::a : RrType::aaaa, std::move(answer));
  }
  // As a validating resolver tells it, or a forger: with AD or without.
  void set_records(const std::string& name, RrType type, std::vector<Rdata> records, bool authentic,
                   seconds ttl = seconds(300)) {
    set(name, type,
        DnsAnswer{.status = DnsStatus::found, .records = std::move(records), .authentic = authentic, .ttl = ttl});
  }
  void deny(const std::string& name, RrType type, bool authentic, DnsStatus status = DnsStatus::no_data) {
    set(name, type, DnsAnswer{.status = status, .authentic = authentic, .ttl = seconds(300)});
  }
  void fail(const std::string& name, RrType type, DnsStatus status) {
    set(name, type, DnsAnswer{.status = status, .detail = "scripted failure"});
  }
  void erase(const std::string& name, RrType type) { table_.erase({name, type}); }
  // While on, questions are logged and never answered.
  void hang(bool on) { hanging_ = on; }
  // The same for one name.
  void hold(const std::string& name) { held_.insert(name); }
  // Questions for one type of it are logged and stay open until release().
  void hold(const std::string& name, RrType type) { late_[{name, type}]; }
  void release(const std::string& name, RrType type) {
    const auto node = late_.extract({name, type});
    for (auto& deliver : node.mapped()) loop_.post(std::move(deliver));
  }

  using Dns::ask;
  [[nodiscard]] Ticket ask(const DnsQuestion& question, DnsTurn turn, Done done) override {
    asked.push_back(question);
    turns[question.name] = turn;
    const auto alive = std::make_shared<bool>(true);
    auto deliver = [this, alive, question, done = std::move(done)] {
      if (*alive) done(answer_to(question));
    };
    const auto late = late_.find({question.name, question.type});
    if (late != late_.end()) late->second.push_back(std::move(deliver));
    else if (!hanging_ && held_.count(question.name) == 0) loop_.post(std::move(deliver));
    return Ticket([alive] { *alive = false; });
  }

  [[nodiscard]] std::size_t count(const std::string& name, RrType type) const {
    return static_cast<std::size_t>(std::count(asked.begin(), asked.end(), DnsQuestion{name, type}));
  }

  std::vector<DnsQuestion> asked;
  std::map<std::string, DnsTurn> turns;  // by name, the last

 private:
  [[nodiscard]] DnsAnswer answer_to(const DnsQuestion& question) const {
    const auto found = table_.find({question.name, question.type});
    if (found != table_.end()) return found->second;
    return DnsAnswer{.status = DnsStatus::no_name, .ttl = seconds(60)};
  }

  ManualExecutor& loop_;
  std::map<std::pair<std::string, RrType>, DnsAnswer> table_;
  std::set<std::string> held_;
  std::map<std::pair<std::string, RrType>, std::vector<std::function<void()>>> late_;
  bool hanging_ = false;
};

}  // namespace tlspolicyd
