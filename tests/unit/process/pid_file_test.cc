#include "process/pid_file.h"

#include <sys/stat.h>
#include <unistd.h>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <sstream>

#include "catch.h"

using namespace tlspolicyd;

namespace {

class TempDir {
 public:
  TempDir() { REQUIRE(mkdtemp(path_.data()) != nullptr); }
  ~TempDir() { rmdir(path_.c_str()); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  [[nodiscard]] std::string file() const { return path_ + "/pid"; }

 private:
  std::string path_ = "/tmp/tlspolicyd-test-XXXXXX";
};

std::string content(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

}  // namespace

TEST_CASE("the pid file is there while its object lives") {
  const TempDir dir;
  {
    const auto file = PidFile::write(dir.file());
    REQUIRE(file);
    CHECK(content(dir.file()) == std::to_string(getpid()) + "\n");
  }
  CHECK(access(dir.file().c_str(), F_OK) != 0);
}

TEST_CASE("a stale pid file is taken over, one of a living daemon is not") {
  const TempDir dir;
  std::ofstream(dir.file()) << "4000000000 stale and long\n";
  const auto first = PidFile::write(dir.file());
  REQUIRE(first);
  CHECK(content(dir.file()) == std::to_string(getpid()) + "\n");
  const auto second = PidFile::write(dir.file());
  REQUIRE_FALSE(second);
  CHECK(second.error().text == dir.file() + " belongs to a running daemon; stop that one, or name another file");
}

TEST_CASE("a pid file that cannot be written is an error that says why") {
  const auto file = PidFile::write("/nonexistent/pid");
  REQUIRE_FALSE(file);
  CHECK(file.error().text == "cannot open /nonexistent/pid: No such file or directory; create its directory");
}
