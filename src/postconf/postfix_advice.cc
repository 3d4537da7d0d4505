#include "postconf/postfix_advice.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tlspolicyd {
namespace {

using Version = std::array<std::uint64_t, 3>;

constexpr Version kKnowsAttributes{3, 10, 0}, kChecksNames{3, 10, 5};
constexpr std::uint64_t kMaxVersion = 1'000'000;  // of one part

// "3.10.13", "3.12-20260821". Empty: none of these.
std::optional<Version> parse_version(std::string_view text) {
  Version version{};
  const auto parts = split(text.substr(0, text.find('-')), '.');
  if (parts.size() < 2) return std::nullopt;
  for (std::size_t i = 0; i < std::min(parts.size(), version.size()); ++i) {
    const auto part = parse_decimal(parts[i], kMaxVersion);
    if (!part) return std::nullopt;
    version[i] = *part;
  }
  return version;
}

std::vector<std::string_view> words_of(std::string_view list) {
  constexpr std::string_view kBetween = " \t,{}";
  std::vector<std::string_view> words;
  while (!list.empty()) {
    const std::string_view word = list.substr(0, list.find_first_of(kBetween));
    if (!word.empty()) words.push_back(word);
    list.remove_prefix(std::min(word.size() + 1, list.size()));
  }
  return words;
}

bool is_here(std::string_view host) {
  return host.empty() || host == "localhost" || host == "127.0.0.1" || host == "[::1]" || host == "::1";
}

// `here`: of ours.
bool same_host(std::string_view host, std::string_view here) {
  return host == here || here == "0.0.0.0" || here == "[::]" || (is_here(host) && is_here(here));
}

bool same_inet(std::string_view to, std::string_view here) {
  const auto colon = to.rfind(':'), own = here.rfind(':');
  if (colon == to.npos || own == here.npos) return false;
  return to.substr(colon) == here.substr(own) && same_host(to.substr(0, colon), here.substr(0, own));
}

// A relative path counts from Postfix's queue directory.
bool same_path(std::string_view to, std::string_view here) {
  if (to.empty() || to == here) return !to.empty();
  return to.front() != '/' && here.size() > to.size() && here.ends_with(to) && here[here.size() - to.size() - 1] == '/';
}

// Both "inet:..." or "unix:...".
bool leads_to(std::string_view endpoint, std::string_view listen) {
  constexpr std::string_view kInet = "inet:", kUnix = "unix:";
  if (endpoint.starts_with(kInet) && listen.starts_with(kInet))
    return same_inet(endpoint.substr(kInet.size()), listen.substr(kInet.size()));
  if (endpoint.starts_with(kUnix) && listen.starts_with(kUnix))
    return same_path(endpoint.substr(kUnix.size()), listen.substr(kUnix.size()));
  return false;
}

PostfixTls tls_of(const PostfixClient& client) {
  return {parse_base_level(client.level).value_or(BaseLevel::unknown), client.dns_support == "dnssec"};
}

// As which level it is to be answered. Without DNSSEC Postfix does no DANE, and MTA-STS alone decides.
BaseLevel level_to_name(const PostfixTls& tls) {
  return tls.level == BaseLevel::dane && !tls.dnssec ? BaseLevel::may : tls.level;
}

std::string setting_of(const PostfixClient& client) {
  std::string out = client.protocol + "_tls_security_level = " + client.level;
  if (tls_of(client).level == BaseLevel::dane)
    out += " and " + client.protocol + "_dns_support_level = " + client.dns_support;
  return out;
}

void advise_level(std::vector<LogLine>& out, const PostfixClient& client, const OwnMap& map, const ServedHere& here) {
  const BaseLevel named = map.means.level.value_or(level_to_name(here.level)), right = level_to_name(tls_of(client));
  if (named == right || right == BaseLevel::unknown) return;
  const std::string given =
      client.place == "main.cf" ? client.protocol + "_tls_policy_maps" : "-o " + client.protocol + "_tls_policy_maps";
  out.push_back(LogLine("postfix")
                    .with("transport", client.place == "main.cf" ? client.protocol + " of main.cf" : client.place)
                    .with("reason", "its lookups are answered for level " + std::string(name_of(named)) +
                                        " but it has " + setting_of(client))
                    .with("fix", given + "=" + map.with_level(right)));
}

void advise_form(std::vector<LogLine>& out, const PostfixSetup& setup, MapForm form, std::string_view name,
                 const ServedHere& here) {
  const auto version = parse_version(setup.version);
  if (!version) return;
  const std::string level(name.substr(std::min(name.find(kBeforeLevel), name.size())));  // "@dane", or nothing
  if (form == MapForm::tlsrpt && *version < kKnowsAttributes)
    out.push_back(
        LogLine("postfix")
            .with("version", setup.version)
            .with("map", name)
            .with("reason",
                  "before 3.10 Postfix takes the attributes of this map name for an error and defers all mail to "
                  "domains with an enforced policy")
            .with("fix", "write " + std::string(kPlainMapName) + level + " instead in smtp_tls_policy_maps"));
  if (form == MapForm::plain && *version >= kChecksNames && !here.tlsrpt_map_name.empty())
    out.push_back(
        LogLine("postfix")
            .with("version", setup.version)
            .with("map", name)
            .with("reason", "under this map name Postfix cannot check the names of MX hosts against the policy")
            .with("fix", "write " + here.tlsrpt_map_name + level + " instead in smtp_tls_policy_maps"));
}

// Once for each form, however many clients have it.
void advise_forms(std::vector<LogLine>& out, const PostfixSetup& setup, const std::vector<OwnMap>& maps,
                  const ServedHere& here) {
  for (const MapForm form : {MapForm::plain, MapForm::tlsrpt}) {
    const auto found =
        std::find_if(maps.begin(), maps.end(), [=](const OwnMap& map) { return map.means.form == form; });
    const bool seen = maps.empty() && std::count(here.forms_seen.begin(), here.forms_seen.end(), form) != 0;
    if (found != maps.end()) advise_form(out, setup, form, found->name(), here);
    else if (seen)
      advise_form(out, setup, form, form == MapForm::plain ? kPlainMapName : std::string_view(here.tlsrpt_map_name),
                  here);
  }
}

}  // namespace

