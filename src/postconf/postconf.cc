#include "postconf/postconf.h"

#include "process/child_processes.h"

namespace tlspolicyd {
namespace {

using Strings = std::vector<std::string>;

Invocation invocation(const char* flags, const PostconfCall& call, const Strings& names, std::size_t max_output) {
  Strings arguments{"postconf", flags};
  if (!call.config_directory.empty()) arguments.insert(arguments.end(), {"-c", call.config_directory});
  arguments.insert(arguments.end(), names.begin(), names.end());
  return {std::move(arguments), max_output};
}

Strings for_every_transport(const Strings& names) {
  Strings out;
  for (const std::string& name : names) out.push_back("*/*/" + name);
  return out;
}

}  // namespace

PostconfAnswers run_postconf(const PostconfCall& call) {
  const Strings level{"smtp_tls_security_level", "smtp_dns_support_level"};
  const Strings clients{"smtp_tls_security_level", "smtp_dns_support_level", "smtp_tls_policy_maps",
                        "lmtp_tls_security_level", "lmtp_dns_support_level", "lmtp_tls_policy_maps"};
  Strings settings{"mail_version", "config_directory", "smtp_tls_CAfile", "smtp_tls_CApath", "tls_append_default_CA"};
  settings.insert(settings.end(), clients.begin(), clients.end());
  auto texts =
      run_at_once(call.program,
                  {invocation("-hx", call, level, kMaxLevelText), invocation("-x", call, settings, kMaxSettingsText),
                   invocation("-Px", call, for_every_transport(clients), kMaxTransportsText)},
                  call.limit);
  return {std::move(texts[0]), std::move(texts[1]), std::move(texts[2])};
}

PostconfAnswers no_answers(const std::string& reason) { return {fail(reason), fail(reason), fail(reason)}; }

}  // namespace tlspolicyd
