#include "fetch/https_client.h"

#include <algorithm>
#include <system_error>
#include <thread>
#include <utility>

#include "fetch/fetch_lane.h"
#include "tls/trust.h"

namespace tlspolicyd {
namespace {

unsigned thread_count(unsigned wanted) {
  // More than two fetch threads would only take from the answer loop what they gain.
  return wanted != 0 ? wanted : std::clamp(std::thread::hardware_concurrency(), 1U, 2U);
}

// A callback that waits at home. The ticket owns it; what travels to the other thread
// and back is a weak pointer, so the callback is neither run nor destroyed elsewhere.
template <typename Value>
struct Waiting {
  std::function<void(const Value&)> done;

  void deliver(const Value& value) {
    if (const auto callback = std::exchange(done, nullptr)) callback(value);
  }
};

template <typename Value>
auto deliver_home(Executor& home, std::weak_ptr<Waiting<Value>> waiting) {
  return [&home, waiting = std::move(waiting)](Value value) {
    home.post([waiting, value = std::make_shared<const Value>(std::move(value))] {
      if (const auto there = waiting.lock()) there->deliver(*value);
    });
  };
}

}  // namespace

Result<std::unique_ptr<HttpsClient>> HttpsClient::create(Executor& home, const HttpsOptions& options) {
  auto trust = Trust::load({options.ca_file, options.ca_path}, options.log);
  if (!trust) return fail(trust.error().text);
  if (options.before_threads) options.before_threads();
  std::unique_ptr<HttpsClient> client(new HttpsClient(home, std::move(*trust)));
  if (const auto started = client->set_threads(options.threads); !started) return fail(started.error().text);
  return client;
}

HttpsClient::HttpsClient(Executor& home, std::unique_ptr<Trust> trust) : home_(home), trust_(std::move(trust)) {}

HttpsClient::~HttpsClient() = default;

Result<void> HttpsClient::set_threads(unsigned threads) {
  const std::size_t wanted = thread_count(threads);
  try {
    while (lanes_.size() < wanted) lanes_.push_back(std::make_shared<FetchLane>(*trust_));
  } catch (const std::system_error& refused) {
    used_ = lanes_.size();
    return fail("of " + std::to_string(wanted) + " threads " + std::to_string(used_) + " run: " + refused.what());
  }
  used_ = wanted;
  return {};
}

Ticket HttpsClient::fetch(FetchRequest request, Done done) {
  const auto waiting = std::make_shared<Waiting<FetchOutcome>>();
  waiting->done = std::move(done);
  const FetchLane::Id id = ++last_id_;
  const std::shared_ptr<FetchLane>& lane = lanes_[id % used_];
  take_in_late(request);
  const auto late = std::exchange(request.late, nullptr);  // stays here
  lane->start(id, std::move(request), late != nullptr, deliver_home<FetchOutcome>(home_, waiting));
  const std::weak_ptr<FetchLane> weak(lane);
  if (late)
    late->listen([id, weak](const std::vector<IpAddress>& addresses) {
      if (const auto there = weak.lock()) there->add(id, addresses);
    });
  return Ticket([waiting, id, weak, late] {
    if (late) late->listen(nullptr);
    const bool under_way = std::exchange(waiting->done, nullptr) != nullptr;
    const auto there = under_way ? weak.lock() : nullptr;
    if (there) there->cancel(id);
  });
}

struct HttpsClient::Reload {
  TrustAnchors anchors;
  Reloaded done;  // empty: nobody waits any more
};

Ticket HttpsClient::reload_trust(TrustAnchors anchors, Reloaded done) {
  const auto reload = std::make_shared<Reload>(Reload{std::move(anchors), std::move(done)});
  if (reloading_) next_reload_ = reload;
  else begin(reload);
  return Ticket([reload] { reload->done = nullptr; });
}

void HttpsClient::begin(const std::shared_ptr<Reload>& reload) {
  reloading_ = reload;
  lanes_.front()->post(
      [this, &home = home_, alive = std::weak_ptr(alive_), trust = trust_.get(), anchors = reload->anchors] {
        home.post([this, alive, done = trust->reload(anchors)] {
          if (!alive.expired()) end_reload(done);
        });
      });
}

void HttpsClient::end_reload(const Result<void>& done) {
  const auto ended = std::exchange(reloading_, nullptr);
  if (const auto next = std::exchange(next_reload_, nullptr)) begin(next);
  if (const auto tell = std::exchange(ended->done, nullptr)) tell(done);
}

}  // namespace tlspolicyd
