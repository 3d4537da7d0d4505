#include "learn/nat64_watch.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace tlspolicyd {
namespace {

// Networks change, and a TTL may be of any length.
constexpr seconds kSoonest{60}, kLatest{3600};

std::vector<IpAddress> addresses_of(const DnsAnswer& answer) {
  std::vector<IpAddress> out;
  for (const AddressRdata& record : records_of<AddressRdata>(answer)) out.push_back(record.address);
  return out;
}

std::string words(const Nat64Prefixes& prefixes) {
  std::vector<std::string> texts;
  for (const Nat64Prefix& prefix : prefixes) texts.push_back(to_text(prefix));
  return texts.empty() ? "none" : join(texts, " ");
}

}  // namespace

Nat64Watch::Nat64Watch(Dns& dns, Timers& timers, Logger* log)
    : dns_(dns), log_(log), again_(timers.make([this] { ask(); })) {}

void Nat64Watch::ask() {
  ticket_ = dns_.ask({kNat64Name, RrType::aaaa}, [this](const DnsAnswer& answer) { on_answer(answer); });
}

void Nat64Watch::on_answer(const DnsAnswer& answer) {
  again_->start(std::clamp(answer.ttl, kSoonest, kLatest));
  if (answer.failed()) return;
  Nat64Prefixes found = nat64_prefixes(addresses_of(answer));
  if (found == prefixes_) return;
  prefixes_ = std::move(found);
  if (log_ != nullptr) log_->info(LogLine("nat64").with("prefixes", words(prefixes_)));
}

}  // namespace tlspolicyd
