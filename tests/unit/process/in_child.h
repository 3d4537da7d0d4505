// Work that gives up rights is done in a process of its own.
#pragma once

#include <sys/wait.h>
#include <unistd.h>
#include <functional>

// What `work` returns, or the signal that ended it, negative.
inline int in_child(const std::function<int()>& work) {
  const pid_t child = fork();
  if (child == 0) _exit(work());
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1000;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}
