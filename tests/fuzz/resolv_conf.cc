// resolv.conf(5).
#include "dns/resolv_conf.h"
#include "fuzz/fuzz.h"

using namespace tlspolicyd;
using fuzz::require;

namespace {

std::string written(const ResolvConf& conf) {
  std::string text = "options";
  if (conf.timeout) text += " timeout:" + std::to_string(std::chrono::duration_cast<seconds>(*conf.timeout).count());
  if (conf.attempts) text += " attempts:" + std::to_string(*conf.attempts);
  if (conf.rotate) text += " rotate";
  if (conf.use_vc) text += " use-vc";
  for (const Resolver& server : conf.nameservers)
    text += "\nnameserver " + to_text(server.address) + (server.scope.empty() ? "" : "%" + server.scope);
  return text;
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ResolvConf conf = parse_resolv_conf(fuzz::Input(data, size).rest());
  require(!conf.nameservers.empty() && conf.nameservers.size() <= 8, "1 to 8 name servers");
  require(!conf.timeout || (*conf.timeout >= seconds(1) && *conf.timeout <= seconds(30)), "timeout within bounds");
  require(!conf.attempts || (*conf.attempts >= 1 && *conf.attempts <= 5), "attempts within bounds");
  require(parse_resolv_conf(written(conf)) == conf, "what was read can be written and read again");
  for (const Resolver& server : conf.nameservers) {
    const auto again = parse_resolver(to_text(server));
    require(again && *again == server, "a name server is shown as it can be configured");
  }
  return 0;
}
