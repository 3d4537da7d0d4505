// Fetches policies over HTTPS on threads of its own. Follows nothing, keeps nothing,
// shares nothing between fetches but the trusted certificates; proxy variables and
// system-wide HTTP settings do not count. RFC 8461 section 3.3.
//
// Constructed and used on the home thread, where results arrive.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "event/executor.h"
#include "fetch/https.h"
#include "tls/tls_context.h"

namespace tlspolicyd {

class FetchLane;
class Trust;

struct HttpsOptions {
  std::string ca_file, ca_path;                    // both empty: the system's
  unsigned threads = 0;                            // 0: as many as processors, at most 2
  Logger* log = nullptr;                           // told when changed CA files cannot be used
  std::function<void()> before_threads = nullptr;  // runs once the CA files are read
};

class HttpsClient final : public Https {
 public:
  using Reloaded = std::function<void(const Result<void>&)>;

  // Fails where the CA certificates cannot be loaded, naming file and cure.
  [[nodiscard]] static Result<std::unique_ptr<HttpsClient>> create(Executor& home, const HttpsOptions& options);
  ~HttpsClient() override;  // fetches under way end without a callback

  [[nodiscard]] Ticket fetch(FetchRequest request, Done done) override;

  // For later fetches. Threads that are too many go idle, since fetches may be under way
  // on them. Fails where the system starts no more; what there is goes on.
  [[nodiscard]] Result<void> set_threads(unsigned threads);

  // Reads the CA files again, away from this thread; later fetches use them. On failure
  // the old ones stay. (A file that changes is noticed without this.) The ticket only
  // guards the callback: what was begun is done. However many come while one is under
  // way, only the last of them follows, and only it is called back.
  [[nodiscard]] Ticket reload_trust(TrustAnchors anchors, Reloaded done);

 private:
  struct Reload;

  HttpsClient(Executor& home, std::unique_ptr<Trust> trust);
  void begin(const std::shared_ptr<Reload>& reload);
  void end_reload(const Result<void>& done);

  Executor& home_;
  std::unique_ptr<Trust> trust_;
  std::vector<std::shared_ptr<FetchLane>> lanes_;  // tickets may outlive us, holding weak ones
  std::size_t used_ = 0;                           // of lanes_, from the first on
  std::uint64_t last_id_ = 0;
  std::shared_ptr<Reload> reloading_, next_reload_;
  std::shared_ptr<char> alive_ = std::make_shared<char>();
};

}  // namespace tlspolicyd
