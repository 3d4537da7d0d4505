#include "service/postconf.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include "base/text.h"
#include "base/unique_fd.h"

namespace tlspolicyd {
namespace {

using Deadline = SteadyTime;

constexpr std::size_t kMaxOutput = 4096;  // two words are expected
constexpr milliseconds kExitPoll{5};      // between looks whether it has ended

// Where postconf may be although the service's $PATH does not say so.
constexpr const char* kSystemPath = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin";

class SpawnActions {
 public:
  SpawnActions() { posix_spawn_file_actions_init(&actions_); }
  ~SpawnActions() { posix_spawn_file_actions_destroy(&actions_); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  [[nodiscard]] posix_spawn_file_actions_t* get() { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_{};
};

class SpawnAttributes {
 public:
  SpawnAttributes() { posix_spawnattr_init(&attributes_); }
  ~SpawnAttributes() { posix_spawnattr_destroy(&attributes_); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  [[nodiscard]] posix_spawnattr_t* get() { return &attributes_; }

 private:
  posix_spawnattr_t attributes_{};
};

// A process group of one's own, reaped in any case.
class Child {
 public:
  explicit Child(pid_t pid) : pid_(pid) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (!ended_) {
      ::kill(-pid_, SIGKILL);
      while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
      }
    }
  }
  // Whether it ended in time; then status() is what wait said.
  [[nodiscard]] bool wait(Deadline deadline) {
    while (!(ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_)) {
      if (std::chrono::steady_clock::now() >= deadline) return false;
      std::this_thread::sleep_for(kExitPoll);
    }
    return true;
  }
  [[nodiscard]] int status() const { return status_; }

 private:
  pid_t pid_;
  int status_ = 0;
  bool ended_ = false;
};

struct Pipe {
  UniqueFd read_end, write_end;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail(std::string("pipe: ") + std::strerror(errno));
  return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

std::string find_program(const std::string& name) {
  if (name.find('/') != name.npos) return name;
  const char* const own = std::getenv("PATH");
  const std::string path = own == nullptr ? kSystemPath : std::string(own) + ":" + kSystemPath;
  for (const std::string_view folder : split(path, ':')) {
    const std::string candidate = std::string(folder) + "/" + name;
    if (folder.rfind('/', 0) == 0 && ::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return name;
}

std::vector<std::string> arguments_of(const PostconfCall& call) {
  std::vector<std::string> arguments{"postconf", "-hx"};
  if (!call.config_directory.empty()) arguments.insert(arguments.end(), {"-c", call.config_directory});
  arguments.insert(arguments.end(), {"smtp_tls_security_level", "smtp_dns_support_level"});
  return arguments;
}

// stdout into the pipe, nothing else of ours; default signals, a group to be killed as one.
int spawn(const PostconfCall& call, int write_end, pid_t& pid) {
  SpawnActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), write_end, STDOUT_FILENO);
  posix_spawn_file_actions_addopen(actions.get(), STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), STDERR_FILENO + 1);
  SpawnAttributes attributes;
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(attributes.get(), &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(attributes.get(), &signals);
  posix_spawnattr_setflags(attributes.get(),
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<std::string> texts = arguments_of(call);
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  std::string path = std::string("PATH=") + kSystemPath, locale = "LC_ALL=C";
  std::array<char*, 3> environment{path.data(), locale.data(), nullptr};
  return posix_spawn(&pid, find_program(call.program).c_str(), actions.get(), attributes.get(),
                     pointers.data(), environment.data());
}

// Whether there is something to read (or the end) before the deadline.
bool readable(int fd, Deadline deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd what{fd, POLLIN, 0};
    const int ready = ::poll(&what, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

Result<std::string> read_output(int fd, Deadline deadline) {
  std::string output(kMaxOutput + 1, '\0');
  std::size_t size = 0;
  for (;;) {
    if (!readable(fd, deadline)) return fail("postconf did not end in time");
    const ssize_t got = ::read(fd, output.data() + size, output.size() - size);
    if (got == 0) break;
    if (got < 0) return fail(std::string("the output of postconf cannot be read: ") + std::strerror(errno));
    size += static_cast<std::size_t>(got);
    if (size > kMaxOutput) return fail("postconf writes too much");
  }
  output.resize(size);
  return output;
}

}  // namespace

Result<std::string> run_postconf(const PostconfCall& call) {
  const Deadline deadline = std::chrono::steady_clock::now() + call.limit;
  auto pipe = make_pipe();
  if (!pipe) return tl::unexpected(pipe.error());
  pid_t pid = 0;
  if (const int error = spawn(call, pipe->write_end.get(), pid); error != 0)
    return fail(call.program + " cannot be run: " + std::strerror(error));
  Child child(pid);
  pipe->write_end.reset();
  auto output = read_output(pipe->read_end.get(), deadline);
  if (!output) return output;
  if (!child.wait(deadline)) return fail("postconf did not end in time");
  if (!WIFEXITED(child.status()) || WEXITSTATUS(child.status()) != 0)
    return fail("postconf ended with an error");
  return output;
}

}  // namespace tlspolicyd
