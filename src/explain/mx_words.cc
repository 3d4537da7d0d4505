#include "explain/mx_words.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "explain/dns_words.h"
#include "sts/mx_pattern.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kMatching = "RFC 8461 section 4.1";
constexpr std::size_t kMostNamed = 20;  // hosts in one sentence

using Names = std::vector<std::string>;

// In the order in which senders try them.
Names hosts_of(const DnsAnswer& mx) {
  auto records = records_of<MxRdata>(mx);
  std::stable_sort(records.begin(), records.end(),
                   [](const MxRdata& a, const MxRdata& b) { return a.preference < b.preference; });
  Names out;
  for (const MxRdata& record : records) out.push_back(record.host);
  return out;
}

std::string named(const Names& hosts) {
  std::string out;
  for (std::size_t i = 0; i < std::min(hosts.size(), kMostNamed); ++i) out += (i == 0 ? "" : ", ") + hosts[i];
  if (hosts.size() > kMostNamed) out += " and " + std::to_string(hosts.size() - kMostNamed) + " more";
  return out;
}

Names not_covered(const Names& hosts, const Policy& policy) {
  Names out;
  for (const std::string& host : hosts)
    if (!any_mx_matches(policy.mx.list(), host)) out.push_back(host);
  return out;
}

Step compare(const Names& hosts, const Policy& policy, const std::string& where) {
  const Names bad = not_covered(hosts, policy);
  if (bad.empty()) return {"mx", "ok", named(hosts) + ": covered by the patterns" + where, std::string(kMatching), ""};
  const bool all = bad.size() == hosts.size();
  std::string detail = named(hosts) + where + ": no mx pattern of the policy covers ";
  detail += !all ? named(bad) : hosts.size() == 1 ? "it" : "any of them";
  detail += policy.mode == Mode::enforce ? ", so senders that obey the policy deliver no mail there"
                                         : ", under mode enforce no mail would be delivered there";
  return {"mx", all ? "none_covered" : "not_covered", std::move(detail), std::string(kMatching),
          "Add an mx line to the policy for each of them, or take them out of the MX records; "
          "then change the id in the TXT record."};
}

Step without_mx(const Domain& domain, const MailHosts& hosts, const Policy& policy) {
  for (const auto* family : {&hosts.a, &hosts.aaaa})
    if (family->status == DnsStatus::found)
      return compare({domain.text()}, policy, " (no MX record: the domain is its own mail server)");
  if (hosts.a.failed()) return dns_failure_step("mx", domain.text(), RrType::a, hosts.a);
  if (hosts.aaaa.failed()) return dns_failure_step("mx", domain.text(), RrType::aaaa, hosts.aaaa);
  return {"mx", "no_mail_server", "neither an MX record nor an address", "RFC 5321 section 5.1",
          "Publish MX records for the domain, or withdraw the policy if it takes no mail."};
}

bool is_null_mx(const Names& hosts) { return hosts.size() == 1 && hosts.front().empty(); }

struct Verdict {
  std::string_view result, detail, cure;
};

Verdict verdict_of(const Policy& policy) {
  switch (policy.mode) {
    case Mode::enforce:
      return {"secure", "mail goes only to the hosts of the policy, over TLS with a valid certificate", ""};
    case Mode::testing:
      return {"testing", "the policy is fine, but in mode testing: mail is delivered whatever TLS says",
              "When the TLS reports show no failures, write mode: enforce and change the id in the TXT record."};
    case Mode::none: break;
  }
  return {"none", "the domain has switched MTA-STS off (mode none): mail is delivered as without a policy", ""};
}

}  // namespace

bool MailHosts::unknown() const {
  if (mx.failed()) return true;
  const bool addressed = a.status == DnsStatus::found || aaaa.status == DnsStatus::found;
  return mx.status != DnsStatus::found && !addressed && (a.failed() || aaaa.failed());
}

