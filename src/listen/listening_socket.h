// Listening sockets, opened from an address of the configuration. Those that systemd
// passes are the affair of listen/inherited_listeners.h, accepting that of listen/listener.h.
// Used at start, before threads.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/listen_address.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace tlspolicyd {

// A full backlog of a unix socket refuses Postfix at once and defers its mail. More than this
// Linux does not grant by itself (net.core.somaxconn).
inline constexpr int kListenBacklog = 4096;

// The file of a unix socket: removed in the end, unless another one took its place.
class SocketFile {
 public:
  explicit SocketFile(std::string path);
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;
  ~SocketFile();

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

// Non-blocking and close-on-exec.
struct ListeningSocket {
  UniqueFd fd;
  std::string name;                  // "inet:127.0.0.1:8461", as bound
  std::unique_ptr<SocketFile> file;  // null: inet, or somebody else's. Goes before `fd`,
                                     // so that its inode is not another file's by then
  bool shared = false;               // passed to us: what we do not accept, our successor will
};

struct SocketRights {  // of unix sockets
  mode_t mode = 0666;
  std::string group;  // "": that of the process
};

// One socket per address of the host, one for a path. A file left behind by a process
// that is gone is replaced. The error names the listener and the cure.
[[nodiscard]] Result<std::vector<ListeningSocket>> open_listener(const ListenAddress& address,
                                                                 const SocketRights& rights);

// Gives the file of a unix socket that this process made to a user and a group.
[[nodiscard]] Result<void> give_socket(const std::string& path, uid_t owner, gid_t group);

// Whether open_listener() would succeed if nobody else had the address or path. Leaves no trace.
[[nodiscard]] Result<void> probe_listener(const ListenAddress& address);

// False: the kernel lets a socket listen there and none connect, as on a loopback interface that is
// down. Names are not looked up.
[[nodiscard]] bool is_reachable(const ListenAddress& address);
inline constexpr std::string_view kUnreachable = "cannot be reached from this host; see `ip link`, `ip link set lo up`";

// "inet:127.0.0.1:8461", "unix:/run/map": what a listening socket is bound to.
[[nodiscard]] std::string listen_name_of(int fd);

}  // namespace tlspolicyd
