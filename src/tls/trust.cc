#include "tls/trust.h"

#include <sys/stat.h>

#include <utility>

namespace tlspolicyd {
namespace {

// Often enough for somebody who has just mended a file, rare enough to cost nothing.
constexpr seconds kLookEvery{5};

}  // namespace

Result<std::unique_ptr<Trust>> Trust::load(TrustAnchors anchors, Logger* log) {
  const Marks before = marks(anchors);
  auto context = make_tls_context(anchors);
  if (!context) return fail(context.error().text);
  return std::unique_ptr<Trust>(new Trust(std::move(anchors), before, std::move(*context), log));
}

Trust::Trust(TrustAnchors anchors, Marks marks, SslCtxPtr context, Logger* log)
    : anchors_(std::move(anchors)), marks_(marks), refused_(marks), context_(std::move(context)), log_(log) {}

SslCtxPtr Trust::current(SteadyTime now) {
  const std::lock_guard lock(mutex_);
  if (now - looked_ >= kLookEvery) {
    looked_ = now;
    look();
  }
  SSL_CTX_up_ref(context_.get());
  return SslCtxPtr(context_.get());
}

// Files that cannot be used are tried again at every look: it may have been for lack of
// descriptors, say.
void Trust::look() {
  const Marks seen = marks(anchors_);
  if (seen == marks_) return;
  auto context = make_tls_context(anchors_);
  if (context) {
    marks_ = seen;
    context_ = std::move(*context);
  } else if (std::exchange(refused_, seen) != seen && log_ != nullptr) {
    log_->warning(LogLine("trust").with("action", "kept").with("reason", context.error().text));
  }
}

Result<void> Trust::reload(TrustAnchors anchors) {
  const Marks before = marks(anchors);
  auto context = make_tls_context(anchors);
  if (!context) return fail(context.error().text);
  const std::lock_guard lock(mutex_);
  anchors_ = std::move(anchors);
  marks_ = before;
  context_ = std::move(*context);
  return {};
}

Trust::Mark Trust::mark(const std::string& path) {
  struct stat found {};
  if (path.empty() || stat(path.c_str(), &found) != 0) return {};
  return {static_cast<std::int64_t>(found.st_dev), static_cast<std::int64_t>(found.st_ino),
          static_cast<std::int64_t>(found.st_size), found.st_ctim.tv_sec, found.st_ctim.tv_nsec};
}

Trust::Marks Trust::marks(const TrustAnchors& anchors) {
  const TrustAnchors where = anchors == TrustAnchors() ? system_anchors() : anchors;
  return {mark(where.ca_file), mark(where.ca_path)};
}

}  // namespace tlspolicyd
