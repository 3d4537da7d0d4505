#include "process/syscall_filter.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <initializer_list>

#include "base/c_ptr.h"

namespace tlspolicyd {
namespace {

using ContextPtr = CPtr<void, seccomp_release>;
using Calls = std::initializer_list<int>;
using Conditions = std::initializer_list<scmp_arg_cmp>;

// The kernel looks at the lower half of an int argument only, and so do we.
constexpr scmp_datum_t kInt = 0xffffffff;

// No library and no part of this program makes them; who does has come by another way.
constexpr Calls kAttack{SCMP_SYS(acct),
                        SCMP_SYS(add_key),
                        SCMP_SYS(bpf),
                        SCMP_SYS(chroot),
                        SCMP_SYS(clock_settime),
                        SCMP_SYS(delete_module),
                        SCMP_SYS(finit_module),
                        SCMP_SYS(init_module),
                        SCMP_SYS(kexec_file_load),
                        SCMP_SYS(kexec_load),
                        SCMP_SYS(keyctl),
                        SCMP_SYS(mount),
                        SCMP_SYS(move_mount),
                        SCMP_SYS(open_by_handle_at),
                        SCMP_SYS(open_tree),
                        SCMP_SYS(perf_event_open),
                        SCMP_SYS(pidfd_getfd),
                        SCMP_SYS(pivot_root),
                        SCMP_SYS(process_vm_readv),
                        SCMP_SYS(process_vm_writev),
                        SCMP_SYS(ptrace),
                        SCMP_SYS(quotactl),
                        SCMP_SYS(reboot),
                        SCMP_SYS(request_key),
                        SCMP_SYS(setns),
                        SCMP_SYS(settimeofday),
                        SCMP_SYS(swapoff),
                        SCMP_SYS(swapon),
                        SCMP_SYS(umount2),
                        SCMP_SYS(unshare)};

// Libraries may look whether these are there. For the server the unknown answers it.
constexpr Calls kProbed{SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register), SCMP_SYS(io_uring_setup),
                        SCMP_SYS(userfaultfd)};

constexpr Calls kPrograms{SCMP_SYS(execve), SCMP_SYS(execveat)};

constexpr Calls kFiles{
    SCMP_SYS(access),     SCMP_SYS(close),     SCMP_SYS(close_range), SCMP_SYS(dup),        SCMP_SYS(dup2),
    SCMP_SYS(dup3),       SCMP_SYS(faccessat), SCMP_SYS(faccessat2),  SCMP_SYS(fadvise64),  SCMP_SYS(fallocate),
    SCMP_SYS(fchmod),     SCMP_SYS(fchown),    SCMP_SYS(fcntl),       SCMP_SYS(fdatasync),  SCMP_SYS(flock),
    SCMP_SYS(fstat),      SCMP_SYS(fstatfs),   SCMP_SYS(fsync),       SCMP_SYS(ftruncate),  SCMP_SYS(getcwd),
    SCMP_SYS(getdents64), SCMP_SYS(lseek),     SCMP_SYS(lstat),       SCMP_SYS(newfstatat), SCMP_SYS(open),
    SCMP_SYS(openat),     SCMP_SYS(pread64),   SCMP_SYS(preadv),      SCMP_SYS(pwrite64),   SCMP_SYS(pwritev),
    SCMP_SYS(read),       SCMP_SYS(readlink),  SCMP_SYS(readlinkat),  SCMP_SYS(readv),      SCMP_SYS(rename),
    SCMP_SYS(renameat),   SCMP_SYS(renameat2), SCMP_SYS(stat),        SCMP_SYS(statfs),     SCMP_SYS(statx),
    SCMP_SYS(unlink),     SCMP_SYS(unlinkat),  SCMP_SYS(write),       SCMP_SYS(writev)};

// Sockets of the kinds in allow_sockets(); bind and listen were done before.
constexpr Calls kSockets{SCMP_SYS(accept4),    SCMP_SYS(connect),  SCMP_SYS(getpeername), SCMP_SYS(getsockname),
                         SCMP_SYS(getsockopt), SCMP_SYS(recvfrom), SCMP_SYS(recvmmsg),    SCMP_SYS(recvmsg),
                         SCMP_SYS(sendmmsg),   SCMP_SYS(sendmsg),  SCMP_SYS(sendto),      SCMP_SYS(setsockopt),
                         SCMP_SYS(shutdown)};

constexpr Calls kEvents{
    SCMP_SYS(epoll_create1),  SCMP_SYS(epoll_ctl),      SCMP_SYS(epoll_pwait),     SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_wait),     SCMP_SYS(eventfd2),       SCMP_SYS(pipe2),           SCMP_SYS(poll),
    SCMP_SYS(ppoll),          SCMP_SYS(pselect6),       SCMP_SYS(restart_syscall), SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),   SCMP_SYS(select),          SCMP_SYS(sigaltstack),
    SCMP_SYS(signalfd4),      SCMP_SYS(timerfd_create), SCMP_SYS(timerfd_gettime), SCMP_SYS(timerfd_settime)};

constexpr Calls kMemoryAndThreads{SCMP_SYS(brk),
                                  SCMP_SYS(exit),
                                  SCMP_SYS(exit_group),
                                  SCMP_SYS(futex),
                                  SCMP_SYS(get_robust_list),
                                  SCMP_SYS(madvise),
                                  SCMP_SYS(membarrier),
                                  SCMP_SYS(mremap),
                                  SCMP_SYS(msync),
                                  SCMP_SYS(munmap),
                                  SCMP_SYS(rseq),
                                  SCMP_SYS(sched_getaffinity),
                                  SCMP_SYS(sched_getparam),
                                  SCMP_SYS(sched_getscheduler),
                                  SCMP_SYS(sched_yield),
                                  SCMP_SYS(set_robust_list),
                                  SCMP_SYS(set_tid_address)};

