// resolv.conf(5) as far as a stub needs it that asks for complete names only: search,
// domain, sortlist and ndots mean nothing here.
#pragma once

#include <sys/stat.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/resolver.h"

namespace tlspolicyd {

struct ResolvConf {
  std::vector<Resolver> nameservers;    // at least one: 127.0.0.1 where none is named
  std::optional<milliseconds> timeout;  // per try
  std::optional<int> attempts;          // rounds over all name servers
  bool rotate = false;
  bool use_vc = false;  // TCP from the start

  friend bool operator==(const ResolvConf&, const ResolvConf&) = default;
};

// Lines and options that make no sense are passed over, as the C library does. Pure.
[[nodiscard]] ResolvConf parse_resolv_conf(std::string_view text);

// The file itself, looked at again at most every kRecheck. Answer loop only.
class ResolvConfFile {
 public:
  static constexpr seconds kRecheck{2};

  explicit ResolvConfFile(std::string path) : path_(std::move(path)) {}

  // True if contents() may have changed since the last call, and on the first one.
  [[nodiscard]] bool refresh(SteadyTime now);
  [[nodiscard]] const ResolvConf& contents() const { return contents_; }

 private:
  // What of the file's state changes when its octets do.
  struct Mark {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = -1;  // absent or unreadable
    timespec changed{};
    [[nodiscard]] bool same(const Mark& other) const;
  };
  [[nodiscard]] static Mark mark_of(const struct stat& status);
  void read();

  std::string path_;
  std::optional<SteadyTime> checked_;
  Mark mark_;
  ResolvConf contents_;
};

}  // namespace tlspolicyd
