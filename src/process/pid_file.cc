#include "process/pid_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace tlspolicyd {
namespace {

tl::unexpected<Error> fail_with_fix(const std::string& what) {
  const char* const cure = errno == ENOENT  ? "; create its directory"
                           : errno == ELOOP ? "; it is a link: remove it"
                                            : "";
  return fail(what + ": " + std::strerror(errno) + cure);
}

}  // namespace

Result<void> PidFile::probe(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (fd) return {};
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  if (errno == ENOENT && ::faccessat(AT_FDCWD, folder.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return {};
  return fail_with_fix("cannot open " + path);
}

Result<PidFile> PidFile::write(const std::string& path) {
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return fail_with_fix("cannot open " + path);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return fail(path + " belongs to a running daemon; stop that one, or name another file");
    return fail_with_fix("cannot lock " + path);
  }
  const std::string text = std::to_string(::getpid()) + "\n";
  if (::ftruncate(fd.get(), 0) != 0 || ::write(fd.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    return fail_with_fix("cannot write " + path);
  return PidFile(path, std::move(fd));
}

PidFile::PidFile(PidFile&& other) noexcept : path_(std::move(other.path_)), fd_(std::move(other.fd_)) {
  other.path_.clear();
}

PidFile::~PidFile() {
  if (path_.empty()) return;
  if (::unlink(path_.c_str()) != 0) static_cast<void>(!::ftruncate(fd_.get(), 0));
}

}  // namespace tlspolicyd
