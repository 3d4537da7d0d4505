#include "discover/dane_lookup.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace tlspolicyd {
namespace {

// Hosts looked up at a time: a stranger's twenty silent ones are not forty questions together.
constexpr std::size_t kAtOnce = 8;

// By preference, each once; equal ones by name, since DNS deals them out in any order. The root
// among others names no host (RFC 7505 section 3).
std::vector<std::string> hosts_of(const DnsAnswer& mx) {
  auto records = records_of<MxRdata>(mx);
  std::sort(records.begin(), records.end(), [](const MxRdata& a, const MxRdata& b) {
    return std::tie(a.preference, a.host) < std::tie(b.preference, b.host);
  });
  std::vector<std::string> hosts;
  for (MxRdata& record : records) {
    if (hosts.size() == kMaxDaneHosts) break;
    const bool known = std::find(hosts.begin(), hosts.end(), record.host) != hosts.end();
    if (!record.host.empty() && !known) hosts.push_back(std::move(record.host));
  }
  return hosts;
}

}  // namespace

DaneLookup::DaneLookup(Ports ports, Domain domain, HopKey hop, Done done, OnMx on_mx)
    : mx_dns_(ports.mx),
      host_dns_(ports.hosts),
      domain_(std::move(domain)),
      hop_(hop),
      done_(std::move(done)),
      on_mx_(std::move(on_mx)) {}

void DaneLookup::start() {
  if (!hop_.bracketed) {
    mx_ticket_ = mx_dns_.ask({domain_.text(), RrType::mx}, [this](const DnsAnswer& answer) { on_mx(answer); });
    return;
  }
  mx_known_ = true;
  mx_state_ = MxState::signed_records;
  mx_.ttl = kMaxDaneCurrent;
  look_up({domain_.text()});
}

void DaneLookup::on_mx(const DnsAnswer& answer) {
  mx_ = answer;
  const std::vector<std::string> hosts = judge(answer);
  mx_known_ = true;
  if (on_mx_) on_mx_(mx_state_);
  look_up(hosts);
}

// The hosts to be asked about TLSA.
std::vector<std::string> DaneLookup::judge(const DnsAnswer& answer) {
  if (answer.failed()) return {};
  if (answer.status == DnsStatus::found) return judge_records(answer);
  mx_state_ = answer.authentic ? MxState::signed_denial : MxState::unsigned_denial;
  // A name that does not exist has no addresses either.
  if (!answer.authentic || answer.status != DnsStatus::no_data) return {};
  return {domain_.text()};
}

// RFC 7672 section 2.2.1: an unsigned RRset may name anybody's hosts.
std::vector<std::string> DaneLookup::judge_records(const DnsAnswer& answer) {
  auto hosts = hosts_of(answer);
  mx_state_ = hosts.empty() ? MxState::null_mx : answer.authentic ? MxState::signed_records : MxState::unsigned_records;
  if (mx_state_ != MxState::signed_records) hosts.clear();
  return hosts;
}

void DaneLookup::look_up(const std::vector<std::string>& hosts) {
  if (hosts.empty()) return finish();
  awaited_ = hosts.size();
  for (const std::string& host : hosts)
    hosts_.push_back(std::make_unique<HostDaneLookup>(host_dns_, host, hop_.port, reads_left_, [this] { on_host(); }));
  while (started_ < std::min(hosts_.size(), kAtOnce)) hosts_[started_++]->start();
}

void DaneLookup::on_host() {
  if (--awaited_ == 0) return finish();
  if (started_ < hosts_.size()) hosts_[started_++]->start();
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
