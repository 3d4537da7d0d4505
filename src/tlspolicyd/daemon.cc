#include "tlspolicyd/daemon.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "config/describe.h"
#include "config/param_values.h"
#include "config/reload.h"
#include "tlspolicyd/options.h"
#include "tlspolicyd/settings.h"

namespace tlspolicyd {
namespace {

constexpr milliseconds kStoreLimit{5000};  // for a commit or two of what came last
constexpr milliseconds kDrainLimit{8000};  // longer than any reply_timeout that makes sense before a restart

constexpr std::size_t kMaxDueCounted = 100'000;  // --status need not count further

std::vector<uid_t> control_users() { return {0, geteuid()}; }

}  // namespace

Daemon::Daemon(Start start, Loop& loop, const Clock& clock, LogSink& log)
    : config_(std::move(start.config)),
      source_(std::move(start.source)),
      verbosity_(start.verbosity),
      loop_(loop),
      clock_(clock),
      log_(log),
      started_(clock.wall()),
      began_(clock.steady()),
      postconf_(std::move(start.postconf)),
      postfix_level_({side_lane_, loop, loop, clock, log},
                     [this](const PostconfCall& call) { return postconf_.run(call.config_directory); }),
      https_(std::move(start.https)),
      dns_hub_(loop, loop, clock, metrics_, resolver_count(config_)),
      dns_(dns_hub_, dns_options(config_)),
      dane_dns_(dns_hub_, dane_dns_options(config_)),
      nat64_(dns_, loop, &log),
      precedence_(log),
      canary_({dane_dns_, loop, log, metrics_}, [this] { on_canary(); }),
      cache_(cache_bounds(config_), [this](const Entry& entry) { on_evicted(entry); }),
      shadow_({store_lane_, sync_lane_, loop, loop, clock, log, metrics_, cache_}, std::move(start.store)),
      fetches_(*https_, loop, clock, config_.fetch_concurrency),
      learner_({dns_, loop, fetches_, cache_, shadow_, loop, clock, log, metrics_,
                [this] { return std::uniform_real_distribution(-1.0, 1.0)(random_); }, &nat64_.prefixes()},
               learner_options(config_)),
      dane_({dane_dns_, loop, cache_, shadow_, loop, clock, log, metrics_}),
      service_({learner_, dane_, cache_, shadow_, side_lane_, loop, clock, log, metrics_,
                [this](const MapName& name) { on_new_map_name(name); }},
               service_options(config_, {.level_known = false})),
      refresher_({learner_, fetches_, cache_, shadow_, loop, clock, log}),
      server_(loop, loop, clock, service_, metrics_, log, server_options(config_)),
      desk_({service_, cache_, shadow_, loop, clock, [this] { return status(); }}),
      store_patience_(loop.make([this] { mind_store(); })),
      bounding_(loop.make([this] { bound_cache(); })),
      signals_(loop, kSignals, [this](int signal) { on_signal(signal); }) {
  shadow_.load([this](const StoredRow& row) { learner_.adopt(row); }, [] {});
  refresher_.start();
  ask_postfix_level();
  canary_.ask(config_.dane_canary);
  nat64_.ask();
  for (ListeningSocket& socket : start.maps) server_.add_listener(std::move(socket));
  if (start.control) control_.emplace(loop, loop, std::move(*start.control), desk_, control_users());
}

// Nobody waits for a postconf that hangs.
Daemon::~Daemon() { postconf_.stop(); }

bool Daemon::run() {
  LogLine line("start");
  line.with("version", TLSPOLICYD_VERSION).with("pid", getpid());
  for (const std::string& name : server_.listening()) line.with("listen", name);
  log_.info(line);
  for (const std::string_view setting : split(describe_changed(config_), '\n'))
    if (!setting.empty()) log_.debug(LogLine("setting").with("line", setting));
  loop_.run();
  log_.info(LogLine("stop").with("uptime_s", std::chrono::duration_cast<seconds>(clock_.steady() - began_).count()));
  return !abandoned_;
}

void Daemon::on_signal(int signal) {
  if (signal == SIGHUP) return reload();
  if (!draining_) drain();
}

// A broken file keeps the running settings.
void Daemon::reload() {
  const ConfigResult fresh = load_config(source_);
  if (fresh) return apply(*fresh);
  for (const ConfigError& error : fresh.error()) log_.write(LogLevel::error, "reload: " + to_text(error));
  log_.error(LogLine("reload")
                 .with("result", "refused")
                 .with("cure", "mend the file and send SIGHUP again; the settings stay as they were"));
}

void Daemon::apply(const Config& fresh) {
  const Reload plan = plan_reload(config_, fresh);
  config_ = plan.config;
  log_.configure(config_.log, more_verbose(config_.log_level, verbosity_));
  dns_.set_options(dns_options(config_));
  dane_dns_.set_options(dane_dns_options(config_));
  learner_.set_options(learner_options(config_));
  set_precedence();
  fetches_.set_concurrency(config_.fetch_concurrency);
  if (const auto done = https_->set_threads(config_.fetch_threads); !done)
    log_.warning(LogLine("reload").with("parameter", "fetch_threads").with("reason", done.error().text));
  server_.set_max_connections(config_.max_connections);
  bound_cache();
  shadow_.set_max_octets(config_.store_max_size);
  trust_reload_ = https_->reload_trust({config_.ca_file, config_.ca_path}, [this](const Result<void>& done) {
    if (!done) log_.error(LogLine("reload").with("parameter", "ca_file").with("reason", done.error().text));
  });
  ask_postfix_level();
  canary_.ask(config_.dane_canary);
  nat64_.ask();
  for (const Param* param : plan.waiting_for_restart)
    log_.warning(LogLine("reload").with("parameter", param->name).with("result", "needs a restart"));
  log_.info(LogLine("reload").with("result", "done").with("changed", plan.changed.size()));
}

// At reload the level known so far holds until the new one is.
void Daemon::ask_postfix_level() {
  postfix_level_.forget();
  const auto take = [this](const PostfixLevel::Report& report) {
    precedence_.set_postfix(report.tls);
    set_precedence();
    postfix_setup_ = report.setup;
    advise_postfix();
  };
  if (const auto tls = fixed_level(config_)) return take({*tls, std::nullopt});
  postfix_level_.ask({.config_directory = config_.postfix_config_directory}, take);
}

void Daemon::on_new_map_name(const MapName& name) {
  if (name.level == BaseLevel::dane) precedence_.set_dane_clients();
  advise_postfix();
}

// Each warning once, as long as it holds.
void Daemon::advise_postfix() {
  if (!postfix_setup_) return;
  ServedHere here{precedence_.postfix(), server_.listening(), config_.tlsrpt_map_name, {}};
  for (const MapForm form : {MapForm::plain, MapForm::tlsrpt})
    if (service_.map_names().seen(form)) here.forms_seen.push_back(form);
  std::set<std::string> advised;
  for (const LogLine& line : advise(*postfix_setup_, here)) {
    if (advised_.count(line.text()) == 0) log_.warning(line);
    advised.insert(line.text());
  }
  advised_ = std::move(advised);
}

void Daemon::on_canary() {
  precedence_.set_resolver(canary_.ad(), show(config_, *find_param("dane_canary")));
  set_precedence();
}

void Daemon::set_precedence() {
  service_.set_options(service_options(
      config_, {precedence_.level_known(), precedence_.base_level(), precedence_.active(), precedence_.validates()}));
}

void Daemon::bound_cache() {
  if (!cache_.set_bounds(cache_bounds(config_), clock_.life())) bounding_->start(milliseconds(0));
}

// Answers what has been asked, writes what has been learned, ends.
void Daemon::drain() {
  draining_ = true;
  server_.drain(kDrainLimit, [this] {
    commits_ = shadow_.commits();
    store_patience_->start(kStoreLimit);
    shadow_.drain([this] { loop_.stop(); });
  });
}

// Nobody is served any more, so every second counts, and what takes our place may fare better; but a
// store that takes something is waited for.
void Daemon::mind_store() {
  if (const std::uint64_t now = shadow_.commits(); now > std::exchange(commits_, now))
    return store_patience_->start(kStoreLimit);
  log_.error(LogLine("stop")
                 .with("reason", "the store did not take, or did not sync, what was learned last in time")
                 .with("unwritten", shadow_.pending())
                 .with("cure", "look at the disk of cache ="));
  abandoned_ = true;
  loop_.stop();
}

void Daemon::on_evicted(const Entry& entry) {
  metrics_.add("cache", "evicted");
  learner_.forgot(entry.domain);
  shadow_.evicted(entry);
  const bool live = entry.held && usable(*entry.held, clock_.life());
  if (live && entry.held->policy.mode == Mode::enforce && !shadow_.may_hold(entry.domain))
    log_.warning(LogLine("cache")
                     .with("domain", entry.domain.text())
                     .with("action", "evicted")
                     .with("cure", "raise cache_max_entries or cache_max_size"));
}

MapNameView Daemon::view_of(const MapNames::Seen& seen) const {
  const BaseLevel level = seen.means.level.value_or(precedence_.base_level());
  const bool dane = seen.means.level ? level == BaseLevel::dane && precedence_.validates() : precedence_.active();
  return {seen.name, std::string(name_of(level)), seen.lookups, dane,
          seen.means.level_known ? "" : "no level of Postfix after the @"};
}

StatusView Daemon::status() {
  StatusView view;
  view.version = TLSPOLICYD_VERSION;
  view.started = started_;
  view.uptime = std::chrono::duration_cast<seconds>(clock_.steady() - began_);
  view.pid = getpid();
  view.listen = server_.listening();
  view.postfix_security_level = name_of(precedence_.base_level());
  view.dane_active = precedence_.active();
  view.resolver_validates = precedence_.validates();
  for (const MapNames::Seen& seen : service_.map_names().seen(config_.tlsrpt_map_name))
    view.maps.push_back(view_of(seen));
  for (const Resolver& resolver : dns_.resolvers()) view.resolver_addresses.push_back(to_text(resolver));
  const PolicyCache::Census census = cache_.census();
  view.cache_entries = census.entries;
  view.cache_bytes = census.octets;
  view.cache_by_mode = {
      {"enforce", census.enforce}, {"testing", census.testing}, {"none", census.none}, {"absent", census.absent}};
  view.connections = server_.connections();
  view.counters = metrics_.families();
  view.lookups = view.counters["reply"];
  view.fetches = view.counters["fetch"];
  view.refresh_due = cache_.count_due(clock_.life(), kMaxDueCounted);
  view.refresh_failing = learner_.failing();
  view.store_state = shadow_.state();
  view.store_pending = shadow_.pending();
  return view;
}

}  // namespace tlspolicyd
