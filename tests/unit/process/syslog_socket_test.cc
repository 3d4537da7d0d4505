#include "process/syslog_socket.h"

#include <syslog.h>
#include <unistd.h>
#include <ctime>

#include "catch.h"
#include "unit/process/fake_syslog.h"

using namespace tlspolicyd;

TEST_CASE("a datagram has facility mail, severity, local time, name and process id") {
  const FakeSyslog syslog;
  SyslogSocket socket(syslog.path());
  REQUIRE(socket.send(LOG_WARNING, "hello"));
  const std::string got = syslog.received();
  std::tm read{};
  const char* const rest = strptime(got.c_str(), "<20>%b %e %H:%M:%S ", &read);
  REQUIRE(rest != nullptr);
  CHECK(rest == "tlspolicyd[" + std::to_string(getpid()) + "]: hello");
}

TEST_CASE("a syslog that does not read loses lines and keeps nobody waiting") {
  const FakeSyslog syslog;
  SyslogSocket socket(syslog.path());
  int taken = 0;
  for (int i = 0; i < 10'000; ++i) taken += socket.send(LOG_INFO, "line") ? 1 : 0;
  CHECK(taken > 0);
  CHECK(taken < 10'000);
  for (int i = 0; i < taken; ++i) REQUIRE_FALSE(syslog.received().empty());
  CHECK(socket.send(LOG_INFO, "next"));
}

TEST_CASE("a syslog that was restarted is found again, one that is not there is not waited for") {
  FakeSyslog syslog;
  SyslogSocket socket(syslog.path());
  REQUIRE(socket.send(LOG_INFO, "before"));
  syslog.restart();
  REQUIRE(socket.send(LOG_INFO, "after"));
  CHECK(syslog.received().ends_with(": after"));
  CHECK_FALSE(SyslogSocket("/nonexistent/log").send(LOG_INFO, "nobody"));
}

TEST_CASE("last words need nothing but a socket that is open") {
  const FakeSyslog syslog;
  SyslogSocket socket(syslog.path());
  socket.send_last_words("too early");
  socket.open();
  socket.send_last_words("the end");
  CHECK(syslog.received() == "<19>tlspolicyd: error: the end");
  CHECK(syslog.received().empty());
}
