// What the one-shot commands need from outside. Filled by main() from the configuration;
// nothing here outlives the command.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "store/store.h"
#include "cli/terminal.h"
#include "postfix/entry_reply.h"

namespace tlspolicyd {

struct Cli {
  // Fails where there is no store, with words that name it. Creates nothing.
  using OpenStore = std::function<Result<std::shared_ptr<Store>>()>;
  using EmptyStore = std::function<Result<std::size_t>()>;  // how many entries there were

  const Terminal& terminal;
  const Clock& clock;
  bool json = false;
  std::string control_socket;  // "": none
  OpenStore read_store;        // read-only
  OpenStore write_store;       // for --purge: keeps the files' owner; so does
  EmptyStore empty_store;      // for --purge-all
  ReplyRules rules;            // for the replies shown
};

}  // namespace tlspolicyd
