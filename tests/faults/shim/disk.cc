// A disk that refuses. In the daemon only SQLite reads and writes by position, syncs and cuts. The
// names carry labels because the headers map one spelling of each pair to the other.
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

#include "page.h"

namespace {

bool refused() {
  Page* const told = page();
  while (told != nullptr && told->disk_error < 0) usleep(1000);  // it hangs
  const auto error = told == nullptr ? 0 : static_cast<int>(told->disk_error);
  if (error == 0) return false;
  ++told->disk_refusals;
  errno = error;
  return true;
}

bool unreadable() {
  Page* const told = page();
  const auto error = told == nullptr ? 0 : static_cast<int>(told->read_error);
  if (error == 0 || told->reads_granted-- > 0 || told->reads_failing-- <= 0) return false;
  ++told->read_refusals;
  errno = error;
  return true;
}

int sync_by(long call, int fd) {
  if (refused()) return -1;
  if (Page* const told = page()) {
    ++told->syncs;
    usleep(static_cast<useconds_t>(told->sync_ms * 1000));
    errno = static_cast<int>(told->sync_error);
    if (errno != 0) return -1;
  }
  return static_cast<int>(syscall(call, fd));
}

}  // namespace

extern "C" {

ssize_t get(int fd, void* data, size_t size, off_t at) asm("pread64");
ssize_t get(int fd, void* data, size_t size, off_t at) {
  return unreadable() ? -1 : syscall(SYS_pread64, fd, data, size, at);
}
ssize_t get_short(int fd, void* data, size_t size, off_t at) asm("pread");
ssize_t get_short(int fd, void* data, size_t size, off_t at) { return get(fd, data, size, at); }

ssize_t put(int fd, const void* data, size_t size, off_t at) asm("pwrite64");
ssize_t put(int fd, const void* data, size_t size, off_t at) {
  return refused() ? -1 : syscall(SYS_pwrite64, fd, data, size, at);
}
ssize_t put_short(int fd, const void* data, size_t size, off_t at) asm("pwrite");
ssize_t put_short(int fd, const void* data, size_t size, off_t at) { return put(fd, data, size, at); }

int cut(int fd, off_t size) asm("ftruncate64");
int cut(int fd, off_t size) { return refused() ? -1 : static_cast<int>(syscall(SYS_ftruncate, fd, size)); }
int cut_short(int fd, off_t size) asm("ftruncate");
int cut_short(int fd, off_t size) { return cut(fd, size); }

int sync_file(int fd) asm("fsync");
int sync_file(int fd) { return sync_by(SYS_fsync, fd); }
int sync_data(int fd) asm("fdatasync");
int sync_data(int fd) { return sync_by(SYS_fdatasync, fd); }

}  // extern "C"
