#include "discover/discovery.h"

#include <algorithm>

#include "net/special_use.h"
#include "sts/policy.h"
#include "sts/txt_record.h"

namespace tlspolicyd {
namespace {

// Of a family, handed to the fetch, which tries eight; those without a route from here do not count.
constexpr std::size_t kMaxAddresses = 32;
constexpr milliseconds kResolutionDelay{50};  // RFC 8305 section 3, for the slower family
constexpr milliseconds kMaxHold{2000};        // a resolver that has not answered by then holds up nobody

TxtSeen::State state_of(TxtProblem problem) {
  switch (problem) {
    case TxtProblem::absent: return TxtSeen::State::absent;
    case TxtProblem::several: return TxtSeen::State::several;
    case TxtProblem::malformed: return TxtSeen::State::malformed;
  }
  return TxtSeen::State::absent;
}

// `flaw`: of a record without an id.
TxtSeen read_txt(const DnsAnswer& answer, std::string& flaw) {
  if (answer.failed()) return {TxtSeen::State::lookup_failed, {}, answer.ttl, {}};
  std::vector<std::string> texts;
  for (TxtRdata& record : records_of<TxtRdata>(answer)) texts.push_back(std::move(record.text));
  auto id = parse_txt_rrset(texts);
  if (id) return {TxtSeen::State::id, *std::move(id), answer.ttl, {}};
  flaw = std::move(id.error().detail);
  return {state_of(id.error().problem), {}, answer.ttl, {}};
}

// RFC 8460 section 4.3.2: certificates apart, invalid documents apart, all else a fetch error.
StsResult result_of(FetchFault fault) {
  switch (fault) {
    case FetchFault::cert_self_signed:
    case FetchFault::cert_unknown_ca:
    case FetchFault::cert_unknown_root:
    case FetchFault::cert_expired:
    case FetchFault::cert_issuer_expired:
    case FetchFault::cert_not_yet_valid:
    case FetchFault::cert_wrong_name:
    case FetchFault::cert_name_only_in_cn:
    case FetchFault::cert_invalid:
    case FetchFault::cert_chain_too_large: return StsResult::sts_webpki_invalid;
    case FetchFault::no_media_type:
    case FetchFault::media_type:
    case FetchFault::several_media_types: return StsResult::sts_policy_invalid;
    default: return StsResult::sts_policy_fetch_error;
  }
}

// No GET was made, for want of room or of something else of ours.
bool is_of_this_host(FetchFault fault) { return fault == FetchFault::displaced || fault == FetchFault::shortage; }

}  // namespace

Discovery::Discovery(Ports ports, Domain domain, DiscoveryOptions options, FetchRule rule, Done done)
    : ports_(ports),
      domain_(std::move(domain)),
      options_(options),
      rule_(std::move(rule)),
      done_(std::move(done)),
      patience_(ports.timers.make([this] { report_.addresses_known ? get() : fetch(); })) {}

Discovery::~Discovery() = default;

void Discovery::start() {
  txt_ticket_ = ports_.dns.ask({domain_.txt_name(), RrType::txt}, [this](const DnsAnswer& answer) { on_txt(answer); });
}

// RFC 8461 section 3.1.
void Discovery::on_txt(const DnsAnswer& answer) {
  report_.txt = answer;
  report_.evidence.txt = read_txt(answer, report_.txt_flaw);
  report_.evidence.fetch.state = rule_(report_.evidence.txt);
  if (report_.evidence.fetch.state == FetchSeen::State::fetched) return look_up_addresses();
  finish();
}

void Discovery::look_up_addresses() {
  fetching_ = true;
  fetch_began_ = ports_.clock.steady();
  addresses_awaited_ = 2;
  patience_->start(options_.fetch_timeout);
  const std::string host = domain_.policy_host();
  aaaa_ticket_ =
      ports_.dns.ask({host, RrType::aaaa}, [this](const DnsAnswer& answer) { on_addresses(report_.aaaa, answer); });
  a_ticket_ = ports_.dns.ask({host, RrType::a}, [this](const DnsAnswer& answer) { on_addresses(report_.a, answer); });
}

void Discovery::on_addresses(DnsAnswer& family, const DnsAnswer& answer) {
  family = answer;
  --addresses_awaited_;
  if (report_.addresses_known) return on_late_addresses(usable(answer));
  if (addresses_awaited_ == 0) return fetch();
  if (!usable(answer).empty()) patience_->start(kResolutionDelay);
}

std::vector<IpAddress> Discovery::usable(const DnsAnswer& answer) const {
  const Nat64Prefixes nat64 = ports_.nat64 != nullptr ? *ports_.nat64 : Nat64Prefixes();
  std::vector<IpAddress> out;
  for (const AddressRdata& record : records_of<AddressRdata>(answer))
    if (out.size() < kMaxAddresses && (options_.allow_private_addresses || !is_special_use(record.address, nat64)))
      out.push_back(record.address);
  return out;
}

// With the addresses that are there, once both families have answered, or some time after the first
// that brought one that may be connected to. Those of the other are handed on when they come.
void Discovery::fetch() {
  patience_->cancel();
  report_.addresses_known = true;
  report_.usable = usable(report_.aaaa);
  const std::vector<IpAddress> v4 = usable(report_.a);
  report_.usable.insert(report_.usable.end(), v4.begin(), v4.end());
  if (report_.usable.empty()) return fail_fetch(StsResult::sts_policy_fetch_error);
  if (held_) patience_->start(kMaxHold);
  else get();
}

void Discovery::on_late_addresses(const std::vector<IpAddress>& addresses) {
  report_.usable.insert(report_.usable.end(), addresses.begin(), addresses.end());
  if (late_) late_->arrive(addresses);
}

void Discovery::release_fetch() {
  held_ = false;
  if (report_.addresses_known && !fetch_ticket_) get();
}

void Discovery::refuse_fetch() {
  if (!fetching_) return;
  patience_->cancel();
  fetch_ticket_.reset();
  report_.evidence.fetch = {FetchSeen::State::not_needed, std::nullopt, {}, {}};
  report_.null_mx = true;
  finish();
}

// RFC 8461 section 3.3.
void Discovery::get() {
  patience_->cancel();
  if (addresses_awaited_ != 0) late_ = std::make_shared<LateAddresses>();
  const auto spent = std::chrono::duration_cast<milliseconds>(ports_.clock.steady() - fetch_began_);
  FetchRequest request{.host = domain_.policy_host(),
                       .addresses = report_.usable,
                       .late = late_,
                       .port = options_.policy_port,
                       .timeout = std::max(options_.fetch_timeout - spent, milliseconds(0)),
                       .max_body = options_.fetch_max_size,
                       .progress = nullptr};
  fetch_ticket_ = ports_.https.fetch(std::move(request), [this](const FetchOutcome& outcome) { on_fetched(outcome); });
}

void Discovery::on_fetched(const FetchOutcome& outcome) {
  report_.fetch = outcome;
  if (outcome.fault != FetchFault::none) return fail_fetch(result_of(outcome.fault));
  read_document(outcome.body);
}

// RFC 8461 section 3.2. A document that is no policy is a failed fetch.
void Discovery::read_document(const std::string& body) {
  PolicyReading reading = parse_policy(body);
  if (!reading.policy) {
    report_.document_fault = std::move(reading.policy.error());
    return fail_fetch(StsResult::sts_policy_invalid);
  }
  report_.notes = std::move(reading.notes);
  report_.evidence.fetch.state = FetchSeen::State::fetched;
  report_.evidence.fetch.policy = std::move(*reading.policy);
  finish();
}

void Discovery::fail_fetch(StsResult result) {
  const bool made = !report_.fetch || !is_of_this_host(report_.fetch->fault);
  report_.evidence.fetch = {FetchSeen::State::failed, std::nullopt, result, {}, made};
  finish();
}

void Discovery::finish() {
  fetching_ = false;
  a_ticket_.reset();
  aaaa_ticket_.reset();
  done_(std::move(report_));
}

}  // namespace tlspolicyd
