// What is spoken over the control socket: a line, then lines. Shared by the server and
// the command line; the two always belong to one version of the program.
//
//   request:  status | cache | cache DOMAIN | purge DOMAIN | purge-all
//   reply:    any number of lines of JSON, each beginning with '{', and one last line:
//             done N        N lines were sent, or N entries forgotten
//             absent        the domain is not known
//             refused       the peer is neither root nor the daemon's user
//             busy          too many control connections
//             error TEXT    printable
//
// One request a connection; the server closes it after the last line.
#pragma once

#include <cstddef>
#include <string_view>

namespace tlspolicyd::control {

inline constexpr std::size_t kMaxRequest = 1024;  // octets: a verb and a domain are far shorter

inline constexpr std::string_view kStatus = "status", kCache = "cache", kPurge = "purge", kPurgeAll = "purge-all";
inline constexpr std::string_view kDone = "done", kAbsent = "absent", kRefused = "refused", kBusy = "busy",
                                  kError = "error";

}  // namespace tlspolicyd::control
