#include "unit/process/fake_syslog.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <array>
#include <cstdlib>

#include "catch.h"

namespace tlspolicyd {

FakeSyslog::FakeSyslog() : folder_("/tmp/tlspolicyd-test-XXXXXX") {
  REQUIRE(mkdtemp(folder_.data()) != nullptr);
  restart();
}

FakeSyslog::~FakeSyslog() {
  unlink(path().c_str());
  rmdir(folder_.c_str());
}

std::string FakeSyslog::received() const {
  std::array<char, 8192> buffer{};
  const ssize_t got = recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  return {buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

void FakeSyslog::restart() {
  unlink(path().c_str());
  fd_.reset(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
}

}  // namespace tlspolicyd
