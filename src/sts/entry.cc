#include "sts/entry.h"

namespace tlspolicyd {

std::string_view name_of(StsResult result) {
  switch (result) {
    case StsResult::sts_policy_fetch_error: return "sts-policy-fetch-error";
    case StsResult::sts_policy_invalid: return "sts-policy-invalid";
    case StsResult::sts_webpki_invalid: return "sts-webpki-invalid";
  }
  return "?";
}

}  // namespace tlspolicyd
