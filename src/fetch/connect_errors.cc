#include "fetch/connect_errors.h"

#include <cerrno>
#include <cstring>

#include "net/connect.h"

namespace tlspolicyd {

FetchFault fault_of_connect(int error) {
  if (is_shortage(error)) return FetchFault::shortage;
  switch (error) {
    case ECONNREFUSED: return FetchFault::refused;
    case ETIMEDOUT: return FetchFault::connect_timeout;
    case ECONNRESET: return FetchFault::reset;
    case EPERM:
    case EACCES: return FetchFault::blocked;
    default: return FetchFault::unreachable;
  }
}

std::string words_for_connect(int error) {
  switch (error) {
    case ECONNREFUSED: return "connection refused";
    case EMFILE:
    case ENFILE: return "this host has no descriptor left";
    case EADDRNOTAVAIL:
    case EAGAIN: return "this host has no port left";
    case EPERM:
    case EACCES: return std::string("forbidden on this host: ") + std::strerror(error);
    default: return std::strerror(error);
  }
}

}  // namespace tlspolicyd
