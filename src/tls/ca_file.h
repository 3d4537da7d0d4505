// What is wrong with a file of certificate authorities that OpenSSL refuses without saying where.
#pragma once

#include <cstddef>
#include <string>

namespace tlspolicyd {

// The line where the first certificate begins that cannot be read, 0 if each can be. Reads the
// file; blocking.
[[nodiscard]] std::size_t damaged_certificate(const std::string& path);

}  // namespace tlspolicyd
