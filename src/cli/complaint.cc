#include "cli/complaint.h"

#include <sysexits.h>

#include <string>

#include "view/text_layout.h"

namespace tlspolicyd {

int complain(const Cli& cli, int code, std::string_view text) {
  cli.terminal.err << "tlspolicyd: " << shown(text) << "\n" << std::flush;
  return code;
}

int complain(const Cli& cli, const ControlReply& reply) {
  switch (reply.kind) {
    case ControlReply::Kind::refused: return complain(cli, EX_NOPERM, "control socket: " + reply.detail);
    case ControlReply::Kind::no_daemon:
      return complain(cli, EX_UNAVAILABLE, "no daemon listens on the control socket: " + reply.detail);
    case ControlReply::Kind::done:
    case ControlReply::Kind::absent:
    case ControlReply::Kind::failed: break;
  }
  return complain(cli, EX_UNAVAILABLE, "control socket: " + reply.detail);
}

int finish_output(const Cli& cli) {
  cli.terminal.out << std::flush;
  return cli.terminal.out ? EX_OK : complain(cli, EX_IOERR, "cannot write the output");
}

}  // namespace tlspolicyd
