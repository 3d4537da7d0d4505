#include "process/syscall_filter.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "catch.h"
#include "unit/process/in_child.h"

using namespace tlspolicyd;

namespace {

using Work = int (*)();  // 0, or -1 with errno, as system calls have it

constexpr int kNotConfined = 99;

// A filter at no address: EFAULT where the kernel would have read it. Whatever else keeps the
// filter from being installed is a failure.
bool kernel_has_filters() {
  if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) == 0 || (errno != EINVAL && errno != ENOSYS))
    return true;
  WARN("the kernel has no filters");
  return false;
}

// The errno of `work` under the server's filter, 0 where it succeeds, the negative signal
// where that ends the process.
int confined(Work work) {
  return in_child([work] {
    if (!confine_server()) return kNotConfined;
    return work() < 0 ? errno : 0;
  });
}

// The same for a process that runs programs.
int running(Work work) {
  return in_child([work] {
    if (!confine_runner()) return kNotConfined;
    return work() < 0 ? errno : 0;
  });
}

template <typename... Arguments>
int call(long number, Arguments... arguments) {
  return static_cast<int>(syscall(number, arguments...));
}

int make_executable() {
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return mprotect(page, 4096, PROT_READ | PROT_EXEC);
}

int map_executable() {
  return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0;
}

int listen_anywhere() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  return fd < 0 ? 0 : listen(fd, 1);
}

int bind_anywhere() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in any{};
  any.sin_family = AF_INET;
  return fd < 0 ? 0 : bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any);
}

int raise_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;  // reading them must work
  return setrlimit(RLIMIT_NOFILE, &limit);
}

int open_sockets() {
  for (const int family : {AF_INET, AF_INET6, AF_UNIX})
    for (const int type : {SOCK_STREAM, SOCK_DGRAM})
      if (socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0) < 0 && errno != EAFNOSUPPORT) return -1;
  return 0;
}

int wait_for_events() {
  const int epoll = epoll_create1(EPOLL_CLOEXEC), event = eventfd(1, EFD_CLOEXEC);
  sigset_t none;
  sigemptyset(&none);
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  if (epoll < 0 || event < 0 || timerfd_create(CLOCK_MONOTONIC, 0) < 0 || signalfd(-1, &none, 0) < 0) return -1;
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, event, &wanted) != 0) return -1;
  return epoll_wait(epoll, &wanted, 1, -1) == 1 ? 0 : -1;
}

int use_files() {
  char name[] = "/tmp/tlspolicyd-test-XXXXXX";
  const int fd = mkstemp(name);
  const std::string moved = std::string(name) + ".moved";
  const bool fine = fd >= 0 && write(fd, "x", 1) == 1 && fsync(fd) == 0 && fdatasync(fd) == 0 &&
                    ftruncate(fd, 4096) == 0 && fchmod(fd, 0600) == 0 && rename(name, moved.c_str()) == 0 &&
                    mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED;
  const int error = errno;
  unlink(moved.c_str());
  errno = error;
  return fine ? 0 : -1;
}

int start_thread() {
  int seen = 0;
  std::thread([&seen] { seen = setpriority(PRIO_PROCESS, static_cast<id_t>(gettid()), 5) == 0 ? 1 : 2; }).join();
  return seen == 1 ? 0 : -1;
}

int start_program() {
  return in_child([] { return execl("/bin/true", "true", nullptr); }) == 0 ? 0 : -1;
}

}  // namespace

TEST_CASE("what only an attacker calls ends the daemon") {
  if (!kernel_has_filters()) return;
  const auto [name, work] = GENERATE(table<const char*, Work>({
      {"execve", [] { return execl("/bin/true", "true", nullptr); }},
      {"execveat", [] { return call(SYS_execveat, AT_FDCWD, "/bin/true", nullptr, nullptr, 0); }},
      {"ptrace", [] { return call(SYS_ptrace, 0, 0, 0, 0); }},
      {"mount", [] { return call(SYS_mount, "none", "/mnt", "tmpfs", 0, nullptr); }},
      {"pivot_root", [] { return call(SYS_pivot_root, "/", "/"); }},
      {"unshare", [] { return call(SYS_unshare, 0); }},
      {"setns", [] { return call(SYS_setns, -1, 0); }},
      {"bpf", [] { return call(SYS_bpf, 0, nullptr, 0); }},
      {"keyctl", [] { return call(SYS_keyctl, 0, 0, 0, 0, 0); }},
      {"perf_event_open", [] { return call(SYS_perf_event_open, nullptr, 0, 0, 0, 0); }},
      {"process_vm_readv", [] { return call(SYS_process_vm_readv, 1, nullptr, 0, nullptr, 0, 0); }},
      {"finit_module", [] { return call(SYS_finit_module, -1, "", 0); }},
      {"settimeofday", [] { return call(SYS_settimeofday, nullptr, nullptr); }},
  }));
  CAPTURE(name);
  CHECK(confined(work) == -SIGSYS);
}

