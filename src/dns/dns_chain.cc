#include "dns/dns_chain.h"

#include <algorithm>

namespace tlspolicyd {
namespace {

// NXDOMAIN speaks of the end of the chain (RFC 6604), where then no record can be.
bool contradicts_itself(const DnsMessage& message) {
  return message.rcode == Rcode::nxdomain &&
         std::any_of(message.answers.begin(), message.answers.end(), [&](const DnsRecord& record) {
           return record.type == message.question.type && record.type != RrType::cname;
         });
}

}  // namespace

DnsChain::Next DnsChain::take(const DnsMessage& message) {
  if (contradicts_itself(message)) return Next::contradiction;
  question_.name = message.question.name;  // the same, in canonical spelling
  if (answer_.chain.empty()) first_name_ = question_.name;
  answer_.authentic = answer_.authentic && message.authentic;
  const std::size_t steps_before = answer_.chain.size();
  for (;;) {
    if (collect(message)) return finish(DnsStatus::found);
    const DnsRecord* cname = alias(message);
    if (!cname) break;
    use_ttl(cname->ttl);
    const std::string& target = std::get<CnameRdata>(cname->rdata).target;
    if (!step_to(target)) return give_up(target);
  }
  const bool moved = answer_.chain.size() > steps_before;
  if (moved && message.rcode == Rcode::noerror && !message.negative_ttl) return Next::ask;
  return deny(message);
}

bool DnsChain::collect(const DnsMessage& message) {
  for (const DnsRecord& record : message.answers) {
    if (record.type != question_.type || record.owner != question_.name) continue;
    answer_.records.push_back(record.rdata);
    use_ttl(record.ttl);
  }
  return !answer_.records.empty();
}

const DnsRecord* DnsChain::alias(const DnsMessage& message) const {
  const auto found = std::find_if(message.answers.begin(), message.answers.end(), [this](const DnsRecord& record) {
    return record.type == RrType::cname && record.owner == question_.name;
  });
  return found == message.answers.end() ? nullptr : &*found;
}

bool DnsChain::step_to(const std::string& target) {
  if (visited(target) || answer_.chain.size() == kStepsMax) return false;
  answer_.chain.push_back(target);
  question_.name = target;
  return true;
}

bool DnsChain::visited(const std::string& name) const {
  return name == first_name_ || std::find(answer_.chain.begin(), answer_.chain.end(), name) != answer_.chain.end();
}

DnsChain::Next DnsChain::finish(DnsStatus status) {
  answer_.status = status;
  return Next::finished;
}

DnsChain::Next DnsChain::deny(const DnsMessage& message) {
  use_ttl(message.negative_ttl.value_or(seconds(0)));
  return finish(message.rcode == Rcode::nxdomain ? DnsStatus::no_name : DnsStatus::no_data);
}

DnsChain::Next DnsChain::give_up(const std::string& target) {
  answer_.detail = visited(target) ? "CNAME loop at " + target
                                   : "more than " + std::to_string(kStepsMax) + " CNAMEs at " + first_name_;
  answer_.authentic = false;
  answer_.ttl = seconds(0);
  return finish(DnsStatus::cname_loop);
}

}  // namespace tlspolicyd
