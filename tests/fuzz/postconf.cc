// What postconf writes about the Postfix served.
#include "base/text.h"
#include "fuzz/fuzz.h"
#include "postconf/postfix_advice.h"

using namespace tlspolicyd;
using fuzz::require;

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view output = fuzz::Input(data, size).rest();
  const ServedHere here{{}, {"inet:127.0.0.1:8461"}, "QUERYwithTLSRPT", {MapForm::plain}};
  for (const LogLine& line : advise(parse_setup(output, output), here))
    require(fuzz::is_printable(line.text()), "advice can be shown");
  const auto tls = parse_postconf(output);
  if (!tls) return require(fuzz::is_printable(tls.error().text), "a reason can be shown"), 0;
  require(tls->level != BaseLevel::unknown, "what is read is known");
  require(std::count(output.begin(), output.end(), '\n') == 2, "two lines it was");
  require(tls->dnssec == (trim(split(output, '\n')[1]) == "dnssec"), "DNSSEC is on if postconf says so, and only then");
  const auto again = parse_postconf(std::string(name_of(tls->level)) + "\n" + (tls->dnssec ? "dnssec" : "") + "\n");
  require(again == *tls, "the level's own name is read back");
  return 0;
}
