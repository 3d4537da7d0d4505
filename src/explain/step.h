// One step of a discovery as told to people: the service logs it, `-q` prints it.
#pragma once

#include <string>

namespace tlspolicyd {

struct Step {
  std::string step;    // "txt", "address", "tls", "http", "policy", "mx", "verdict"
  std::string result;  // one word: "found", "absent", "several", "cert_expired", "ok", ...
  std::string detail;  // what was seen; may quote remote octets
  std::string rfc;     // "RFC 8461 section 3.1"
  std::string cure;    // what the owner of the domain (or the operator) does about it; "" if nothing is wrong
};

}  // namespace tlspolicyd
