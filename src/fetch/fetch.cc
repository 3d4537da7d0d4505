#include "fetch/fetch.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tlspolicyd {
namespace {

// While another address is left, one that accepts a connection and then says nothing
// gets this long. Shorter than the time a question of Postfix waits.
constexpr milliseconds kTlsPatience{2'000};
// After the last progress; what comes later without being progress is a drip.
constexpr milliseconds kTrickle{1'000};
// Turns a flood into turns: other fetches come between. A whole policy is four records.
constexpr int kReadsPerTurn = 8;

std::string request_for(const FetchRequest& request) {
  std::string host = request.host;
  if (request.port != 443) host += ':' + std::to_string(request.port);
  return "GET " + request.path + " HTTP/1.1\r\nHost: " + host +
         "\r\nUser-Agent: tlspolicyd/" TLSPOLICYD_VERSION
         "\r\nAccept: text/plain\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n";
}

std::int64_t now_ms() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<milliseconds>(now).count();
}

// The host may be well at another address; what it says in its certificate is final.
bool worth_another_address(FetchFault fault) {
  return fault == FetchFault::reset || fault == FetchFault::timeout || fault == FetchFault::tls_failure;
}

}  // namespace

struct Fetch::Channel {
  Channel(Fetch& owner, SSL_CTX& context, UniqueFd socket)
      : link(context, std::move(socket), owner.request_.host),
        event(owner.loop_, link.fd(), [&owner](FdEvent::Watch) { owner.advance(); }) {}
  TlsLink link;
  FdEvent event;
};

Fetch::Fetch(Loop& loop, Trust& trust, FetchRequest request, Begin begin, Done done)
    : loop_(loop),
      trust_(trust),
      request_(std::move(request)),
      asked_(begin.asked),
      done_(std::move(done)),
      octets_(request_for(request_)),
      reader_(request_.max_body),
      connector_(loop, request_.port, connector_events()),
      deadline_(loop.make([this] { deadline_over(); })),
      patience_(loop.make([this] { patience_over(); })) {
  connector_.add(request_.addresses);
  if (!begin.more_follow) connector_.complete();
}

Fetch::~Fetch() = default;

Connector::Events Fetch::connector_events() {
  return {[this](UniqueFd socket, const IpAddress& address) { connected(std::move(socket), address); },
          [this](const IpAddress& address, int error) { connect_failed(address, error); },
          [this](const IpAddress& address) { attempts_.slower(address); }, [this] { finish(attempts_.verdict()); }};
}

void Fetch::start() {
  came_further();
  deadline_->start(request_.timeout - elapsed());
  connector_.race();
}

void Fetch::add(const std::vector<IpAddress>& addresses) {
  if (phase_ == Phase::finished) return;
  connector_.add(addresses);
  connector_.complete();
  if (phase_ == Phase::handshake && connector_.has_next()) patience_->start(kTlsPatience);
}

void Fetch::connected(UniqueFd socket, const IpAddress& address) {
  came_further();
  address_ = address;
  const SslCtxPtr context = trust_.current(std::chrono::steady_clock::now());
  channel_ = std::make_unique<Channel>(*this, *context, std::move(socket));
  unsent_ = octets_;
  phase_ = Phase::handshake;
  steps_ = 0;
  if (connector_.has_next()) patience_->start(kTlsPatience);
  advance();
}

void Fetch::connect_failed(const IpAddress& address, int error) {
  address_ = address;
  attempts_.connect_failed(address, error);
}

void Fetch::advance() {
  note_trickle();
  for (int turns = 0; step(); ++turns) {
    if (turns < kReadsPerTurn || channel_->link.pending()) continue;
    channel_->event.watch(FdEvent::Watch::read);
    return;
  }
}

bool Fetch::step() {
  TlsLink& link = channel_->link;
  switch (phase_) {
    case Phase::handshake: return took(shake_hands());
    case Phase::request: return took(link.write(unsent_));
    case Phase::answer: return took(read_answer());
    case Phase::connect:
    case Phase::finished: break;
  }
  return false;
}

bool Fetch::took(TlsLink::Step step) {
  switch (step) {
    case TlsLink::Step::done: return next_phase();
    case TlsLink::Step::want_read: channel_->event.watch(FdEvent::Watch::read); return false;
    case TlsLink::Step::want_write: channel_->event.watch(FdEvent::Watch::write); return false;
    case TlsLink::Step::closed: closed(); return false;
    case TlsLink::Step::fault: link_failed(); return false;
  }
  return false;
}

TlsLink::Step Fetch::shake_hands() {
  const TlsLink::Step step = channel_->link.handshake();
  if (channel_->link.flights() > std::exchange(steps_, channel_->link.flights())) came_further();
  return step;
}

bool Fetch::next_phase() {
  if (phase_ == Phase::handshake) {
    patience_->cancel();
    steps_ = 0;
    came_further();
    if (request_.progress) request_.progress->secured = true;
    phase_ = Phase::request;
  } else if (phase_ == Phase::request && unsent_.empty()) {
    phase_ = Phase::answer;
  }
  return phase_ != Phase::finished;
}

TlsLink::Step Fetch::read_answer() {
  std::array<char, TlsLink::kRecord> room;
  std::size_t size = 0;
  const TlsLink::Step step = channel_->link.read(room, size);
  if (step != TlsLink::Step::done) return step;
  const HttpReader::State state = reader_.feed({room.data(), size});
  if (reader_.steps() > std::exchange(steps_, reader_.steps())) came_further();
  judge(state);
  return step;
}

void Fetch::judge(HttpReader::State state) {
  if (state == HttpReader::State::done) finish({FetchFault::none, ""});
  if (state == HttpReader::State::fault)
    finish({reader_.answer().fault, reader_.answer().detail, reader_.answer().rfc});
}

// A peer that leaves before it said anything has not cut an answer short.
void Fetch::closed() {
  if (phase_ == Phase::answer && reader_.begun()) return judge(reader_.at_end(true));
  finish({FetchFault::reset, "the server closed the connection without an answer"});
}

void Fetch::link_failed() {
  const FetchFailure failure = channel_->link.fault();
  if (phase_ == Phase::handshake && worth_another_address(failure.fault) && !channel_->link.certificate_seen() &&
      connector_.more())
    return try_elsewhere(failure);
  const bool cut = failure.fault == FetchFault::reset && phase_ == Phase::answer && reader_.begun();
  if (!cut) return finish(failure);
  finish({FetchFault::truncated, failure.detail + " (" + reader_.progress() + ")"});
}

void Fetch::try_elsewhere(FetchFailure failure) {
  attempts_.tls_failed(address_, std::move(failure));
  patience_->cancel();
  channel_->event.watch(FdEvent::Watch::nothing);
  loop_.post([dead = std::shared_ptr<Channel>(std::move(channel_))] {});
  phase_ = Phase::connect;
  connector_.race();
}

void Fetch::patience_over() {
  if (phase_ == Phase::handshake && channel_->link.octets_heard() == 0 && connector_.has_next())
    try_elsewhere({FetchFault::timeout, "no answer to the TLS handshake"});
}

void Fetch::deadline_over() {
  switch (phase_) {
    case Phase::connect:
      for (const IpAddress& address : connector_.unanswered()) attempts_.unanswered(address_ = address);
      if (const auto lack = connector_.shortage()) attempts_.connect_failed(address_ = lack->address, lack->error);
      return finish(attempts_.verdict());
    case Phase::handshake: return finish({FetchFault::timeout, "the TLS handshake took too long"});
    case Phase::request: return finish({FetchFault::timeout, "the server does not read the request"});
    case Phase::answer: return finish({FetchFault::timeout, "the answer took too long (" + reader_.progress() + ")"});
    case Phase::finished: return;
  }
}

void Fetch::came_further() {
  if (!request_.progress) return;
  request_.progress->trickles = false;
  request_.progress->made_ms = now_ms();
}

// Something came; where it is progress after all, that is taken back at once.
void Fetch::note_trickle() {
  if (!request_.progress || phase_ != Phase::answer) return;
  if (now_ms() - request_.progress->made_ms >= kTrickle.count()) request_.progress->trickles = true;
}

milliseconds Fetch::elapsed() const {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - asked_);
}

void Fetch::finish(FetchFailure failure) {
  if (phase_ == Phase::finished) return;
  fill(std::move(failure));
  phase_ = Phase::finished;
  deadline_->cancel();
  patience_->cancel();
  connector_.stop();
  if (channel_) channel_->event.watch(FdEvent::Watch::nothing);
  done_(std::move(outcome_));
}

void Fetch::fill(FetchFailure failure) {
  const HttpAnswer& answer = reader_.answer();
  outcome_.fault = failure.fault;
  outcome_.detail = std::move(failure.detail);
  outcome_.rfc = failure.rfc;
  if (outcome_.fault == FetchFault::none) outcome_.body = answer.body;
  outcome_.status = answer.status;
  outcome_.content_type = answer.content_type;
  outcome_.location = answer.location;
  outcome_.address = request_.addresses.empty() ? "" : to_text(address_);
  outcome_.attempts = attempts_.lines();
  if (channel_) channel_->link.describe(outcome_);
  if (channel_)
    outcome_.attempts.push_back(outcome_.address + ": " +
                                (outcome_.fault == FetchFault::none ? "connected" : outcome_.detail));
  outcome_.elapsed = elapsed();
}

}  // namespace tlspolicyd
