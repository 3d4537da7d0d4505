// Asks a socketmap server over many connections, each as Postfix does: one question at a
// time, and once more on a fresh connection where one broke off.
//
//   asker ADDRESS CONNECTIONS RATE MODE < KEYS      "host:port" or a path; questions a second
//                                                   over all connections, 0: as many as go
//     MODE  postfix: as said; once: no second try; fresh: a connection for each question
//     KEYS  lines "key<TAB>reply"; an empty reply: any. An empty line ends them, and the end
//           of the input ends the run: what is asked is waited for, then the counts are told.
//
// Says "failed ASKED TRIED ENDED WHY" for each question without a reply, in seconds of
// CLOCK_MONOTONIC (TRIED: when it was sent last, or the last connecting began), "wrong KEY REPLY" for the first few,
// "retrying N" where the number of second tries under way has changed, and a last line of counts.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr double kPatience = 20;        // seconds for one try; only a broken server lets them pass
constexpr double kAfterFailure = 0.01;  // seconds; Postfix would turn to other mail
constexpr int kMostWrongShown = 20;

double now() {
  timespec at{};
  clock_gettime(CLOCK_MONOTONIC, &at);
  return static_cast<double>(at.tv_sec) + static_cast<double>(at.tv_nsec) / 1e9;
}

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Address parse(const std::string& text) {
  Address address;
  const auto colon = text.rfind(':');
  if (text.front() == '/') {
    auto& local = reinterpret_cast<sockaddr_un&>(address.storage);
    local.sun_family = AF_UNIX;
    std::strncpy(local.sun_path, text.c_str(), sizeof local.sun_path - 1);
    address.size = sizeof local;
  } else {
    auto& inet = reinterpret_cast<sockaddr_in&>(address.storage);
    inet.sin_family = AF_INET;
    inet_pton(AF_INET, text.substr(0, colon).c_str(), &inet.sin_addr);
    inet.sin_port = htons(static_cast<std::uint16_t>(std::stoi(text.substr(colon + 1))));
    address.size = sizeof inet;
  }
  return address;
}

struct Key {
  std::string name, frame, reply;
};

std::vector<Key> read_keys() {
  std::vector<Key> keys;
  for (std::string line; std::getline(std::cin, line) && !line.empty();) {
    const auto tab = line.find('\t');
    const std::string payload = "QUERY " + line.substr(0, tab);
    keys.push_back({line.substr(0, tab), std::to_string(payload.size()) + ':' + payload + ',', line.substr(tab + 1)});
  }
  return keys;
}

struct Run {
  Address address;
  std::vector<Key> keys;
  double interval = 0;  // seconds between questions of one connection
  bool retries = true, fresh = false;
  int epoll = -1;
  bool ending = false;
  std::minstd_rand random{1};
  long retrying = 0, retrying_told = 0;
  long asked = 0, retried = 0, failed = 0, wrong = 0;
  double slowest = 0;
};

class Connection {
 public:
  explicit Connection(Run& run) : run_(run) {}

  [[nodiscard]] bool waits() const { return key_ != nullptr; }

  void ask_if_due(double at) {
    if (waits() || run_.ending || at < next_) return;
    key_ = &run_.keys[run_.random() % run_.keys.size()];
    may_retry_ = run_.retries;
    asked_ = at;
    next_ = std::max(next_ + run_.interval, at - 1);
    ++run_.asked;
    attempt();
  }

  void give_up_if_late(double at) {
    if (waits() && at - tried_ > kPatience) fail("no reply in time");
  }

  void on_ready(std::uint32_t events) {
    if (connecting_) return on_connected();
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive();
  }

 private:
  void attempt() {
    tried_ = now();
    received_.clear();
    if (fd_ < 0) return connect_anew();
    send_question();
  }

  void connect_anew() {
    const int family = run_.address.storage.ss_family;
    fd_ = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (family == AF_INET) setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const int done = connect(fd_, reinterpret_cast<const sockaddr*>(&run_.address.storage), run_.address.size);
    if (done != 0 && errno != EINPROGRESS) return fail(std::string("connect: ") + std::strerror(errno));
    connecting_ = done != 0;
    epoll_event event{.events = connecting_ ? EPOLLOUT : EPOLLIN, .data = {.ptr = this}};
    epoll_ctl(run_.epoll, EPOLL_CTL_ADD, fd_, &event);
    if (!connecting_) send_question();
  }