Step mx_step(const Domain& domain, const MailHosts& hosts, const Policy& policy) {
  if (hosts.mx.failed()) return dns_failure_step("mx", domain.text(), RrType::mx, hosts.mx);
  const Names names = hosts_of(hosts.mx);
  if (names.empty()) return without_mx(domain, hosts, policy);
  if (is_null_mx(names))
    return {"mx", "null_mx", "the domain says that it takes no mail (" + dns_facts(hosts.mx) + ")",
            "RFC 7505 section 3", "Remove the null MX if the domain takes mail, else withdraw the policy."};
  return compare(names, policy, " (" + dns_facts(hosts.mx) + ")");
}

Step next_hop_step(const Domain& domain, const Policy& policy) {
  Step step = compare({domain.text()}, policy, " (the next hop is a host by itself)");
  if (!step.cure.empty())
    step.cure = "Add an mx line for this host to its own policy, then change the id in the TXT record.";
  return step;
}

Step precedence_step(const ReplyRules& rules, AdBit ad) {
  constexpr const char* kRfc = "RFC 8461 section 2";
  const BaseLevel level = rules.level;
  if (rules.dane_active) return {"precedence", "on", "DANE goes before MTA-STS", kRfc, ""};
  if (allows_no_reply(level))
    return {"precedence", "on",
            "the Postfix served is at level " + std::string(name_of(level)) +
                " and demands more already: every reply is NOTFOUND",
            kRfc, ""};
  if (level != BaseLevel::dane)
    return {"precedence", "off",
            "the Postfix served is at level " + std::string(name_of(level)) + ", without DANE: MTA-STS alone decides",
            kRfc, ""};
  if (ad == AdBit::not_trusted)
    return {"precedence", "ad_not_trusted",
            "the resolver sets AD, but its AD is not trusted here, so DANE cannot be judged: "
            "MTA-STS alone decides",
            "RFC 7672 section 2.1.1",
            "Run a validating resolver on loopback, or, where nobody can forge answers on the way from this one, set "
            "resolver_trust_ad = always."};
  if (ad == AdBit::missing)
    return {"precedence", "no_ad",
            "the resolver does not validate DNSSEC (no AD in its answers), so DANE cannot be judged: "
            "MTA-STS alone decides",
            "RFC 7672 section 2.1.1",
            "Let the parameter resolver name a validating one on loopback, such as unbound with a trust anchor."};
  return {"precedence", "off",
          "the Postfix served does not ask with DNSSEC, so its DANE is without effect: MTA-STS alone decides", kRfc,
          "Set smtp_dns_support_level = dnssec in main.cf."};
}

Step verdict_step(const Evidence& seen, bool temporary, std::string_view verdict, bool covered) {
  constexpr std::string_view kApplication = "RFC 8461 section 5";
  const bool enforced = seen.fetch.policy && seen.fetch.policy->mode == Mode::enforce;
  if (verdict == "temp")
    return {"verdict", "temporary",
            "DNS does not answer what must be known: Postfix tries again later; a policy known "
            "from before stays in force",
            std::string(kApplication), ""};
  if (enforced && verdict == "none")
    return {"verdict", "none", "Postfix's own level decides, which demands more already", std::string(kApplication),
            ""};
  if (verdict == "dane")
    return {"verdict", "dane",
            "DANE decides: mail goes to hosts with TLSA records only over TLS that matches them, "
            "and MTA-STS must not override that",
            "RFC 8461 section 2", ""};
  if (enforced && verdict == "secure" && !covered)
    return {"verdict", "deferred",
            "no MX host is covered by the policy, so Postfix defers all mail to this domain, and returns "
            "it to the sender in the end",
            std::string(kApplication), ""};
  if (seen.fetch.policy) {
    const Verdict words = verdict_of(*seen.fetch.policy);
    return {"verdict", std::string(words.result), std::string(words.detail), std::string(kApplication),
            std::string(words.cure)};
  }
  if (temporary)
    return {"verdict", "temporary",
            "it cannot be told now whether there is a policy, ask again in a few minutes; one "
            "known from before stays in force",
            std::string(kApplication), ""};
  return {"verdict", "none",
          "no policy applies: mail is delivered as without MTA-STS; one known from before stays "
          "in force",
          std::string(kApplication), ""};
}

}  // namespace tlspolicyd
