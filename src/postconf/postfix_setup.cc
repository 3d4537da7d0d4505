#include "postconf/postfix_setup.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/text.h"

namespace tlspolicyd {
namespace {

// Empty: as before Postfix 2.11, without DNSSEC.
constexpr std::array<std::string_view, 4> kDnsSupport{"", "disabled", "enabled", "dnssec"};

constexpr std::array<std::string_view, 2> kProtocols{"smtp", "lmtp"};

using Settings = std::map<std::string, std::string, std::less<>>;  // by name

tl::unexpected<Error> strange(std::string_view line) { return fail("postconf says \"" + printable(line, 60) + '"'); }

// "name = value" lines; `take` gets both.
template <typename Take>
void each_setting(std::string_view text, Take take) {
  for (const std::string_view line : split(text, '\n'))
    if (const auto equals = line.find('='); equals != line.npos)
      take(trim(line.substr(0, equals)), trim(line.substr(equals + 1)));
}

std::string value_of(const Settings& settings, std::string_view name) {
  const auto found = settings.find(name);
  return found == settings.end() ? "" : found->second;
}

PostfixClient main_client(std::string_view protocol, const Settings& settings) {
  const std::string begin(protocol);
  return {"main.cf", begin, value_of(settings, begin + "_tls_security_level"),
          value_of(settings, begin + "_dns_support_level"), value_of(settings, begin + "_tls_policy_maps")};
}

std::string* field_of(PostfixClient& client, std::string_view name) {
  if (name == client.protocol + "_tls_security_level") return &client.level;
  if (name == client.protocol + "_dns_support_level") return &client.dns_support;
  if (name == client.protocol + "_tls_policy_maps") return &client.policy_maps;
  return nullptr;
}

// `path`: "service/type/name", where the service may have slashes of its own.
void take_transport(std::vector<PostfixClient>& clients, const PostfixClient& main, std::string_view path,
                    std::string_view value) {
  const auto slash = path.rfind('/');
  if (slash == path.npos) return;
  const std::string_view place = path.substr(0, slash), name = path.substr(slash + 1);
  PostfixClient fresh = main;
  fresh.place = place;
  if (field_of(fresh, name) == nullptr) return;
  auto client = std::find_if(clients.begin(), clients.end(), [&](const PostfixClient& each) {
    return each.place == place && each.protocol == main.protocol;
  });
  if (client == clients.end()) client = clients.insert(clients.end(), std::move(fresh));
  *field_of(*client, name) = value;
}

}  // namespace

Result<PostfixTls> parse_postconf(std::string_view output) {
  const auto lines = split(output, '\n');
  if (lines.size() != 3 || !lines[2].empty()) return fail("postconf does not write two lines");
  const auto level = parse_base_level(trim(lines[0]));
  if (!level) return strange(lines[0]);
  const std::string_view dns = trim(lines[1]);
  if (std::find(kDnsSupport.begin(), kDnsSupport.end(), dns) == kDnsSupport.end()) return strange(dns);
  return PostfixTls{*level, dns == "dnssec"};
}

PostfixSetup parse_setup(std::string_view settings, std::string_view transports) {
  Settings main;
  each_setting(settings, [&](std::string_view name, std::string_view value) { main.emplace(name, value); });
  PostfixSetup setup{
      .version = value_of(main, "mail_version"), .config_directory = value_of(main, "config_directory"), .clients = {}};
  if (main.count("smtp_tls_CAfile") != 0)
    setup.has_trust_anchors = !value_of(main, "smtp_tls_CAfile").empty() ||
                              !value_of(main, "smtp_tls_CApath").empty() ||
                              value_of(main, "tls_append_default_CA") == "yes";
  if (main.empty()) return setup;
  for (const std::string_view protocol : kProtocols) setup.clients.push_back(main_client(protocol, main));
  const std::vector<PostfixClient> of_main = setup.clients;
  each_setting(transports, [&](std::string_view path, std::string_view value) {
    for (const PostfixClient& client : of_main) take_transport(setup.clients, client, path, value);
  });
  return setup;
}

}  // namespace tlspolicyd
