// The running server: owns every long-lived object in the order of their dependence,
// reloads, drains and stops. Main thread, which is the answer loop.
#pragma once

#include <csignal>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "cache/policy_cache.h"
#include "store/store_shadow.h"
#include "config/config_file.h"
#include "control/control_desk.h"
#include "event/loop.h"
#include "event/signals.h"
#include "event/worker_lane.h"
#include "process/log_sink.h"
#include "dns/dns_client.h"
#include "fetch/https_client.h"
#include "listen/listening_socket.h"
#include "control/control_server.h"
#include "learn/dane_learner.h"
#include "fetch/fetch_queue.h"
#include "learn/learner.h"
#include "learn/nat64_watch.h"
#include "answer/policy_service.h"
#include "postconf/postconf_runner.h"
#include "postconf/postfix_advice.h"
#include "postconf/postfix_level.h"
#include "learn/precedence_switch.h"
#include "learn/refresher.h"
#include "learn/resolver_canary.h"
#include "socketmap/socketmap_server.h"

namespace tlspolicyd {

class Daemon {
 public:
  // What may fail to come about, made beforehand.
  struct Start {
    Config config;
    ConfigSource source;  // for SIGHUP
    int verbosity = 0;
    std::vector<ListeningSocket> maps;
    std::optional<ListeningSocket> control;
    PostconfRunner postconf;
    std::unique_ptr<HttpsClient> https;
    std::shared_ptr<Store> store;  // null: memory only
  };
  static constexpr std::initializer_list<int> kSignals{SIGTERM, SIGINT, SIGHUP};

  // The signals must be blocked already.
  Daemon(Start start, Loop& loop, const Clock& clock, LogSink& log);
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;
  ~Daemon();

  // Until SIGTERM or SIGINT; questions in flight are answered. False: the disk hangs, so that what
  // was learned last is not stored, and destroying this may never come to an end.
  [[nodiscard]] bool run();

 private:
  void on_signal(int signal);
  void reload();
  void apply(const Config& fresh);
  void ask_postfix_level();
  void on_new_map_name(const MapName& name);
  void advise_postfix();
  void on_canary();
  void set_precedence();
  void bound_cache();
  void drain();
  void mind_store();
  void on_evicted(const Entry& entry);
  [[nodiscard]] MapNameView view_of(const MapNames::Seen& seen) const;
  [[nodiscard]] StatusView status();

  Config config_;
  ConfigSource source_;
  int verbosity_;
  Loop& loop_;
  const Clock& clock_;
  LogSink& log_;
  WallTime started_;
  SteadyTime began_;
  std::minstd_rand random_{std::random_device{}()};
  Metrics metrics_;
  PostconfRunner postconf_;
  WorkerLane store_lane_{"store"};
  WorkerLane sync_lane_{"sync"};
  WorkerLane side_lane_{"postconf"};
  PostfixLevel postfix_level_;
  std::optional<PostfixSetup> postfix_setup_;  // as postconf last told it
  std::set<std::string> advised_;
  std::unique_ptr<HttpsClient> https_;
  DnsHub dns_hub_;
  DnsClient dns_, dane_dns_;
  Nat64Watch nat64_;
  PrecedenceSwitch precedence_;
  ResolverCanary canary_;
  PolicyCache cache_;
  StoreShadow shadow_;
  FetchQueue fetches_;
  Learner learner_;
  DaneLearner dane_;
  PolicyService service_;
  Refresher refresher_;
  SocketmapServer server_;
  ControlDesk desk_;
  std::optional<ControlServer> control_;
  Ticket trust_reload_;
  bool draining_ = false, abandoned_ = false;
  std::uint64_t commits_ = 0;  // when it was last looked at while draining
  std::unique_ptr<Timer> store_patience_;
  std::unique_ptr<Timer> bounding_;
  Signals signals_;
};

}  // namespace tlspolicyd
