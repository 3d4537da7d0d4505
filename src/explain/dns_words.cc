#include "explain/dns_words.h"

#include <algorithm>
#include <string_view>

namespace tlspolicyd {
namespace {

struct DnsWords {
  std::string_view result, seen, rfc, cure;
};

DnsWords words_for(DnsStatus status) {
  switch (status) {
    case DnsStatus::timeout:
      return {"timeout", "no answer in time", "RFC 1035 section 4.2.1",
              "Make every name server of the zone answer, over UDP and TCP; if other domains fail here "
              "too, look at the resolver of this machine."};
    case DnsStatus::unreachable:
      return {"resolver_unreachable", "the resolver of this host cannot be reached", "RFC 1034 section 5.3.1",
              "Start the resolver, or name another one by the parameter resolver or in /etc/resolv.conf: nothing is "
              "known of the domain."};
    case DnsStatus::refused:
      return {"resolver_refuses", "the resolver of this host refuses the question", "RFC 1035 section 4.1.1",
              "If it refuses every name, allow this host in the resolver's access list (unbound: access-control, BIND: "
              "allow-recursion); if only this one, make every name server of the zone serve it; if only under load, "
              "raise the resolver's limits (dnsmasq: dns-forward-max)."};
    case DnsStatus::tcp_failed:
      return {"tcp_failed", "the answer is too long for UDP and does not come over TCP", "RFC 7766 section 5",
              "Let the resolver, and each firewall before it, answer over TCP port 53, too."};
    case DnsStatus::malformed:
      return {"malformed_answer", "malformed answers", "RFC 1035 section 4.1",
              "Look for a name server or a middlebox that sends broken DNS packets."};
    case DnsStatus::cname_loop:
      return {"cname_loop", "the CNAME chain does not end", "RFC 1034 section 3.6.2",
              "Let the CNAME end, after a few steps at most, at a name that holds the record itself."};
    case DnsStatus::overloaded:
      return {"overloaded", "not asked: too many lookups wait already", "RFC 1034 section 5.3.1",
              "Not the domain's fault: try again when this host is less busy."};
    case DnsStatus::not_validated:
      return {"not_validated", "not asked: no resolver of this host validates DNSSEC", "RFC 7672 section 2.1",
              "Let the resolver validate DNSSEC (unbound: auto-trust-anchor-file, BIND: dnssec-validation auto)."};
    case DnsStatus::server_failure:
    case DnsStatus::found:
    case DnsStatus::no_data:
    case DnsStatus::no_name: break;
  }
  return {"server_failure", "a server failure (SERVFAIL or another error code)", "RFC 4035 section 5.5",
          "Check the zone with a DNSSEC tester: expired or missing signatures are the usual cause, a "
          "name server that does not serve the zone the next."};
}

// The rule that makes the look-up needed, then the one that says what its failure means.
std::string rule_for(std::string_view step, std::string_view rfc) {
  std::string_view section = "3.3";
  if (step == "txt") section = "3.1";
  if (step == "mx") section = "4.1";
  return "RFC 8461 section " + std::string(section) + ", " + std::string(rfc);
}

bool no_address(const DnsAnswer& answer) { return records_of<AddressRdata>(answer).empty(); }

std::string list(const DnsAnswer& answer, const std::vector<IpAddress>& usable) {
  std::string out;
  for (const AddressRdata& record : records_of<AddressRdata>(answer)) {
    if (!out.empty()) out += ", ";
    out += to_text(record.address);
    if (std::find(usable.begin(), usable.end(), record.address) == usable.end()) out += " (skipped)";
  }
  return out;
}

std::string seen_for(const DnsAnswer& answer, RrType type, const std::vector<IpAddress>& usable) {
  const std::string head = std::string(name_of(type)) + " ";
  if (answer.failed()) return head + std::string(words_for(answer.status).seen);
  if (no_address(answer)) return head + "none";
  return head + list(answer, usable) + " (" + dns_facts(answer) + ")";
}

}  // namespace

std::string dns_facts(const DnsAnswer& answer) {
  std::string out = "TTL " + std::to_string(answer.ttl.count()) + "s, AD ";
  out += answer.authentic ? "set" : answer.ad_ignored ? "set but not trusted here" : "not set";
  if (!answer.chain.empty()) out += ", by CNAME to " + answer.chain.back();
  return out;
}

Step dns_failure_step(std::string step, const std::string& name, RrType type, const DnsAnswer& answer) {
  const DnsWords words = words_for(answer.status);
  std::string detail = name.empty() ? "" : std::string(name_of(type)) + " of " + name + ": ";
  detail.append(words.seen);
  if (!answer.detail.empty()) detail += ": " + answer.detail;
  std::string rfc = rule_for(step, words.rfc);
  return {std::move(step), std::string(words.result), std::move(detail), std::move(rfc), std::string(words.cure)};
}

Step resolver_step(const DnsQuestion& asked, const DnsAnswer& answer) {
  const DnsWords words = words_for(answer.status);
  std::string detail = std::string(name_of(asked.type)) + " of " + (asked.name.empty() ? "." : asked.name) + ": " +
                       std::string(words.seen);
  if (!answer.detail.empty()) detail += ": " + answer.detail;
  const bool told = answer.status == DnsStatus::unreachable || answer.status == DnsStatus::refused;
  constexpr std::string_view kCure =
      "Look at the resolver of this host, and at its way to the Internet: it fails for other names, too.";
  return {"resolver", std::string(words.result), std::move(detail), std::string(words.rfc),
          std::string(told ? words.cure : kCure)};
}

Step address_step(const std::string& host, const DnsAnswer& a, const DnsAnswer& aaaa,
                  const std::vector<IpAddress>& usable) {
  const std::string seen = seen_for(a, RrType::a, usable) + "; " + seen_for(aaaa, RrType::aaaa, usable);
  if (!usable.empty()) return {"address", "ok", seen, "RFC 8461 section 3.3", ""};
  if (!no_address(a) || !no_address(aaaa))
    return {"address", "private_addresses", seen, "RFC 8461 section 3.3, RFC 6890 section 2.2",
            "Give the policy host an address that the whole Internet can reach. If this domain is "
            "internal on purpose, set allow_private_addresses = yes here."};
  if (a.failed()) return dns_failure_step("address", host, RrType::a, a);
  if (aaaa.failed()) return dns_failure_step("address", host, RrType::aaaa, aaaa);
  return {"address", "no_address", seen, "RFC 8461 section 3.3",
          "Publish an A or AAAA record for " + host + ", pointing to the web server that has the policy."};
}

}  // namespace tlspolicyd
