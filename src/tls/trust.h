// The current TLS context, replaced when the CA files change. Fetches under way keep the
// one they began with. Any thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "tls/tls_context.h"

namespace tlspolicyd {

class Trust {
 public:
  // `log` (may be null) is told when changed files cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<Trust>> load(TrustAnchors anchors, Logger* log);

  // Looks now and then whether the files changed; broken ones change nothing.
  [[nodiscard]] SslCtxPtr current(SteadyTime now);
  [[nodiscard]] Result<void> reload(TrustAnchors anchors);

 private:
  // What stat() tells of a file or directory: device, inode, size, time of change (chmod too).
  using Mark = std::array<std::int64_t, 5>;
  using Marks = std::array<Mark, 2>;

  Trust(TrustAnchors anchors, Marks marks, SslCtxPtr context, Logger* log);
  [[nodiscard]] static Mark mark(const std::string& path);
  [[nodiscard]] static Marks marks(const TrustAnchors& anchors);
  void look();

  std::mutex mutex_;  // guards all below
  TrustAnchors anchors_;
  Marks marks_;    // of the files that context_ comes from
  Marks refused_;  // of those that were warned of last
  SslCtxPtr context_;
  SteadyTime looked_{};
  Logger* log_;
};

}  // namespace tlspolicyd
