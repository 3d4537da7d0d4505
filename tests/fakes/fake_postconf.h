// A shell script in the place of postconf, in a folder that goes with it.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace tlspolicyd {

class FakePostconf {
 public:
  explicit FakePostconf(const std::string& script) {
    if (mkdtemp(folder_.data()) == nullptr) std::abort();
    std::ofstream(program()) << "#!/bin/sh\n" << script << "\n";
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
