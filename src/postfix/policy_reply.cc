#include "postfix/policy_reply.h"

#include <algorithm>
#include <vector>

#include "base/text.h"

namespace tlspolicyd {
namespace {

// Postfix logs no more of a reason than this.
constexpr std::size_t kMaxReason = 200;

// C0 controls and DEL, and the C1 controls, which are C2 80 to C2 9F in UTF-8.
bool has_control(std::string_view text) {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const auto octet = static_cast<unsigned char>(text[at]);
    if (octet < 0x20 || octet == 0x7F) return true;
    if (octet == 0xC2 && at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) < 0xA0) return true;
  }
  return false;
}

// Within braces Postfix keeps commas and blanks but has no escape for a brace.
bool fits_braces(std::string_view line) {
  return !line.empty() && line.find_first_of("{}") == line.npos && is_utf8(line) && !has_control(line);
}

// The published lines that can be quoted. HTAB is legal around a value and Postfix
// reads it as a blank, so does this.
std::vector<std::string> published_strings(const Policy& policy) {
  std::vector<std::string> strings;
  for (const std::string_view line : split(policy.text, '\n')) {
    std::string string(trim(line));
    std::replace(string.begin(), string.end(), '\t', ' ');
    if (fits_braces(string)) strings.push_back(std::move(string));
  }
  return strings;
}

std::vector<std::string> essential_strings(const Policy& policy) {
  return {"version: STSv1", "mode: " + std::string(name_of(policy.mode)),
          "max_age: " + std::to_string(policy.max_age.count())};
}

// A name of one label may be a word by which Postfix means another name. Nobody has a certificate
// for one, so that it goes with a dot at its end, where it means only itself.
bool is_match_word(std::string_view mx) { return mx == "hostname" || mx == "nexthop" || mx == "dot-nexthop"; }

// For a policy that permits no host. RFC 8461 section 5: such a policy lets no mail through, so
// it must not become NOTFOUND. No certificate has a name in this domain (RFC 6761 section 6.4).
constexpr std::string_view kNobody = "policy-names-no-host.invalid";

// Postfix takes a leading dot for any depth below and would take a star literally. That
// the star is one label only it learns from mx_host_pattern (since 3.10.5).
void append_secure(std::string& out, const Policy& policy) {
  out += "OK secure match=";
  const char* between = "";
  for (std::string_view rest = policy.mx.joined(); !rest.empty(); between = ":") {
    std::string_view mx = cut_piece(rest, MxPatterns::kBetween);
    if (mx.front() == '*') mx.remove_prefix(1);
    out.append(between).append(mx).append(is_match_word(mx) ? "." : "");
  }
  if (policy.mx.empty()) out += kNobody;
  out += " servername=hostname";
}

constexpr std::string_view kHead = " policy_type=sts policy_domain=";
constexpr std::string_view kBeforeString = " { policy_string = ";
constexpr std::string_view kAfterString = " }";
constexpr std::string_view kBeforePattern = " mx_host_pattern=";

// Of the attributes without any policy_string, before they are made.
std::size_t size_of_bare(const Domain& domain, const MxPatterns& mx) {
  const auto more = static_cast<std::size_t>(std::count(mx.joined().begin(), mx.joined().end(), MxPatterns::kBetween));
  return kHead.size() + domain.text().size() + mx.joined().size() - more + (more + 1) * kBeforePattern.size();
}

std::size_t size_of(const std::vector<std::string>& strings) {
  std::size_t size = strings.size() * (kBeforeString.size() + kAfterString.size());
  for (const std::string& string : strings) size += string.size();
  return size;
}

// All attributes of Postfix 3.10 together: it crashed (3.10.0 to 3.10.5) on a policy_type
// of sts without a policy_string or without an mx_host_pattern.
void append_attributes(std::string& out, const Domain& domain, const MxPatterns& mx,
                       const std::vector<std::string>& strings) {
  out.append(kHead).append(domain.text());
  for (const std::string& string : strings) out.append(kBeforeString).append(string).append(kAfterString);
  for (std::string_view rest = mx.joined(); !rest.empty();)
    out.append(kBeforePattern).append(cut_piece(rest, MxPatterns::kBetween));
}

// The fullest set of attributes that fits into `room`; none if none does. There may
// be thousands of patterns, so nothing is made of them before it is known to fit.
ReplyShed append_attributes(std::string& out, const Domain& domain, const Policy& policy, std::size_t room) {
  const std::size_t bare = size_of_bare(domain, policy.mx);
  const auto fits = [&](const std::vector<std::string>& strings) { return bare + size_of(strings) <= room; };
  if (bare > room) return ReplyShed::attributes;
  std::vector<std::string> strings = published_strings(policy);
  if (strings.empty()) strings = essential_strings(policy);
  const bool whole = fits(strings);
  if (!whole) strings = essential_strings(policy);
  if (!fits(strings)) return ReplyShed::attributes;
  append_attributes(out, domain, policy.mx, strings);
  return whole ? ReplyShed::nothing : ReplyShed::policy_text;
}

// In place of whatever stands in `out` from `begin` on.
ReplyShed not_found(std::string& out, std::size_t begin, ReplyShed shed) {
  out.replace(begin, out.npos, kNotFound);
  return shed;
}

ReplyShed append_enforce(std::string& out, const Domain& domain, const Policy& policy, MapForm form,
                         const ReplyOptions& options) {
  const std::size_t begin = out.size();
  append_secure(out, policy);
  const std::size_t size = out.size() - begin;
  if (size > options.max_reply_size) return not_found(out, begin, ReplyShed::everything);
  // Without patterns there is nothing to describe, and Postfix 3.10 crashed on policy_type=sts alone.
  const bool bare = form == MapForm::plain || policy.mx.empty();
  return bare ? ReplyShed::nothing : append_attributes(out, domain, policy, options.max_reply_size - size);
}

}  // namespace

ReplyShed append_policy_reply(std::string& out, const Domain& domain, const Policy* policy, MapForm form,
                              const ReplyOptions& options) {
  if (policy != nullptr && policy->mode == Mode::enforce) return append_enforce(out, domain, *policy, form, options);
  return not_found(out, out.size(), ReplyShed::nothing);
}

std::string policy_reply(const Domain& domain, const Policy* policy, MapForm form, const ReplyOptions& options) {
  std::string payload;
  append_policy_reply(payload, domain, policy, form, options);
  return payload;
}

std::string temp_reply(std::string_view reason) {
  return "TEMP " + printable(reason.empty() ? "try again later" : reason, kMaxReason);
}

}  // namespace tlspolicyd
