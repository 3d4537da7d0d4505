// The file that tells other programs our process id. Not a lock on anything else: the
// sockets and the store look after themselves.
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace tlspolicyd {

// Holds the file's lock, so that a second daemon with the same file notices; removes the
// file when it ends, where the rights we then have allow it.
class PidFile {
 public:
  // Fails if the file cannot be written, or if the daemon that wrote it lives.
  [[nodiscard]] static Result<PidFile> write(const std::string& path);
  // Whether it could be written if no daemon held it. Leaves no trace.
  [[nodiscard]] static Result<void> probe(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&&) = delete;
  ~PidFile();

 private:
  PidFile(std::string path, UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;  // empty: moved from
  UniqueFd fd_;
};

}  // namespace tlspolicyd
