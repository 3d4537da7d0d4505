#include "cli/status.h"

#include <sysexits.h>

#include "cli/complaint.h"
#include "cli/control_client.h"
#include "control/control_protocol.h"
#include "view/status_json.h"
#include "view/status_text.h"
#include "view/status_view.h"

namespace tlspolicyd {
namespace {

int print_status(const Cli& cli, std::string_view line) {
  const auto status = parse_status_json(line);
  if (!status) return complain(cli, EX_UNAVAILABLE, status.error().text);
  cli.terminal.out << (cli.json ? status_json(*status) + "\n" : status_text(*status, cli.clock.wall()));
  return finish_output(cli);
}

}  // namespace

int show_status(const Cli& cli) {
  int code = EX_OK;
  const auto on_line = [&](std::string_view line) {
    code = print_status(cli, line);
    return true;
  };
  const ControlReply reply = ask_daemon(cli.control_socket, control::kStatus, {on_line, nullptr});
  return reply.kind == ControlReply::Kind::done ? code : complain(cli, reply);
}

}  // namespace tlspolicyd
