#include "service/dane_lookup.h"

#include <algorithm>
#include <utility>

namespace tlspolicyd {
namespace {

// By preference, each once. The root among others names no host (RFC 7505 section 3).
std::vector<std::string> hosts_of(const DnsAnswer& mx) {
  auto records = records_of<MxRdata>(mx);
  std::stable_sort(records.begin(), records.end(),
                   [](const MxRdata& a, const MxRdata& b) { return a.preference < b.preference; });
  std::vector<std::string> hosts;
  for (MxRdata& record : records) {
    if (hosts.size() == kMaxDaneHosts) break;
    const bool known = std::find(hosts.begin(), hosts.end(), record.host) != hosts.end();
    if (!record.host.empty() && !known) hosts.push_back(std::move(record.host));
  }
  return hosts;
}

}  // namespace

DaneLookup::DaneLookup(Dns& dns, Executor& loop, Domain domain, HopKey hop, Done done)
    : dns_(dns, loop), domain_(std::move(domain)), hop_(hop), done_(std::move(done)) {}

void DaneLookup::start() {
  if (!hop_.bracketed) {
    mx_ticket_ = dns_.ask({domain_.text(), RrType::mx}, [this](const DnsAnswer& answer) { on_mx(answer); });
    return;
  }
  mx_state_ = MxState::signed_records;
  mx_.ttl = kMaxDaneCurrent;
  look_up({domain_.text()});
}

void DaneLookup::on_mx(const DnsAnswer& answer) {
  mx_ = answer;
  if (answer.failed()) return finish();
  if (answer.status == DnsStatus::found) return judge_records(answer);
  mx_state_ = answer.authentic ? MxState::signed_denial : MxState::unsigned_denial;
  // A name that does not exist has no addresses either.
  const bool is_host = answer.status == DnsStatus::no_data;
  look_up(answer.authentic && is_host ? std::vector{domain_.text()} : std::vector<std::string>());
}

// RFC 7672 section 2.2.1: an unsigned RRset may name anybody's hosts.
void DaneLookup::judge_records(const DnsAnswer& answer) {
  const auto hosts = hosts_of(answer);
  mx_state_ = hosts.empty() ? MxState::null_mx
                            : answer.authentic ? MxState::signed_records : MxState::unsigned_records;
  look_up(mx_state_ == MxState::signed_records ? hosts : std::vector<std::string>());
}

void DaneLookup::look_up(const std::vector<std::string>& hosts) {
  if (hosts.empty()) return finish();
  awaited_ = hosts.size();
  for (const std::string& host : hosts)
    hosts_.push_back(std::make_unique<HostDaneLookup>(dns_, host, hop_.port, [this] { on_host(); }));
  for (const auto& host : hosts_) host->start();
}

void DaneLookup::on_host() {
  if (--awaited_ == 0) finish();
}

DaneStatus DaneLookup::so_far() const {
  DaneStatus status{mx_state_, {}};
  for (const auto& host : hosts_) status.hosts.push_back(host->report().host);
  // Securely no such name: no host that mail could go to.
  if (status.hosts.empty() && mx_state_ == MxState::signed_denial)
    status.hosts.push_back({domain_.text(), HostFinding::address_absent});
  return status;
}

void DaneLookup::finish() {
  DaneReport report{so_far(), mx_.ttl, std::move(mx_), {}};
  for (const auto& host : hosts_) {
    report.ttl = std::min(report.ttl, host->report().ttl);
    report.hosts.push_back(host->report());
  }
  done_(std::move(report));
}

}  // namespace tlspolicyd
