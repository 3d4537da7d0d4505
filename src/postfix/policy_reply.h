// Replies to smtp_tls_policy_maps look-ups. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sts/domain.h"
#include "sts/policy.h"

namespace tlspolicyd {

// The form of reply that a socketmap name selects: with or without the attributes that
// Postfix knows since 3.10.
enum class MapForm : std::uint8_t { plain, tlsrpt };

struct ReplyOptions {
  std::size_t max_reply_size = 100'000;  // payload octets, "OK " included
};

inline constexpr std::string_view kNotFound = "NOTFOUND ";

// What had to go for max_reply_size: the published text, the attributes of Postfix 3.10,
// or the whole reply. For the log: without `attributes` Postfix no longer checks MX names
// against the patterns, without `everything` nothing is enforced.
enum class ReplyShed : std::uint8_t { nothing, policy_text, attributes, everything };

// Appends the socketmap payload for a domain to which `policy` applies; null: no policy
// applies. enforce: `OK secure match=...`, also where no pattern is left that a host name can
// match, so that no mail leaves; everything else NOTFOUND: a level in the reply replaces that of the
// client, which may be stricter. Never empty, never over max_reply_size, valid UTF-8 without control
// characters whatever the policy holds.
ReplyShed append_policy_reply(std::string& out, const Domain& domain, const Policy* policy, MapForm form,
                              const ReplyOptions& options);

// The payload alone.
[[nodiscard]] std::string policy_reply(const Domain& domain, const Policy* policy, MapForm form,
                                       const ReplyOptions& options);

// "TEMP <reason>", the reason printable and short.
[[nodiscard]] std::string temp_reply(std::string_view reason);

}  // namespace tlspolicyd