constexpr Calls kQuestions{
    SCMP_SYS(clock_getres), SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(getcpu),
    SCMP_SYS(getegid),      SCMP_SYS(geteuid),       SCMP_SYS(getgid),          SCMP_SYS(getgroups),
    SCMP_SYS(getpgrp),      SCMP_SYS(getpid),        SCMP_SYS(getppid),         SCMP_SYS(getrandom),
    SCMP_SYS(getresgid),    SCMP_SYS(getresuid),     SCMP_SYS(getrlimit),       SCMP_SYS(getrusage),
    SCMP_SYS(gettid),       SCMP_SYS(gettimeofday),  SCMP_SYS(getuid),          SCMP_SYS(nanosleep),
    SCMP_SYS(sysinfo),      SCMP_SYS(time),          SCMP_SYS(times),           SCMP_SYS(uname)};

// The bits of `mask` in that argument are `value`.
constexpr scmp_arg_cmp bits(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}
constexpr scmp_arg_cmp is(unsigned argument, long value) {
  return bits(argument, kInt, static_cast<scmp_datum_t>(value) & kInt);
}

class Filter {
 public:
  explicit Filter(std::uint32_t otherwise) : context_(seccomp_init(otherwise)) { note(context_ ? 0 : -ENOMEM); }

  void add(std::uint32_t action, Calls calls) {
    for (const int call : calls) add(action, call, {});
  }
  void add(std::uint32_t action, int call, Conditions all) {
    if (error_ == 0)
      note(seccomp_rule_add_array(context_.get(), action, call, static_cast<unsigned>(all.size()), all.begin()));
  }
  [[nodiscard]] Result<void> load() {
    set(SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);  // another ABI's numbers would mean other calls
    set(SCMP_FLTATR_CTL_TSYNC, 1);
    set(SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a tree: not all of the list at each call
    if (error_ == 0) note(seccomp_load(context_.get()));
    if (error_ != 0) return fail(std::strerror(-error_));
    return {};
  }

 private:
  void set(scmp_filter_attr name, std::uint32_t value) {
    if (error_ == 0) note(seccomp_attr_set(context_.get(), name, value));
  }
  void note(int result) { error_ = result; }

  ContextPtr context_;
  int error_ = 0;  // a negative errno; the first one stops all else
};

void allow_sockets(Filter& filter) {
  constexpr scmp_datum_t kSocketFlags = SOCK_CLOEXEC | SOCK_NONBLOCK;
  for (const int family : {AF_INET, AF_INET6, AF_UNIX})
    for (const int type : {SOCK_STREAM, SOCK_DGRAM})
      filter.add(SCMP_ACT_ALLOW, SCMP_SYS(socket),
                 {is(0, family), bits(1, kInt & ~kSocketFlags, static_cast<scmp_datum_t>(type))});
}

// A thread, not a process, and in no namespace of its own. The C library tries clone3 first,
// whose arguments no filter sees, and takes clone where it is told that there is none.
void allow_threads(Filter& filter) {
  constexpr scmp_datum_t kThread = CLONE_VM | CLONE_THREAD | CLONE_SIGHAND;
  constexpr scmp_datum_t kNamespaces =
      CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  filter.add(SCMP_ACT_ALLOW, SCMP_SYS(clone), {bits(0, kThread | kNamespaces, kThread)});
}

// No memory becomes executable: what runs is what was there at the start.
void allow_memory(Filter& filter) {
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)})
    filter.add(SCMP_ACT_ALLOW, call, {bits(2, PROT_EXEC, 0)});
}

// Calls of many faces, of which a few are needed.
void allow_some(Filter& filter) {
  // SIOCGIFINDEX: the zone of a resolver, as in fe80::1%eth0.
  for (const long request : {long{FIONBIO}, long{FIONREAD}, long{TCGETS}, long{SIOCGIFINDEX}})
    filter.add(SCMP_ACT_ALLOW, SCMP_SYS(ioctl), {is(1, request)});
  for (const int name : {PR_SET_NAME, PR_GET_NAME}) filter.add(SCMP_ACT_ALLOW, SCMP_SYS(prctl), {is(0, name)});
  for (const int call : {SCMP_SYS(getpriority), SCMP_SYS(setpriority)})
    filter.add(SCMP_ACT_ALLOW, call, {is(0, PRIO_PROCESS)});
  // Limits are read, not set.
  filter.add(SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), {is(0, 0), {2, SCMP_CMP_EQ, 0, 0}});
  // abort() signals itself.
  filter.add(SCMP_ACT_ALLOW, SCMP_SYS(tgkill), {is(0, getpid())});
}

}  // namespace

Result<void> confine_server() {
  Filter filter(SCMP_ACT_ERRNO(ENOSYS));
  filter.add(SCMP_ACT_KILL_PROCESS, kAttack);
  filter.add(SCMP_ACT_KILL_PROCESS, kPrograms);
  for (const Calls calls : {kFiles, kSockets, kEvents, kMemoryAndThreads, kQuestions})
    filter.add(SCMP_ACT_ALLOW, calls);
  allow_sockets(filter);
  allow_threads(filter);
  allow_memory(filter);
  allow_some(filter);
  return filter.load();
}

Result<void> confine_runner() {
  Filter filter(SCMP_ACT_ALLOW);
  filter.add(SCMP_ACT_ERRNO(EPERM), kAttack);
  filter.add(SCMP_ACT_ERRNO(EPERM), kProbed);
  return filter.load();
}

}  // namespace tlspolicyd
