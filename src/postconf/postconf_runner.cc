#include "postconf/postconf_runner.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>

#include "base/clock.h"
#include "process/capabilities.h"
#include "process/syscall_filter.h"

namespace tlspolicyd {
namespace {

// A question is kAsk and a folder. An answer is three texts, each ended by a NUL and begun by whether it
// is output or the reason why there is none. So no message is empty, which would look like the end.
constexpr char kAsk = '?', kOutput = '+', kReason = '-';
constexpr std::size_t kMaxReason = 4096;
constexpr std::size_t kMaxMessage = PATH_MAX + kMaxLevelText + kMaxSettingsText + kMaxTransportsText + 3 * kMaxReason;
// The runner answers within the limit of a call; beyond that it has come to harm.
constexpr timeval kReplyPatience{15, 0};

// False at the end, and where nothing comes in time.
bool receive(int socket, std::string& message) {
  message.resize(kMaxMessage);
  ssize_t got;
  while ((got = ::recv(socket, message.data(), message.size(), 0)) < 0 && errno == EINTR) {
  }
  message.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return got > 0;
}

std::string encoded(const Result<std::string>& answer) {
  std::string text = answer ? kOutput + *answer : kReason + answer.error().text.substr(0, kMaxReason);
  std::replace(text.begin(), text.end(), '\0', '?');
  return text + '\0';
}

// The next text of a message.
Result<std::string> decoded(std::string_view& message) {
  const std::string_view text = message.substr(0, message.find('\0'));
  message.remove_prefix(std::min(text.size() + 1, message.size()));
  if (text.substr(0, 1) != std::string_view(&kOutput, 1))
    return fail(std::string(text.substr(std::min<std::size_t>(1, text.size()))));
  return std::string(text.substr(1));
}

bool send(int socket, const std::string& message) {
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
    const PostconfAnswers answers = run_postconf({.config_directory = message.substr(1), .program = program});
    if (!send(socket, encoded(answers.level) + encoded(answers.settings) + encoded(answers.transports))) break;
  }
  ::_exit(0);
}

}  // namespace

Result<PostconfRunner> PostconfRunner::start(const std::function<bool()>& give_up_rights, const std::string& program) {
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return fail_errno("socketpair");
  UniqueFd ours(ends[0]), theirs(ends[1]);
  ::setsockopt(ours.get(), SOL_SOCKET, SO_RCVTIMEO, &kReplyPatience, sizeof kReplyPatience);
  const pid_t pid = ::fork();
  if (pid < 0) return fail_errno("fork");
  if (pid == 0) serve_daemon(theirs.get(), give_up_rights, program);
  return PostconfRunner(std::move(ours));
}

PostconfAnswers PostconfRunner::run(const std::string& config_directory) const {
  std::string message;
  if (!socket_ || !send(socket_.get(), kAsk + config_directory) || !receive(socket_.get(), message)) {
    stop();  // a late answer must not pass for that of the next question
    return no_answers("the process that runs postconf is gone; restart to have it again");
  }
  std::string_view rest = message;
  Result<std::string> level = decoded(rest), settings = decoded(rest), transports = decoded(rest);
  return {std::move(level), std::move(settings), std::move(transports)};
}

void PostconfRunner::stop() const {
  if (socket_) ::shutdown(socket_.get(), SHUT_RDWR);
}

}  // namespace tlspolicyd
