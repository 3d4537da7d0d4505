#include "cli/cache.h"

#include <sysexits.h>

#include <string>

#include "cli/complaint.h"
#include "cli/control_client.h"
#include "cli/listing.h"
#include "cli/progress.h"
#include "control/control_protocol.h"
#include "postfix/key.h"
#include "store/store_shadow.h"
#include "store/stored_row.h"
#include "view/entry_json.h"
#include "view/entry_text.h"
#include "view/entry_view.h"

namespace tlspolicyd {
namespace {

using Kind = ControlReply::Kind;

constexpr std::size_t kRowsAPage = 500;

EntryView row_view(const StoredRow& row, const Cli& cli) {
  const Entry entry = from_row(row, cli.clock);
  return view_of(entry, cli.clock, entry_reply(entry, cli.clock.life(), MapForm::plain, cli.rules));
}

std::string so_many(std::size_t count) { return std::to_string(count) + " entries"; }

int list_store(const Cli& cli, Listing& listing, Progress& progress) {
  const auto store = cli.read_store();
  if (!store) return complain(cli, EX_UNAVAILABLE, "no daemon is running, and " + store.error().text);
  for (std::string after;;) {
    const auto rows = (*store)->page(after, kRowsAPage);
    if (!rows) {
      progress.erase();
      return complain(cli, EX_UNAVAILABLE, rows.error().text);
    }
    if (rows->empty()) break;
    for (const StoredRow& row : *rows)
      if (!listing.add(row_view(row, cli))) return finish_output(cli);
    progress.tick(so_many(listing.count()));
    after = rows->back().domain.text();
  }
  progress.erase();
  listing.finish();
  return finish_output(cli);
}

int print_entry(const Cli& cli, const EntryView& entry) {
  cli.terminal.out << (cli.json ? entry_json(entry) + "\n" : entry_text(entry, cli.clock.wall()));
  return finish_output(cli);
}

int not_cached(const Cli& cli, const Domain& domain) {
  return complain(cli, kAbsentCode, domain.text() + " is not cached");
}

int show_stored(const Cli& cli, const Domain& domain) {
  const auto store = cli.read_store();
  if (!store) return complain(cli, EX_UNAVAILABLE, "no daemon is running, and " + store.error().text);
  const auto row = (*store)->get(domain);
  if (!row) return complain(cli, EX_UNAVAILABLE, row.error().text);
  return *row ? print_entry(cli, row_view(**row, cli)) : not_cached(cli, domain);
}

}  // namespace

int list_cache(const Cli& cli) {
  Listing listing(cli.terminal, cli.json, cli.clock.wall());
  Terminal terminal = cli.terminal;
  terminal.progress &= !terminal.one_screen;
  Progress progress(terminal, cli.clock, "listing the cache:");
  const auto on_line = [&](std::string_view line) {
    progress.tick(so_many(listing.count()));
    return listing.add_json(line);
  };
  const ControlReply reply =
      ask_daemon(cli.control_socket, control::kCache, {on_line, [&] { progress.tick(so_many(listing.count())); }});
  if (reply.kind == Kind::no_daemon) return list_store(cli, listing, progress);
  progress.erase();
  if (reply.kind != Kind::done) return complain(cli, reply);
  listing.finish();
  return finish_output(cli);
}

int show_cached(const Cli& cli, std::string_view key) {
  const auto next_hop = parse_key(key);
  if (!next_hop) return complain(cli, EX_DATAERR, next_hop.error().text);
  const Domain& domain = next_hop->domain;
  int code = EX_OK;
  const auto on_line = [&](std::string_view line) {
    const auto entry = parse_entry_json(line);
    code = entry ? print_entry(cli, *entry) : complain(cli, EX_UNAVAILABLE, entry.error().text);
    return true;
  };
  const std::string request = std::string(control::kCache) + " " + domain.text();
  const ControlReply reply = ask_daemon(cli.control_socket, request, {on_line, nullptr});
  if (reply.kind == Kind::no_daemon) return show_stored(cli, domain);
  if (reply.kind == Kind::absent) return not_cached(cli, domain);
  return reply.kind == Kind::done ? code : complain(cli, reply);
}

}  // namespace tlspolicyd