std::string OwnMap::name() const { return map.substr(map.rfind(':') + 1); }

std::string OwnMap::with_level(BaseLevel level) const {
  return map.substr(0, map.find(kBeforeLevel, map.rfind(':'))) + kBeforeLevel + std::string(name_of(level));
}

std::optional<OwnMap> own_map(std::string_view policy_maps, const ServedHere& here) {
  constexpr std::string_view kProxy = "proxy:", kSocketmap = "socketmap:";
  for (std::string_view map : words_of(policy_maps)) {
    if (map.starts_with(kProxy)) map.remove_prefix(kProxy.size());
    if (!map.starts_with(kSocketmap)) continue;
    const std::string_view endpoint = map.substr(kSocketmap.size(), map.rfind(':') - kSocketmap.size());
    const bool ours = map.rfind(':') > kSocketmap.size() &&
                      std::any_of(here.listen.begin(), here.listen.end(),
                                  [&](const std::string& each) { return leads_to(endpoint, each); });
    if (ours) return OwnMap{std::string(map), parse_map_name(map.substr(map.rfind(':') + 1), here.tlsrpt_map_name)};
  }
  return std::nullopt;
}

std::vector<LogLine> advise(const PostfixSetup& setup, const ServedHere& here) {
  std::vector<LogLine> out;
  std::vector<OwnMap> maps;
  for (const PostfixClient& client : setup.clients) {
    const auto map = own_map(client.policy_maps, here);
    if (!map) continue;
    advise_level(out, client, *map, here);
    maps.push_back(*map);
  }
  advise_forms(out, setup, maps, here);
  if (!setup.has_trust_anchors && !allows_no_reply(here.level.level))
    out.push_back(
        LogLine("postfix")
            .with("smtp_tls_CAfile", "empty")
            .with(
                "reason",
                "without certificate authorities Postfix can verify nobody and defers all mail to domains with an enforced policy")
            .with("fix", "postconf -e smtp_tls_CAfile=/etc/ssl/certs/ca-certificates.crt"));
  return out;
}

}  // namespace tlspolicyd
