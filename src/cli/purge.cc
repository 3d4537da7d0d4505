#include "cli/purge.h"

#include <sysexits.h>

#include <string>

#include "cli/complaint.h"
#include "cli/control_client.h"
#include "cli/progress.h"
#include "control/control_protocol.h"
#include "postfix/key.h"

namespace tlspolicyd {
namespace {

using Kind = ControlReply::Kind;

bool no_lines(std::string_view) { return true; }

int report(const Cli& cli, const std::string& what) {
  cli.terminal.out << "purged " << what << "\n";
  return finish_output(cli);
}

int not_known(const Cli& cli, const Domain& domain) {
  return complain(cli, kAbsentCode, domain.text() + " is not cached");
}

int no_store(const Cli& cli, const Error& why) {
  return complain(cli, EX_UNAVAILABLE, "no daemon answers at control_socket, and " + why.text);
}

int report_all(const Cli& cli, std::size_t count) { return report(cli, std::to_string(count) + " entries"); }

int purge_stored(const Cli& cli, const Domain& domain) {
  const auto store = cli.write_store();
  if (!store) return no_store(cli, store.error());
  const auto row = (*store)->get(domain);
  if (!row) return complain(cli, EX_UNAVAILABLE, row.error().text);
  if (!*row) return not_known(cli, domain);
  const auto written = (*store)->write({StoreChange{domain, std::nullopt}});
  if (!written) return complain(cli, EX_UNAVAILABLE, written.error().text);
  return report(cli, domain.text());
}

}  // namespace

int purge(const Cli& cli, std::string_view key) {
  const auto next_hop = parse_key(key);
  if (!next_hop) return complain(cli, EX_DATAERR, next_hop.error().text);
  const Domain& domain = next_hop->domain;
  Progress progress(cli.terminal, cli.clock, "purging:");
  const std::string request = std::string(control::kPurge) + " " + domain.text();
  const ControlReply reply = ask_daemon(cli.control_socket, request, {no_lines, [&] { progress.tick(); }});
  progress.erase();
  if (reply.kind == Kind::no_daemon) return purge_stored(cli, domain);
  if (reply.kind == Kind::absent) return not_known(cli, domain);
  return reply.kind == Kind::done ? report(cli, domain.text()) : complain(cli, reply);
}

int purge_all(const Cli& cli) {
  Progress progress(cli.terminal, cli.clock, "purging:");
  const ControlReply reply = ask_daemon(cli.control_socket, control::kPurgeAll, {no_lines, [&] { progress.tick(); }});
  progress.erase();
  if (reply.kind == Kind::done) return report_all(cli, reply.count);
  if (reply.kind != Kind::no_daemon) return complain(cli, reply);
  const auto count = cli.empty_store();
  return count ? report_all(cli, *count) : no_store(cli, count.error());
}

}  // namespace tlspolicyd