TEST_CASE("what the daemon does not need is not there") {
  if (!kernel_has_filters()) return;
  const auto [name, work] = GENERATE(table<const char*, Work>({
      {"another process", [] { return static_cast<int>(fork()); }},
      {"a packet socket", [] { return socket(AF_PACKET, SOCK_DGRAM, 0); }},
      {"a netlink socket", [] { return socket(AF_NETLINK, SOCK_DGRAM, 0); }},
      {"a raw socket", [] { return socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }},
      {"listen", &listen_anywhere},
      {"bind", &bind_anywhere},
      {"memory that becomes executable", &make_executable},
      {"executable memory", &map_executable},
      {"a signal to another", [] { return kill(getppid(), 0); }},
      {"a signal to a thread of another", [] { return call(SYS_tgkill, getppid(), getppid(), 0); }},
      {"setting limits", &raise_limit},
      {"becoming another user", [] { return call(SYS_setuid, getuid()); }},
      {"io_uring", [] { return call(SYS_io_uring_setup, 1, nullptr); }},
      {"userfaultfd", [] { return call(SYS_userfaultfd, 0); }},
      {"typing for a terminal", [] { return ioctl(0, TIOCSTI, "x"); }},
      {"prctl for anything but names", [] { return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); }},
      {"links", [] { return link("/etc/passwd", "/tmp/tlspolicyd-test-link"); }},
  }));
  CAPTURE(name);
  CHECK(confined(work) == ENOSYS);
}

TEST_CASE("what the daemon needs remains") {
  if (!kernel_has_filters()) return;
  const auto [name, work] = GENERATE(table<const char*, Work>({
      {"sockets that connect", &open_sockets},
      {"waiting", &wait_for_events},
      {"files", &use_files},
      {"threads, less urgent ones", &start_thread},
      {"the number of an interface", [] { return if_nametoindex("lo") != 0 ? 0 : -1; }},
      {"names of threads", [] { return prctl(PR_SET_NAME, "x", 0, 0, 0); }},
  }));
  CAPTURE(name);
  CHECK(confined(work) == 0);
}

TEST_CASE("a confined process can still abort") {
  if (!kernel_has_filters()) return;
  CHECK(confined([]() -> int {
          std::signal(SIGABRT, SIG_DFL);  // the test framework has its own
          std::abort();
        }) == -SIGABRT);
}

TEST_CASE("threads that run already are confined too") {
  if (!kernel_has_filters()) return;
  CHECK(in_child([] {
          std::atomic<bool> now{false};
          int seen = 0;
          std::thread early([&] {
            now.wait(false);
            seen = socket(AF_PACKET, SOCK_DGRAM, 0) < 0 ? errno : 0;
          });
          const bool done = confine_server().has_value();
          now = true;
          now.notify_one();
          early.join();
          return done ? seen : kNotConfined;
        }) == ENOSYS);
}

TEST_CASE("a process that runs programs can, and little else that is dangerous") {
  if (!kernel_has_filters()) return;
  CHECK(running(&start_program) == 0);
  const auto [name, work] = GENERATE(table<const char*, Work>({
      {"ptrace", [] { return call(SYS_ptrace, 0, 0, 0, 0); }},
      {"mount", [] { return call(SYS_mount, "none", "/mnt", "tmpfs", 0, nullptr); }},
      {"unshare", [] { return call(SYS_unshare, 0); }},
      {"io_uring", [] { return call(SYS_io_uring_setup, 1, nullptr); }},
  }));
  CAPTURE(name);
  CHECK(running(work) == EPERM);
}

TEST_CASE("the programs it runs are confined as it is") {
  if (!kernel_has_filters()) return;
  CHECK(running([] { return execl("/bin/grep", "grep", "-q", "^Seccomp:.2", "/proc/self/status", nullptr); }) == 0);
}