  void on_connected() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    connecting_ = false;
    if (error != 0) return fail(std::string("connect: ") + std::strerror(error));
    epoll_event event{.events = EPOLLIN, .data = {.ptr = this}};
    epoll_ctl(run_.epoll, EPOLL_CTL_MOD, fd_, &event);
    send_question();
  }

  void send_question() {
    tried_ = now();
    if (stale_) return broke_off("end of file");
    const auto sent = send(fd_, key_->frame.data(), key_->frame.size(), MSG_NOSIGNAL);
    if (sent != static_cast<ssize_t>(key_->frame.size())) broke_off(std::strerror(errno));
  }

  void receive() {
    char buffer[65536];
    const auto got = recv(fd_, buffer, sizeof buffer, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return broke_off(got < 0 ? std::strerror(errno) : "end of file");
    received_.append(buffer, static_cast<std::size_t>(got));
    const auto colon = received_.find(':');
    if (colon == std::string::npos || !waits()) return;
    const auto size = std::stoul(received_);
    if (received_.size() >= colon + size + 2) judge(received_.substr(colon + 1, size));
  }

  void judge(const std::string& reply) {
    run_.slowest = std::max(run_.slowest, now() - asked_);
    const bool right = key_->reply.empty() || reply == key_->reply;
    if (!right && ++run_.wrong <= kMostWrongShown) std::cout << "wrong " << key_->name << ' ' << reply << '\n';
    forget_question();
    received_.clear();
    if (run_.fresh) close_connection();
    ask_if_due(now());
  }

  void broke_off(const std::string& why) {
    if (!waits()) return leave_stale();
    close_connection();
    if (!may_retry_) return fail(why);
    may_retry_ = false;
    again_ = true;
    ++run_.retried;
    ++run_.retrying;
    attempt();
  }

  void fail(const std::string& why) {
    close_connection();
    ++run_.failed;
    const double ended = now();
    std::printf("failed %.6f %.6f %.6f %s\n", asked_, tried_, ended, why.c_str());
    forget_question();
    next_ = std::max(next_, ended + kAfterFailure);
  }

  // Postfix does not look at an idle connection: its next question finds out.
  void leave_stale() {
    stale_ = true;
    epoll_ctl(run_.epoll, EPOLL_CTL_DEL, fd_, nullptr);
  }

  void forget_question() {
    key_ = nullptr;
    if (again_) --run_.retrying;
    again_ = false;
  }

  void close_connection() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
    connecting_ = stale_ = false;
  }

  Run& run_;
  int fd_ = -1;
  bool connecting_ = false, stale_ = false, may_retry_ = false, again_ = false;
  const Key* key_ = nullptr;  // what is being asked
  std::string received_;
  double asked_ = 0, tried_ = 0, next_ = now();
};

void serve(Run& run, std::deque<Connection>& connections) {
  pollfd input{.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  epoll_event ready[256];
  for (;;) {
    const double at = now();
    if (!run.ending && poll(&input, 1, 0) == 1) run.ending = true;
    bool waits = false;
    for (Connection& connection : connections) {
      connection.give_up_if_late(at);
      connection.ask_if_due(at);
      waits |= connection.waits();
    }
    if (run.ending && !waits) return;
    if (run.retrying != run.retrying_told) std::cout << "retrying " << (run.retrying_told = run.retrying) << std::endl;
    for (int left = epoll_wait(run.epoll, ready, 256, 2); left > 0; --left)
      static_cast<Connection*>(ready[left - 1].data.ptr)->on_ready(ready[left - 1].events);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 64;
  const int count = std::stoi(argv[2]);
  const double rate = std::stod(argv[3]);
  const std::string mode = argv[4];
  Run run{.address = parse(argv[1]),
          .keys = read_keys(),
          .interval = rate > 0 ? count / rate : 0,
          .retries = mode == "postfix",
          .fresh = mode == "fresh",
          .epoll = epoll_create1(EPOLL_CLOEXEC)};
  std::deque<Connection> connections;
  for (int i = 0; i < count; ++i) connections.emplace_back(run);
  std::cout << "begun" << std::endl;
  serve(run, connections);
  std::printf("asked %ld retried %ld failed %ld wrong %ld slowest %.6f\n", run.asked, run.retried, run.failed,
              run.wrong, run.slowest);
}
