// What postconf says about the Postfix served. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "postfix/security_level.h"
#include "postconf/postconf.h"

namespace tlspolicyd {

struct PostfixTls {
  BaseLevel level = BaseLevel::unknown;
  bool dnssec = false;  // smtp_dns_support_level: without it Postfix does no DANE

  friend bool operator==(const PostfixTls&, const PostfixTls&) = default;
};

// PostconfAnswers::level.
[[nodiscard]] Result<PostfixTls> parse_postconf(std::string_view output);

// The delivery clients that one place configures.
struct PostfixClient {
  std::string place;     // "main.cf", or the line of master.cf: "strict/unix"
  std::string protocol;  // "smtp" or "lmtp": how its parameters begin
  std::string level, dns_support, policy_maps;
};

struct PostfixSetup {
  std::string version;  // "3.7.11"; empty: not told
  std::string config_directory;
  bool has_trust_anchors = true;
  std::vector<PostfixClient> clients;  // of main.cf for smtp and for lmtp; of master.cf where one of the three differs
};

// What cannot be read is left out.
[[nodiscard]] PostfixSetup parse_setup(std::string_view settings, std::string_view transports);

}  // namespace tlspolicyd
