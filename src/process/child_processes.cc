#include "process/child_processes.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>

#include "base/text.h"
#include "base/unique_fd.h"

namespace tlspolicyd {
namespace {

using Deadline = SteadyTime;

constexpr std::size_t kMaxComplaint = 4096;  // octets of stderr that are kept: the end of it counts
constexpr std::size_t kMaxRead = 4096;       // octets at once
constexpr milliseconds kExitPoll{5};         // between looks whether it has ended

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
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return fail_errno("pipe");
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

// The two outputs into the pipes, nothing else of ours; default signals, a group to be killed as one.
int spawn(const std::string& path, std::vector<std::string> arguments, int output, int complaint, pid_t& pid) {
  SpawnActions actions;
  posix_spawn_file_actions_addopen(actions.get(), STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(actions.get(), output, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(actions.get(), complaint, STDERR_FILENO);
  posix_spawn_file_actions_addclosefrom_np(actions.get(), STDERR_FILENO + 1);
  SpawnAttributes attributes;
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(attributes.get(), &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(attributes.get(), &signals);
  posix_spawnattr_setflags(attributes.get(), POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> pointers;
  for (std::string& text : arguments) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  std::string search = std::string("PATH=") + kSystemPath, locale = "LC_ALL=C";
  std::array<char*, 3> environment{search.data(), locale.data(), nullptr};
  return posix_spawn(&pid, path.c_str(), actions.get(), attributes.get(), pointers.data(), environment.data());
}

// One invocation: its process and the read ends of its two pipes, each until it is closed.
class Run {
 public:
  Run(const std::string& program, const Invocation& invocation)
      : name_(invocation.arguments.front()), max_output_(invocation.max_output) {
    start(program, invocation);
  }

  void watch(std::vector<pollfd>& watched) const {
    for (const UniqueFd* end : {&output_, &complaint_})
      if (*end) watched.push_back({end->get(), POLLIN, 0});
  }
  void read(int fd) {
    if (fd == output_.get()) read_output();
    else if (fd == complaint_.get()) read_complaint();
  }
  // No more is read.
  [[nodiscard]] Result<std::string> finish(Deadline deadline, milliseconds limit) {
    if (failure_.empty() && (output_ || complaint_ || !child_->wait(deadline)))
      fail_with(name_ + " does not end within " + std::to_string(limit.count()) + " ms" + last_words());
    if (!failure_.empty()) return fail(failure_);
    if (const int status = child_->status(); !WIFEXITED(status) || WEXITSTATUS(status) != 0)
      return fail(name_ + " ends with an error" + last_words());
    return std::move(text_);
  }

 private:
  void start(const std::string& program, const Invocation& invocation) {
    auto output = make_pipe(), complaint = make_pipe();
    if (!output || !complaint) return fail_with((output ? complaint : output).error().text);
    pid_t pid = 0;
    const int error =
        spawn(find_program(program), invocation.arguments, output->write_end.get(), complaint->write_end.get(), pid);
    if (error != 0) return fail_with(program + " cannot be run: " + std::strerror(error));
    child_ = std::make_unique<Child>(pid);
    output_ = std::move(output->read_end);
    complaint_ = std::move(complaint->read_end);
  }

  void fail_with(std::string reason) {
    failure_ = std::move(reason);
    output_.reset();
    complaint_.reset();
  }

  // What has come, and whether that is all.
  [[nodiscard]] static std::string read_some(UniqueFd& from) {
    std::string text(kMaxRead, '\0');
    const ssize_t got = ::read(from.get(), text.data(), text.size());
    if (got < 0 && errno == EINTR) return "";
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got <= 0) from.reset();
    return text;
  }
  void read_output() {
    text_ += read_some(output_);
    if (text_.size() > max_output_) fail_with(name_ + " writes more than " + std::to_string(max_output_) + " octets");
  }
  void read_complaint() {
    complaints_ += read_some(complaint_);
    if (complaints_.size() > kMaxComplaint) complaints_.erase(0, complaints_.size() - kMaxComplaint);
  }
  [[nodiscard]] std::string last_words() const {
    const std::string_view text = trim_end(complaints_);
    const std::string_view last = text.substr(text.rfind('\n') + 1);
    return last.empty() ? "" : ": " + printable(last);
  }
  [[nodiscard]] static std::string_view trim_end(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t\r\n") + 1);
  }

  std::string name_;
  std::size_t max_output_;
  std::unique_ptr<Child> child_;
  UniqueFd output_, complaint_;
  std::string text_, complaints_, failure_;
};

// False at the deadline, and where nothing is left to be read.
bool read_more(std::vector<std::unique_ptr<Run>>& runs, Deadline deadline) {
  std::vector<pollfd> watched;
  for (const auto& run : runs) run->watch(watched);
  const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
  if (watched.empty() || left.count() <= 0) return false;
  if (::poll(watched.data(), watched.size(), static_cast<int>(left.count())) < 0) return errno == EINTR;
  for (const pollfd& each : watched)
    if (each.revents != 0)
      for (const auto& run : runs) run->read(each.fd);
  return true;
}

}  // namespace

std::vector<Result<std::string>> run_at_once(const std::string& program, const std::vector<Invocation>& invocations,
                                             milliseconds limit) {
  const Deadline deadline = std::chrono::steady_clock::now() + limit;
  std::vector<std::unique_ptr<Run>> runs;
  for (const Invocation& invocation : invocations) runs.push_back(std::make_unique<Run>(program, invocation));
  while (read_more(runs, deadline)) {
  }
  std::vector<Result<std::string>> out;
  for (const auto& run : runs) out.push_back(run->finish(deadline, limit));
  return out;
}

}  // namespace tlspolicyd
