#include "base/log.h"

#include "base/text.h"

namespace tlspolicyd {

LogLine& LogLine::with(std::string_view key, std::string_view value) {
  text_.append(empty_ ? " " : ", ").append(key).append("=").append(printable(value));
  empty_ = false;
  return *this;
}

}  // namespace tlspolicyd
