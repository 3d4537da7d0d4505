#include "dns/resolv_conf.h"

#include <fcntl.h>

#include <algorithm>

#include "base/text.h"
#include "base/unique_fd.h"

namespace tlspolicyd {
namespace {

constexpr std::size_t kFileMax = 65536;     // beyond it is not a resolv.conf
constexpr std::size_t kNameserversMax = 8;  // glibc takes 3; more would only stretch a failure
constexpr std::uint64_t kTimeoutMax = 30;   // seconds; the C library's own limits
constexpr std::uint64_t kAttemptsMax = 5;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!(line = trim(line)).empty()) {
    const auto end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
  return words;
}

// The number of "timeout:5", at least 1 and cut at `max`.
std::optional<std::uint64_t> number_of(std::string_view option, std::string_view name, std::uint64_t max) {
  if (option.substr(0, name.size()) != name) return std::nullopt;
  const auto number = parse_decimal(option.substr(name.size()), 1'000'000);
  if (!number || *number == 0) return std::nullopt;
  return std::min(*number, max);
}

void apply_option(ResolvConf& conf, std::string_view option) {
  if (option == "rotate") conf.rotate = true;
  if (option == "use-vc") conf.use_vc = true;
  if (const auto number = number_of(option, "timeout:", kTimeoutMax)) conf.timeout = seconds(*number);
  if (const auto number = number_of(option, "attempts:", kAttemptsMax)) conf.attempts = static_cast<int>(*number);
}

void apply_line(ResolvConf& conf, std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  if (line.empty() || line.front() == '#' || line.front() == ';') return;
  const auto words = words_of(line);
  if (words.size() < 2) return;
  if (words[0] == "options")
    std::for_each(words.begin() + 1, words.end(), [&](std::string_view option) { apply_option(conf, option); });
  if (words[0] != "nameserver" || conf.nameservers.size() == kNameserversMax) return;
  if (auto server = parse_nameserver(words[1])) conf.nameservers.push_back(*std::move(server));
}

std::string read_up_to(int fd, std::size_t max) {
  std::string text(max, '\0');
  std::size_t filled = 0;
  while (filled < max) {
    const ssize_t got = ::read(fd, text.data() + filled, max - filled);
    if (got <= 0) break;
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

}  // namespace

ResolvConf parse_resolv_conf(std::string_view text) {
  ResolvConf conf;
  for (const std::string_view line : split(text, '\n')) apply_line(conf, line);
  if (conf.nameservers.empty()) conf.nameservers.push_back(*parse_nameserver("127.0.0.1"));
  return conf;
}

bool ResolvConfFile::Mark::same(const Mark& other) const {
  return device == other.device && inode == other.inode && size == other.size &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

ResolvConfFile::Mark ResolvConfFile::mark_of(const struct stat& status) {
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim};
}

bool ResolvConfFile::refresh(SteadyTime now) {
  if (checked_ && now - *checked_ < kRecheck) return false;
  const bool first = !checked_;
  checked_ = now;
  struct stat status {};
  const Mark found = ::stat(path_.c_str(), &status) == 0 ? mark_of(status) : Mark{};
  if (!first && found.same(mark_)) return false;
  read();
  return true;
}

// The mark is that of the octets read, so that a change in between is seen next time.
void ResolvConfFile::read() {
  mark_ = Mark{};
  std::string text;
  // O_NONBLOCK: whatever stands at that path, opening it must not hang the daemon.
  const UniqueFd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (fd && ::fstat(fd.get(), &status) == 0) {
    mark_ = mark_of(status);
    text = read_up_to(fd.get(), kFileMax);
  }
  contents_ = parse_resolv_conf(text);
}

}  // namespace tlspolicyd
