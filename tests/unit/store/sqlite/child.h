// Part of a test in a process of its own: to be killed, or to become somebody else.
#pragma once

#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>

namespace tlspolicyd {

// Runs `work` in a child; what it returns, "" if it was killed without a word. It must
// not use assertions of the test framework.
inline std::string in_child(const std::function<std::string()>& work) {
  int ends[2];
  if (::pipe(ends) != 0) return "no pipe";
  const pid_t child = ::fork();
  if (child == 0) {
    std::string word;
    try {
      word = work();
    } catch (const std::exception& error) {
      word = error.what();
    }
    static_cast<void>(!::write(ends[1], word.data(), word.size()));
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string word;
  char octets[512];
  for (ssize_t got; (got = ::read(ends[0], octets, sizeof octets)) > 0;)
    word.append(octets, static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  return word;
}

}  // namespace tlspolicyd
