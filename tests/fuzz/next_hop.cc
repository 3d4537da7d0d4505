// Keys as Postfix sends them, and names as people write them.
#include "postfix/next_hop.h"
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "dns/wire/dns_codec.h"
#include "sts/mx_pattern.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

void check_domain(const Domain& domain) {
  const std::string& text = domain.text();
  const auto again = Domain::parse(text);
  require(again && *again == domain, "the canonical form is its own");
  require(text == to_lower(text) && text.size() <= 244 && text.find('.') != text.npos,
          "the canonical form is canonical");
  require(std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; }),
          "only letters, digits, hyphens and dots");
  for (const std::string& name : {domain.txt_name(), domain.policy_host()})
    require(encode_query({name, RrType::txt}, 1, true).has_value(), "each name made of a domain can be asked for");
  const auto pattern = parse_mx_pattern(text);
  require(pattern && *pattern == text && mx_matches(*pattern, text), "a domain is a pattern that covers itself");
  require(!mx_matches("*." + text, text) && mx_matches("*." + text, "mx." + text), "a star is one label");
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

void check_spellings(std::string_view name, const Result<Domain>& domain) {
  // Behind a full stop of another script it would be the second one.
  const bool may_follow = !name.empty() && is_ascii(name.substr(name.size() - 1)) && !name.ends_with('.');
  const auto dotted = Domain::parse(std::string(name) + '.');
  if (domain && may_follow) require(dotted && *dotted == *domain, "a root dot changes nothing");
  if (!is_ascii(name)) return;
  std::string upper(name);
  for (char& c : upper) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  const auto shouted = Domain::parse(upper);
  require(shouted.has_value() == domain.has_value() && (!domain || *shouted == *domain), "case changes nothing");
}

void check_key(std::string_view key) {
  const auto hop = parse_next_hop(key);
  if (!hop) return require(fuzz::is_printable(hop.error().text), "a reason can be shown");
  require(hop->bracketed == key.starts_with('['), "brackets are seen");
  const std::string& name = hop->domain.text();
  const auto again = parse_next_hop('[' + name + ']' + (hop->port ? ':' + std::to_string(*hop->port) : ""));
  require(again && again->domain == hop->domain && again->port == hop->port && hop->port != 0, "a key is read back");
  check_domain(hop->domain);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view key = fuzz::Input(data, size).rest();
  const auto domain = Domain::parse(key);
  if (domain) check_domain(*domain);
  else require(fuzz::is_printable(domain.error().text), "a reason can be shown");
  check_spellings(key, domain);
  check_key(key);
  const auto pattern = parse_mx_pattern(key);
  if (pattern) require(parse_mx_pattern(*pattern) == *pattern, "a canonical pattern is its own");
  static_cast<void>(mx_matches("*.example.com", key));
  return 0;
}
