// One connection of Postfix to the socketmap server: questions in, replies out, one each
// and in order. No buffering beneath it; no timer of its own. Answer loop only.
#pragma once

#include <array>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/unique_fd.h"
#include "event/fd_event.h"
#include "net/peer.h"
#include "postfix/socketmap.h"
#include "service/answers.h"
#include "service/socketmap_inbox.h"

namespace tlspolicyd {

struct SocketmapLimits {
  std::size_t pending = 64;         // questions of a connection that may wait for an answer
  seconds first_octet{60};          // Postfix connects in order to ask
  seconds frame{10};                // from a question's first octet to its last
  seconds unread{30};               // for replies that the other end does not read
  seconds late{90};                 // Postfix gives up after 100 s: better no reply than one
                                    // that it takes for the answer to its next question
};

enum class CloseReason : std::uint8_t {
  peer,         // it hung up
  error,        // the kernel says so
  malformed,    // no netstring, or no request in it
  first_octet, frame, unread, late,  // a limit above
  displaced,    // too many connections
  drained,      // we end
};

[[nodiscard]] std::string_view name_of(CloseReason reason);

// What the connections of one server share.
struct SocketmapTraffic {
  SocketmapTraffic(const Clock& clock, Answers& answers, Metrics& metrics, SocketmapLimits limits);

  const Clock& clock;
  Answers& answers;
  SocketmapLimits limits;
  std::uint64_t& requests;
  std::array<std::uint64_t*, kReplyKinds> replies;  // by ReplyKind
  SocketmapInbox inbox;
  // Buffers that live for one turn, here so that the next turn finds them allocated.
  std::string to_send;
  std::string reply;
  std::vector<Ticket> spent;  // must outlive the callback that they were for
};

class SocketmapConnection {
 public:
  struct Owner {
    virtual ~Owner() = default;
    // A limit runs: ask overdue() from time to time.
    virtual void on_limit_set() = 0;
    // `input` has arrived and lies in the inbox: call work_in() with it before the turn ends,
    // and before anything else is done with the connection.
    virtual void on_input(SocketmapConnection& connection, std::string_view input) = 0;
    // Nothing happens to it any more. Not to be destroyed at once.
    virtual void on_closed(SocketmapConnection& connection, CloseReason reason,
                           const std::string& detail) = 0;
  };

  SocketmapConnection(Loop& loop, SocketmapTraffic& traffic, Owner& owner, UniqueFd fd);
  SocketmapConnection(const SocketmapConnection&) = delete;
  SocketmapConnection& operator=(const SocketmapConnection&) = delete;

  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] SteadyTime last_heard() const { return last_heard_; }
  [[nodiscard]] bool owes() const { return !pending_.empty() || !unsent_.empty(); }
  // Accepted just now: its question is on the way.
  [[nodiscard]] bool is_new() const;
  // Whether something is owed, or a question has come that was not read yet, or will.
  [[nodiscard]] bool is_busy() const;
  // Whether some limit runs, and the one that is passed.
  [[nodiscard]] bool is_limited() const;
  [[nodiscard]] std::optional<CloseReason> overdue(SteadyTime now) const;

  // Where its owner keeps it and counts its peer's.
  struct Place {
    std::list<SocketmapConnection>::iterator connection;
    std::map<Peer, std::size_t>::iterator held;
  };
  Place place{};

  // Takes no more questions after those that have arrived, be they in the socket still, and
  // closes once they are answered.
  void drain();
  // What waits is answered by what is known now, and found out all the same. False if
  // nothing waited.
  bool give_up();
  void close(CloseReason reason, const std::string& detail = "");
  void work_in(std::string_view input);

 private:
  struct Question {
    SteadyTime asked;
    bool answered = false;
    std::string map_name, key;  // until it is answered
    std::string payload;
    Ticket ticket;
  };

  void on_ready(FdEvent::Watch ready);
  [[nodiscard]] std::string_view receive();
  void take_in(std::string_view input);
  void read_rest();
  void on_end_of_input();
  void end(CloseReason reason, std::string detail);
  [[nodiscard]] bool has_room() const {
    return !closed_ && !ending_ && unsent_.empty() && pending_.size() < traffic_.limits.pending;
  }
  void work_off_kept();
  [[nodiscard]] std::size_t work_off(std::string_view input);
  [[nodiscard]] std::size_t take_frames(std::string_view input, std::string& out);
  void note_partial(bool partial, bool progress);
  void ask(const SocketmapRequest& request, std::string& out);
  void on_answer(Question& question, std::string_view payload);
  void collect_answered(std::string& out);
  void put(std::string_view payload, std::string& out);
  void send(std::string& out);
  void send_unsent();
  [[nodiscard]] std::size_t try_send(std::string_view octets);
  void settle();

  SocketmapTraffic& traffic_;
  Owner& owner_;
  UniqueFd fd_;
  FdEvent event_;
  Peer peer_;
  std::string kept_;                 // received, not worked off
  std::string unsent_;               // what the socket did not take
  std::size_t sent_ = 0;             // octets of `unsent_` that it took since
  std::list<Question> pending_;      // in the order of asking
  SteadyTime last_heard_;
  bool heard_ = false;
  bool working_ = false;             // questions are being taken: answers wait for the end of that
  bool closed_ = false;
  std::optional<SteadyTime> frame_since_;    // of a frame that is not complete
  std::optional<SteadyTime> blocked_since_;  // of `unsent_`
  std::optional<CloseReason> ending_;        // no more input; close when nothing is owed
  std::string ending_detail_;
  std::optional<std::size_t> left_to_drain_;  // octets that may still be read; set: no more than has arrived
};

}  // namespace tlspolicyd
