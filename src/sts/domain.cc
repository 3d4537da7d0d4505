#include "sts/domain.h"

#include <idn2.h>

#include <algorithm>
#include <cstdint>

#include "base/c_ptr.h"
#include "base/text.h"
#include "base/quote.h"

namespace tlspolicyd {
namespace {

// 253 octets are the longest name in text form (RFC 1035); `_mta-sts.` takes nine of them.
constexpr std::size_t kMaxDomain = 253 - std::string_view("_mta-sts.").size();
// Punycode needs at least one octet a code point, UTF-8 at most four: a longer text
// cannot be a name, and libidn2 need not look at it.
constexpr std::size_t kMaxUtf8 = 4 * 254;

using IdnText = CPtr<char, idn2_free>;

constexpr bool is_ascii(char c) { return static_cast<unsigned char>(c) < 0x80; }

// Null if `label` is one of a host name (RFC 1123 section 2.1), else what is wrong with it.
const char* label_flaw(std::string_view label) {
  if (label.empty()) return "has an empty label";
  if (label.size() > kMaxLabel) return "has a label of more than 63 octets";
  if (label.front() == '-' || label.back() == '-') return "has a label that begins or ends with a hyphen";
  return nullptr;
}

Result<void> check_name_octets(std::string_view name) {
  const auto bad = std::find_if_not(name.begin(), name.end(), is_name_octet);
  if (bad == name.end()) return {};
  return refuse(name, "holds " + octet_name(*bad) + ": a domain name has letters and digits and hyphens only");
}

// `name`: name octets only, no root dot.
Result<void> check_host_name(std::string_view name) {
  if (name.empty()) return fail("the domain name is empty");
  if (name.size() > kMaxDomain) return refuse(name, "is too long: with _mta-sts. before it no DNS name holds it");
  std::size_t begin = 0, labels = 0;  // of the last label; before it
  for (std::size_t at = 0; at <= name.size(); ++at) {
    if (at < name.size() && name[at] != '.') continue;
    if (const char* flaw = label_flaw(name.substr(begin, at - begin))) return refuse(name, flaw);
    if (at == name.size()) break;
    begin = at + 1;
    ++labels;
  }
  if (labels == 0) return refuse(name, "is a single label: a mail domain has at least two");
  if (all_digits(name.substr(begin)))
    return refuse(name, "ends in a number as IP addresses do: they have no MTA-STS policy");
  return {};
}

// To A-labels by UTS 46, non-transitional. The ASCII part is checked before, since
// libidn2's own STD3 rule deletes what it does not allow instead of refusing it.
Result<std::string> to_a_labels(std::string_view text) {
  if (text.size() > kMaxUtf8) return refuse(text, "is too long for a domain name");
  if (!is_utf8(text)) return refuse(text, "is not valid UTF-8");
  const bool ascii_good =
      std::all_of(text.begin(), text.end(), [](char c) { return !is_ascii(c) || is_name_octet(c); });
  if (!ascii_good) return refuse(text, "holds characters that no domain name has");
  std::uint8_t* made = nullptr;
  const int status = idn2_lookup_u8(reinterpret_cast<const std::uint8_t*>(std::string(text).c_str()), &made,
                                    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  const IdnText ascii(reinterpret_cast<char*>(made));
  if (status != IDN2_OK) return refuse(text, std::string("is no internationalised name: ") + idn2_strerror(status));
  return std::string(ascii.get());
}

}  // namespace

Result<Domain> Domain::parse(std::string_view text) {
  std::string converted;
  const bool plain = std::all_of(text.begin(), text.end(), is_name_octet);  // nearly always
  if (!plain && !std::all_of(text.begin(), text.end(), is_ascii)) {
    auto ascii = to_a_labels(text);
    if (!ascii) return tl::unexpected(ascii.error());
    converted = *std::move(ascii);
    text = converted;
  }
  const std::string_view name = without_root_dot(text);
  if (!plain)
    if (auto good = check_name_octets(name); !good) return tl::unexpected(good.error());
  if (auto good = check_host_name(name); !good) return tl::unexpected(good.error());
  return Domain(to_lower(name));
}

}  // namespace tlspolicyd
