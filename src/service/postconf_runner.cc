#include "service/postconf_runner.h"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/capabilities.h"
#include "net/syscall_filter.h"
#include "service/postconf.h"

namespace tlspolicyd {
namespace {

// One message is a question or an answer. Its first octet says which kind, so that none is
// empty, which would look like the end.
constexpr char kAsk = '?', kOutput = '+', kReason = '-';
constexpr std::size_t kMaxMessage = PATH_MAX + 4096;  // a folder; what run_postconf() brings
// The runner answers within the limit of a call; beyond that it has come to harm.
constexpr timeval kPatience{10, 0};

// False at the end, and where nothing comes in time.
bool receive(int socket, std::string& message) {
  message.resize(kMaxMessage);
  ssize_t got;
  while ((got = ::recv(socket, message.data(), message.size(), 0)) < 0 && errno == EINTR) {
  }
  message.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return got > 0;
}

bool send(int socket, char kind, const std::string& text) {
  const std::string message = kind + text.substr(0, kMaxMessage - 1);
  return ::send(socket, message.data(), message.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(message.size());
}

// Keeps nothing of the daemon's but the socket. The signals that end or reload a daemon
// stay blocked: this process ends when the daemon has closed its side.
int leave_all_behind(int socket) {
  constexpr int kFirst = STDERR_FILENO + 1;
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(null, standard);
  if (socket != kFirst) ::dup3(socket, kFirst, O_CLOEXEC);
  ::close_range(kFirst + 1, ~0U, 0);
  static_cast<void>(::chdir("/") == 0);
  ::prctl(PR_SET_NAME, "tls-postconf", 0, 0, 0);
  return kFirst;
}

[[noreturn]] void serve_daemon(int inherited, const std::function<bool()>& give_up_rights, const std::string& program) {
  const int socket = leave_all_behind(inherited);
  if (!give_up_rights() || !give_up_all_capabilities()) ::_exit(1);
  static_cast<void>(confine_runner());  // refused where the daemon's own filter is, which says so
  std::string message;
  while (receive(socket, message)) {
    const auto output = run_postconf({.config_directory = message.substr(1), .program = program});
    if (!(output ? send(socket, kOutput, *output) : send(socket, kReason, output.error().text))) break;
  }
  ::_exit(0);
}

}  // namespace

Result<PostconfRunner> PostconfRunner::start(const std::function<bool()>& give_up_rights, const std::string& program) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return fail(std::string("socketpair: ") + std::strerror(errno));
  UniqueFd ours(ends[0]), theirs(ends[1]);
  ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  const pid_t pid = ::fork();
  if (pid < 0) return fail(std::string("fork: ") + std::strerror(errno));
  if (pid == 0) serve_daemon(theirs.get(), give_up_rights, program);
  return PostconfRunner(std::move(ours));
}

Result<std::string> PostconfRunner::run(const std::string& config_directory) const {
  std::string answer;
  if (!socket_ || !send(socket_.get(), kAsk, config_directory) || !receive(socket_.get(), answer)) {
    ::shutdown(socket_.get(), SHUT_RDWR);  // a late answer must not pass for that of the next question
    return fail("the process that runs postconf is gone; restart to have it again");
  }
  if (answer.front() == kOutput) return answer.substr(1);
  return fail(answer.substr(1));
}

}  // namespace tlspolicyd
