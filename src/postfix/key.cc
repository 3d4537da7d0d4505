#include "postfix/key.h"

#include <string>

#include "base/quote.h"

namespace tlspolicyd {
namespace {

constexpr std::string_view kPolicyHost = "mta-sts.", kTxtName = "_mta-sts.", kScheme = "://";

// What somebody may have at hand instead of the domain, and where the domain stands in it.
struct Guess {
  const char* what = nullptr;
  std::string_view domain;
};

std::string_view host_of_url(std::string_view text) {
  text.remove_prefix(text.find(kScheme) + kScheme.size());
  text = text.substr(0, text.find_first_of("/?#"));
  text.remove_prefix(text.rfind('@') + 1);  // npos + 1 is 0
  text = text.substr(0, text.find(':'));
  if (text.starts_with(kPolicyHost)) text.remove_prefix(kPolicyHost.size());
  return text;
}

Guess guess(std::string_view text) {
  if (text.find(kScheme) != text.npos) return {"a URL", host_of_url(text)};
  if (const auto at = text.rfind('@'); at != text.npos) return {"a mail address", text.substr(at + 1)};
  if (text.starts_with(kTxtName)) return {"the name of the TXT record", text.substr(kTxtName.size())};
  return {};
}

}  // namespace

Result<NextHop> parse_key(std::string_view text) {
  auto next_hop = parse_next_hop(text);
  if (next_hop) return next_hop;
  const Guess meant = guess(text);
  const auto domain = Domain::parse(meant.domain);
  if (!domain) return next_hop;
  return fail(in_quotes(text) + " is " + meant.what + ": give " + domain->text());
}

}  // namespace tlspolicyd
