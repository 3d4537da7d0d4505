#include "cli/diagnosis.h"

#include <algorithm>
#include <utility>

#include "explain/dane_words.h"
#include "explain/discovery_steps.h"
#include "explain/dns_words.h"
#include "explain/fetch_words.h"

namespace tlspolicyd {
namespace {

// Nothing is known from before: what TXT announces is fetched.
FetchSeen::State always_fetch(const TxtSeen& txt) {
  return txt.state == TxtSeen::State::id ? FetchSeen::State::fetched : FetchSeen::State::not_needed;
}

bool is_untrusted(const DiscoveryReport& report) {
  return report.fetch &&
         (report.fetch->fault == FetchFault::cert_unknown_ca || report.fetch->fault == FetchFault::cert_unknown_root);
}

}  // namespace

Diagnosis::Diagnosis(Ports ports, const NextHop& next_hop, DiagnosisOptions options, Done done)
    : ports_(ports),
      domain_(next_hop.domain),
      hop_(hop_of(next_hop)),
      options_(std::move(options)),
      done_(std::move(done)),
      nat64_(ports_.dns, ports_.timers, nullptr),
      discovery_({ports_.dns, ports_.https, ports_.timers, ports_.clock, &nat64_.prefixes()}, domain_,
                 options_.discovery, always_fetch,
                 [this](DiscoveryReport report) { on_discovered(std::move(report)); }),
      host_dns_(ports_.dane_dns, ports_.loop, ports_.clock),
      lookup_({ports_.dane_dns, host_dns_}, domain_, hop_, [this](DaneReport report) { on_dane(std::move(report)); }) {}

void Diagnosis::start() {
  canary_ticket_ = ports_.dane_dns.ask(options_.dane_canary, [this](const DnsAnswer& answer) { on_canary(answer); });
  nat64_.ask();
  discovery_.start();
}

// Without an answer AD counts as seen, as in the daemon.
void Diagnosis::on_canary(const DnsAnswer& answer) {
  canary_ = answer;
  finish_part();
}

void Diagnosis::on_discovered(DiscoveryReport report) {
  report_ = std::move(report);
  steps_ = tlspolicyd::explain(domain_, report_);
  if (is_untrusted(report_)) steps_.back().detail += "; trusted here: " + options_.trust_anchors;
  explain_evidence(domain_, report_);
  lookup_.start();
}

void Diagnosis::on_dane(DaneReport report) {
  dane_ = std::move(report);
  hosts_.mx = dane_.mx;
  const DnsStatus mx = dane_.mx.status;
  if (!hop_.bracketed && names_matter() && (mx == DnsStatus::no_data || mx == DnsStatus::no_name))
    return ask_addresses();
  finish_part();
}

bool Diagnosis::names_matter() const { return policy() != nullptr && policy()->mode != Mode::none; }

Step Diagnosis::hosts_step() const {
  return hop_.bracketed ? next_hop_step(domain_, *policy()) : mx_step(domain_, hosts_, *policy());
}

void Diagnosis::ask_addresses() {
  addresses_awaited_ = 2;
  a_ticket_ =
      ports_.dns.ask({domain_.text(), RrType::a}, [this](const DnsAnswer& answer) { on_address(hosts_.a, answer); });
  aaaa_ticket_ = ports_.dns.ask({domain_.text(), RrType::aaaa},
                                [this](const DnsAnswer& answer) { on_address(hosts_.aaaa, answer); });
}

void Diagnosis::on_address(DnsAnswer& family, const DnsAnswer& answer) {
  family = answer;
  if (--addresses_awaited_ == 0) finish_part();
}

const Policy* Diagnosis::policy() const {
  return report_.evidence.fetch.policy ? &*report_.evidence.fetch.policy : nullptr;
}

bool Diagnosis::temporary() const {
  if (report_.evidence.txt.state == TxtSeen::State::lookup_failed) return true;
  if (policy() != nullptr) return names_matter() && !hop_.bracketed && hosts_.unknown();
  if (report_.fetch) return may_pass(*report_.fetch);
  return addresses_failed(report_);
}

// It fails also where no domain could be to blame.
bool Diagnosis::own_resolver_fails() const {
  return canary_.failed() && report_.evidence.txt.state == TxtSeen::State::lookup_failed;
}

Entry Diagnosis::entry_at(LifeTime now) const {
  Entry entry = settle(nullptr, domain_, report_.evidence, now, options_.sts, 0);
  entry.dane = with_hop(nullptr, learned(nullptr, hop_, dane_.status, dane_.ttl, now));
  return entry;
}

Explanation Diagnosis::explain(const Entry& entry) {
  const auto reply = [&](MapForm form) { return entry_reply(entry, ports_.clock.life(), form, options_.rules, hop_); };
  Explanation out{.entry = view_of(entry, ports_.clock, reply(MapForm::plain)),
                  .reply_tlsrpt = reply(MapForm::tlsrpt).payload,
                  .txt = std::move(report_.txt),
                  .addresses = addresses_of(report_),
                  .fetch = std::move(report_.fetch),
                  .notes = std::move(report_.notes),
                  .steps = std::move(steps_)};
  if (report_.evidence.txt.state == TxtSeen::State::id) out.txt_id = report_.evidence.txt.id;
  if (out.fetch && out.fetch->fault == FetchFault::none) out.lines = explain_policy(out.fetch->body);
  return out;
}

void Diagnosis::finish_part() {
  if (--parts_awaited_ == 0) finish();
}

void Diagnosis::finish() {
  options_.rules.dane_active &= ad_bit(canary_) == AdBit::trusted;
  const Entry entry = entry_at(ports_.clock.life());
  const std::string_view verdict =
      entry_reply(entry, ports_.clock.life(), MapForm::plain, options_.rules, hop_).verdict;
  const bool temporary_now = temporary() || verdict == "temp";
  add_steps(temporary_now, verdict);
  Explanation explanation = explain(entry);
  if (temporary_now && verdict == "none") explanation.entry.verdict = "temp";
  done_(std::move(explanation), temporary_now);
}

// Those that follow the discovery. Behind a resolver that fails for every name, what looks like the
// domain's fault need not be one.
void Diagnosis::add_steps(bool temporary_now, std::string_view verdict) {
  if (names_matter()) steps_.push_back(hosts_step());
  const bool covered = steps_.empty() || steps_.back().result != "none_covered";
  for (Step& step : dane_steps(domain_, hop_, dane_)) steps_.push_back(std::move(step));
  if (own_resolver_fails()) {
    for (Step& step : steps_) step.cure.clear();
    steps_.insert(steps_.begin(), resolver_step(options_.dane_canary, canary_));
  }
  steps_.push_back(precedence_step(options_.rules, ad_bit(canary_)));
  steps_.push_back(verdict_step(report_.evidence, temporary_now, verdict, covered));
}

}  // namespace tlspolicyd
