#include "explain/dane_words.h"

#include "explain/dns_words.h"

#include <algorithm>
#include <string_view>

namespace tlspolicyd {
namespace {

struct Words {
  std::string_view seen, rfc, cure;
};

Words words_for(MxState state) {
  switch (state) {
    case MxState::signed_records:
      return {"the MX records are signed: TLSA records of their hosts count", "RFC 7672 section 2.2.1", ""};
    case MxState::unsigned_records:
      return {"the MX records are not signed: DANE does not apply, whatever hosts they name", "RFC 7672 section 2.2.1",
              ""};
    case MxState::failed: break;
    case MxState::null_mx: return {"the domain says that it takes no mail", "RFC 7505 section 3", ""};
    case MxState::signed_denial:
      return {"no MX record, and that is signed: the domain itself is the host", "RFC 7672 section 2.2.1", ""};
    case MxState::unsigned_denial:
      return {"no MX record, and that is not signed: DANE does not apply", "RFC 7672 section 2.2.1", ""};
  }
  return {"the MX records cannot be looked up", "RFC 7672 section 2.1.2", ""};
}

Words words_for(HostFinding finding) {
  switch (finding) {
    case HostFinding::tlsa_usable:
      return {"signed TLSA records, usable: the certificate must match one of them", "RFC 7672 section 3.1", ""};
    case HostFinding::tlsa_unusable:
      return {"signed TLSA records, none of them usable: TLS is mandatory, the certificate is not checked by DANE",
              "RFC 7672 sections 2.2 and 3.1",
              "Publish records with usage 2 or 3, best \"3 1 1\" with the SHA-256 of the server's public key, or "
              "remove them."};
    case HostFinding::tlsa_absent:
      return {"no TLSA record, and that is signed: DANE does not apply to this host", "RFC 7672 section 2.2", ""};
    case HostFinding::tlsa_insecure:
      return {"what DNS says about TLSA is not signed: DANE does not apply to this host", "RFC 7672 section 2.2", ""};
    case HostFinding::address_insecure:
      return {"its addresses are not signed: DANE does not apply to this host", "RFC 7672 section 2.2.2", ""};
    case HostFinding::address_absent:
      return {"it has no address: no mail can go there", "RFC 5321 section 5.1",
              "Give the host an address, or take it out of the MX records."};
    case HostFinding::address_failed:
      return {"its addresses cannot be looked up: DANE makes it unreachable", "RFC 7672 section 2.1.2",
              "Make every name server of the zone answer, and check the zone with a DNSSEC tester."};
    case HostFinding::alias_failed:
      return {"whether its CNAME is signed cannot be told: DANE makes it unreachable", "RFC 7672 section 2.2.2",
              "Make every name server of the zone answer for the alias itself, too."};
    case HostFinding::tlsa_failed:
      return {"TLSA cannot be looked up: DANE makes the host unreachable", "RFC 7672 section 2.1.2",
              "Make every name server of the zone answer questions for TLSA, with a signed denial where there is "
              "no record."};
    case HostFinding::unanswered: break;
  }
  return {"not all answers are here", "RFC 7672 section 2.1.2", ""};
}

std::string records_text(const DnsAnswer& answer, std::size_t count) {
  const auto records = records_of<TlsaRdata>(answer);
  std::string out;
  for (const TlsaRdata& record : records)
    out += (out.empty() ? "" : ", ") + std::to_string(record.usage) + " " + std::to_string(record.selector) + " " +
           std::to_string(record.matching_type);
  if (count > records.size()) out += " and " + std::to_string(count - records.size()) + " more";
  return out;
}

std::string tlsa_text(const std::pair<std::string, DnsAnswer>& asked, std::size_t count) {
  const auto& [name, answer] = asked;
  if (answer.failed()) return "TLSA of " + name + ": " + std::string(name_of(answer.status));
  const std::string records = records_text(answer, count);
  return "TLSA of " + name + ": " + (records.empty() ? "none" : records) + " (" + dns_facts(answer) + ")";
}

std::string addresses_text(const HostReport& report) {
  const DnsAnswer& answer = report.a.status == DnsStatus::found ? report.a : report.aaaa;
  if (answer.status != DnsStatus::found) return "";
  return std::string("; ") + (&answer == &report.a ? "A" : "AAAA") + " " + dns_facts(answer);
}

Step mx_dane_step(const Domain& domain, const HopKey& hop, const DaneReport& report) {
  if (hop.bracketed)
    return {"dane", "signed", "the next hop is a host by itself: its TLSA records count", "RFC 7672 section 2.2.3", ""};
  const Words words = words_for(report.status.mx);
  if (report.status.mx != MxState::failed)
    return {"dane", std::string(name_of(report.status.mx)),
            std::string(words.seen) + " (MX " + dns_facts(report.mx) + ")", std::string(words.rfc), ""};
  Step step = dns_failure_step("dane", domain.text(), RrType::mx, report.mx);
  step.result = name_of(MxState::failed);
  step.rfc = words.rfc;
  return step;
}

Step host_step(const HostReport& report) {
  const Words words = words_for(report.host.finding);
  std::string detail = report.host.name + ": " + std::string(words.seen) + addresses_text(report);
  for (const auto& asked : report.tlsa) detail += "; " + tlsa_text(asked, report.tlsa_records);
  if (!report.trouble.empty()) detail += "; " + report.trouble;
  return {"tlsa", std::string(name_of(report.host.finding)), std::move(detail), std::string(words.rfc),
          std::string(words.cure)};
}

std::string first_trouble(const DaneReport& report) {
  if (report.status.mx == MxState::failed) return std::string(name_of(report.mx.status)) + " " + report.mx.detail;
  for (const HostReport& host : report.hosts)
    if (!host.trouble.empty()) return host.trouble;
  return "";
}

}  // namespace

std::vector<Step> dane_steps(const Domain& domain, const HopKey& hop, const DaneReport& report) {
  std::vector<Step> steps{mx_dane_step(domain, hop, report)};
  for (const HostReport& host : report.hosts) steps.push_back(host_step(host));
  return steps;
}

LogLine dane_line(const std::string& next_hop, const DaneReport& report) {
  LogLine line("dane");
  line.with("next_hop", next_hop).with("mx", name_of(report.status.mx)).with("hosts", report.status.hosts.size());
  for (const HostState state : {HostState::usable, HostState::unusable, HostState::none, HostState::failed}) {
    const auto count = std::count_if(report.status.hosts.begin(), report.status.hosts.end(),
                                     [=](const DaneHost& host) { return host.state() == state; });
    if (count != 0) line.with(name_of(state), count);
  }
  if (const std::string trouble = first_trouble(report); !trouble.empty()) line.with("reason", trouble);
  return line;
}

}  // namespace tlspolicyd
