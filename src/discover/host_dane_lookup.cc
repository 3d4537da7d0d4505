#include "discover/host_dane_lookup.h"

#include <algorithm>

#include "tls/tlsa.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kMostTold = 5;  // records of one answer, for people

bool found(const DnsAnswer& answer) { return answer.status == DnsStatus::found; }
bool found_secure(const DnsAnswer& answer) { return found(answer) && answer.authentic; }

// Some hundred records may have come; what is told of them is a few numbers.
DnsAnswer without_data(const DnsAnswer& answer, std::size_t most) {
  DnsAnswer out = answer;
  auto records = records_of<TlsaRdata>(answer);
  out.records.clear();
  for (TlsaRdata& record : records) {
    if (out.records.size() == most) break;
    record.data.clear();
    out.records.emplace_back(std::move(record));
  }
  return out;
}

}  // namespace

HostDaneLookup::HostDaneLookup(Dns& dns, std::string host, std::uint16_t port, std::size_t& reads_left, Done done)
    : dns_(dns), port_(port), reads_left_(reads_left), done_(std::move(done)) {
  report_.host.name = std::move(host);
}

void HostDaneLookup::start() {
  const std::string& host = report_.host.name;
  a_ticket_ = dns_.ask({host, RrType::a}, [this](const DnsAnswer& answer) { on_address(report_.a, answer); });
  aaaa_ticket_ = dns_.ask({host, RrType::aaaa}, [this](const DnsAnswer& answer) { on_address(report_.aaaa, answer); });
}

void HostDaneLookup::on_address(DnsAnswer& family, const DnsAnswer& answer) {
  family = answer;
  family.records.clear();
  use_ttl(answer);
  if (--addresses_awaited_ == 0) judge_addresses();
}

// One secure address is enough for mail to go there under DANE. An insecure A tells what the
// zone is, whatever AAAA says; an insecure AAAA does not, since DNS64 makes such of signed A.
void HostDaneLookup::judge_addresses() {
  const DnsAnswer &a = report_.a, &aaaa = report_.aaaa;
  for (const DnsAnswer* address : {&a, &aaaa})
    if (found_secure(*address))
      return ask_tlsa(address->chain.empty() ? std::vector{report_.host.name}
                                             : std::vector{report_.host.name, address->chain.back()});
  if (found(a)) return judge_insecure(a);
  if (a.failed()) return fail(HostFinding::address_failed, RrType::a, report_.host.name, a);
  if (aaaa.failed()) return fail(HostFinding::address_failed, RrType::aaaa, report_.host.name, aaaa);
  if (found(aaaa)) return judge_insecure(aaaa);
  finish(HostFinding::address_absent);
}

// RFC 7672 section 2.2.2: an alias may be signed although what it leads to is not.
void HostDaneLookup::judge_insecure(const DnsAnswer& address) {
  if (address.chain.empty()) return finish(HostFinding::address_insecure);
  alias_ticket_ = dns_.ask({report_.host.name, RrType::cname}, [this](const DnsAnswer& answer) { on_alias(answer); });
}

void HostDaneLookup::on_alias(const DnsAnswer& answer) {
  use_ttl(answer);
  if (answer.failed()) return fail(HostFinding::alias_failed, RrType::cname, report_.host.name, answer);
  if (!found_secure(answer)) return finish(HostFinding::address_insecure);
  ask_tlsa({report_.host.name});
}

void HostDaneLookup::ask_tlsa(std::vector<std::string> bases) {
  bases_ = std::move(bases);
  ask_next_tlsa();
}

void HostDaneLookup::ask_next_tlsa() {
  const std::string name = "_" + std::to_string(port_) + "._tcp." + bases_.back();
  bases_.pop_back();
  tlsa_ticket_ = dns_.ask({name, RrType::tlsa}, [this, name](const DnsAnswer& answer) { on_tlsa(name, answer); });
}

// RFC 7672 section 2.2.3: the next base domain only where this one has no secure records.
void HostDaneLookup::on_tlsa(const std::string& name, const DnsAnswer& answer) {
  use_ttl(answer);
  const auto records = records_of<TlsaRdata>(answer);
  report_.tlsa.emplace_back(name, without_data(answer, kMostTold));
  report_.tlsa_records = records.size();
  if (answer.failed()) return fail(HostFinding::tlsa_failed, RrType::tlsa, name, answer);
  if (found_secure(answer)) return judge_records(name, records);
  if (!answer.authentic) without_records_ = HostFinding::tlsa_insecure;
  if (!bases_.empty()) return ask_next_tlsa();
  finish(without_records_);
}

void HostDaneLookup::judge_records(const std::string& name, const std::vector<TlsaRdata>& records) {
  switch (use_of(records, reads_left_)) {
    case TlsaUse::usable: return finish(HostFinding::tlsa_usable);
    case TlsaUse::unusable: return finish(HostFinding::tlsa_unusable);
    case TlsaUse::unread: break;
  }
  report_.trouble = "TLSA of " + name + ": more certificates and keys to read than any host needs";
  finish(HostFinding::tlsa_failed);
}

void HostDaneLookup::fail(HostFinding finding, RrType type, const std::string& name, const DnsAnswer& answer) {
  report_.trouble = std::string(name_of(type)) + " of " + name + ": " + std::string(name_of(answer.status));
  if (!answer.detail.empty()) report_.trouble += ": " + answer.detail;
  finish(finding);
}

void HostDaneLookup::finish(HostFinding finding) {
  report_.host.finding = finding;
  done_();
}

void HostDaneLookup::use_ttl(const DnsAnswer& answer) { report_.ttl = std::min(report_.ttl, answer.ttl); }

}  // namespace tlspolicyd
