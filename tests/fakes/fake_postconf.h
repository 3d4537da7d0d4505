// A shell script in the place of postconf, in a folder that goes with it. Of what postconf is run for at
// the same time it sees only the question for the level; `others` answers the rest.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tlspolicyd {

class FakePostconf {
 public:
  explicit FakePostconf(const std::string& script, const std::string& others = ":") {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    std::ofstream(program()) << "#!/bin/sh\nif [ \"$1\" != -hx ]; then " << others << "\nexit; fi\n" << script << "\n";
    std::filesystem::permissions(program(), std::filesystem::perms::owner_all);
  }
  ~FakePostconf() { std::filesystem::remove_all(folder_); }
  FakePostconf(const FakePostconf&) = delete;
  FakePostconf& operator=(const FakePostconf&) = delete;

  [[nodiscard]] std::string program() const { return folder_ + "/postconf"; }
  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string content(const std::string& name) const {
    std::stringstream text;
    text << std::ifstream(file(name)).rdbuf();
    return text.str();
  }

 private:
  std::string folder_ = "/tmp/tlspolicyd-test-XXXXXX";
};

}  // namespace tlspolicyd
