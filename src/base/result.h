// The outcome of work that may fail for ordinary reasons: a value, or why not.
#pragma once

#include <cerrno>
#include <cstring>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace tlspolicyd {

// A reason in words for people, without a final stop. It may quote remote
// octets: whoever shows it passes it through printable() (base/text.h).
struct Error {
  std::string text;
};

template <typename T>
using Result = tl::expected<T, Error>;

[[nodiscard]] inline tl::unexpected<Error> fail(std::string text) {
  return tl::unexpected<Error>(Error{std::move(text)});
}

// Of a system call that has just failed: "pipe: Too many open files".
[[nodiscard]] inline tl::unexpected<Error> fail_errno(const std::string& what) {
  return fail(what + ": " + std::strerror(errno));
}

}  // namespace tlspolicyd
