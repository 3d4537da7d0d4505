// The column of the store that remembers DANE, and what is decided from it.
//
//   input: 1 octet for the options, 4 for the time, then the text
#include "dane/stored_dane.h"
#include "fuzz/fuzz.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

bool any_dane(const HopDane& hop, LifeTime now) {
  return std::any_of(hop.status.hosts.begin(), hop.status.hosts.end(),
                     [&](const DaneHost& host) { return host.has_dane(now); });
}

void check_hop(const HopDane& hop, LifeTime now, const PrecedenceOptions& options) {
  require(hop.status.hosts.size() <= kMaxDaneHosts, "no more hosts than are asked");
  require(hop.status.hosts.empty() != names_hosts(hop.status.mx), "hosts where there must be some, and only there");
  const bool counts = is_remembered(hop, now) || (!hop.failing && now <= hop.current_until);
  const DaneVerdict enforced = decide_hop(
                                   &hop, now, [](std::string_view) { return true; }, options)
                                   .verdict;
  const bool current = !hop.failing && now <= hop.current_until;
  require(enforced != DaneVerdict::notfound || (current && options.dane_reply == DaneVerdict::notfound),
          "enforced is not dropped");
  if (counts && names_hosts(hop.status.mx) && any_dane(hop, now))
    require(enforced != DaneVerdict::secure, "MTA-STS does not switch off a DANE that works");
  const DaneVerdict open = decide_hop(&hop, now, nullptr, options).verdict;
  require(open != DaneVerdict::secure, "nothing is enforced that is not cached");
  require(open != DaneVerdict::dane_only || options.dane_reply == DaneVerdict::dane_only, "no more than was asked for");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  constexpr DaneVerdict kReplies[] = {DaneVerdict::notfound, DaneVerdict::dane, DaneVerdict::dane_only};
  const std::size_t choice = input.choose(12);
  const PrecedenceOptions options{kReplies[choice % 3], choice % 2 == 0 ? DaneVerdict::dane_only : DaneVerdict::dane,
                                  choice < 6 ? DaneVerdict::notfound : DaneVerdict::temp};
  const LifeTime now{seconds(static_cast<std::int64_t>(input.number(4)))};
  const std::string_view text = input.rest();
  const auto known = parse_dane(text);
  if (!known) return 0;
  require(dane_text(known) == text, "only what is written so is read");
  require(known->size() <= kMaxHops, "no more next hops than are kept");
  for (const HopDane& hop : *known) {
    require(find_hop(known, hop.hop) == &hop, "one status a next hop");
    check_hop(hop, now, options);
  }
  return 0;
}
