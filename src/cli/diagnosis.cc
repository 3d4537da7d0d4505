#include "cli/diagnosis.h"

#include <utility>

#include "service/entry_reply.h"
#include "service/fault_words.h"

namespace tlspolicyd {
namespace {

// Nothing is known from before: what TXT announces is fetched.
FetchSeen::State always_fetch(const TxtSeen& txt) {
  return txt.state == TxtSeen::State::id ? FetchSeen::State::fetched : FetchSeen::State::not_needed;
}

bool is_dns_failure(const Step& step) {
  return step.step == "address" && step.result != "no_address" && step.result != "private_addresses";
}

}  // namespace

Diagnosis::Diagnosis(Discovery::Ports ports, Domain domain, DiagnosisOptions options, Done done)
    : ports_(ports), domain_(std::move(domain)), options_(std::move(options)), done_(std::move(done)),
      discovery_(ports_, domain_, options_.discovery, always_fetch,
                 [this](DiscoveryReport report) { on_discovered(std::move(report)); }) {}

void Diagnosis::on_discovered(DiscoveryReport report) {
  report_ = std::move(report);
  if (policy() == nullptr || policy()->mode == Mode::none) return finish();
  hosts_asked_ = true;
  mx_ticket_ = ports_.dns.ask({domain_.text(), RrType::mx}, [this](const DnsAnswer& answer) { on_mx(answer); });
}

void Diagnosis::on_mx(const DnsAnswer& answer) {
  hosts_.mx = answer;
  if (answer.status == DnsStatus::no_data || answer.status == DnsStatus::no_name) return ask_addresses();
  finish();
}

void Diagnosis::ask_addresses() {
  addresses_awaited_ = 2;
  a_ticket_ = ports_.dns.ask({domain_.text(), RrType::a},
                             [this](const DnsAnswer& answer) { on_address(hosts_.a, answer); });
  aaaa_ticket_ = ports_.dns.ask({domain_.text(), RrType::aaaa},
                                [this](const DnsAnswer& answer) { on_address(hosts_.aaaa, answer); });
}

void Diagnosis::on_address(DnsAnswer& family, const DnsAnswer& answer) {
  family = answer;
  if (--addresses_awaited_ == 0) finish();
}

const Policy* Diagnosis::policy() const {
  return report_.evidence.fetch.policy ? &*report_.evidence.fetch.policy : nullptr;
}

bool Diagnosis::temporary() const {
  if (report_.evidence.txt.state == TxtSeen::State::lookup_failed) return true;
  if (policy() != nullptr) return hosts_asked_ && hosts_.unknown();
  if (report_.fetch) return may_pass(*report_.fetch);
  return !report_.steps.empty() && is_dns_failure(report_.steps.back());
}

Explanation Diagnosis::explain() {
  const LifeTime now = ports_.clock.life();
  const Entry entry = settle(nullptr, domain_, report_.evidence, now, options_.sts, 0);
  const auto reply = [&](MapForm form) {
    return entry_reply(entry, now, form, options_.reply, options_.dns_error_is_temp);
  };
  Explanation out{.entry = view_of(entry, ports_.clock, reply(MapForm::plain)),
                  .reply_tlsrpt = reply(MapForm::tlsrpt),
                  .txt = std::move(report_.txt),
                  .addresses = std::move(report_.addresses),
                  .fetch = std::move(report_.fetch),
                  .notes = std::move(report_.notes),
                  .steps = std::move(report_.steps)};
  if (report_.evidence.txt.state == TxtSeen::State::id) out.txt_id = report_.evidence.txt.id;
  if (out.fetch && out.fetch->fault == FetchFault::none) out.lines = explain_policy(out.fetch->body);
  return out;
}

void Diagnosis::finish() {
  const bool temporary_now = temporary();
  if (hosts_asked_) report_.steps.push_back(mx_step(domain_, hosts_, *policy()));
  report_.steps.push_back(verdict_step(report_.evidence, temporary_now));
  done_(explain(), temporary_now);
}

}  // namespace tlspolicyd
