// One connection of Postfix to the socketmap server: questions in, replies out, one each
// and in order. No buffering beneath it; no timer of its own. Answer loop only.
#pragma once

#include <list>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "event/backlog.h"
#include "event/fd_event.h"
#include "net/peer.h"
#include "postfix/socketmap.h"
#include "answer/pending_questions.h"
#include "socketmap/socketmap_outbox.h"
#include "socketmap/socketmap_traffic.h"

namespace tlspolicyd {

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
    virtual void on_closed(SocketmapConnection& connection, CloseReason reason, const std::string& detail) = 0;
  };

  SocketmapConnection(Loop& loop, SocketmapTraffic& traffic, Owner& owner, UniqueFd fd);
  SocketmapConnection(const SocketmapConnection&) = delete;
  SocketmapConnection& operator=(const SocketmapConnection&) = delete;

  [[nodiscard]] const Peer& peer() const { return peer_; }
  [[nodiscard]] SteadyTime last_heard() const { return last_heard_; }
  [[nodiscard]] bool owes() const { return more_ || !pending_.empty() || !outbox_.empty(); }
  // Accepted just now: its question is on the way.
  [[nodiscard]] bool is_new(SteadyTime now) const;
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
  void on_ready(FdEvent::Watch ready);
  [[nodiscard]] std::string_view receive();
  void take_in(std::string_view input);
  void read_rest();
  void on_end_of_input();
  void end(CloseReason reason, std::string detail);
  [[nodiscard]] bool has_room() const { return !closed_ && !ending_ && outbox_.empty() && pending_.has_room(); }
  // Nothing that has been read waits for its turn.
  [[nodiscard]] bool may_read() const { return has_room() && !more_; }
  void go_on();
  void work_off_kept(std::size_t share);
  [[nodiscard]] std::size_t work_off(std::string_view input, std::size_t left);
  [[nodiscard]] std::size_t take_frames(std::string_view input, std::size_t& left, std::string& out);
  void note_partial(bool partial, bool progress);
  void ask(const SocketmapRequest& request, std::string& out);
  void on_answer(PendingQuestions::Question& question, std::string_view payload);
  void deliver(std::string& out);
  void collect_answered(std::string& out);
  void put(std::string_view payload, std::string& out);
  void send(std::string& out);
  void send_rest();
  void settle();

  SocketmapTraffic& traffic_;
  Owner& owner_;
  UniqueFd fd_;
  FdEvent event_;
  Peer peer_;
  std::string kept_;  // received, not worked off
  SocketmapOutbox outbox_;
  PendingQuestions pending_;
  SteadyTime last_heard_;
  bool heard_ = false;
  bool working_ = false;  // questions are being taken: answers wait for the end of that
  bool closed_ = false;
  bool more_ = false;  // in kept_, beyond what is worked off in one turn: rest_ does it
  BacklogTask rest_;
  std::optional<SteadyTime> frame_since_;  // of a frame that is not complete
  std::optional<CloseReason> ending_;      // no more input; close when nothing is owed
  std::string ending_detail_;
  std::optional<std::size_t> left_to_drain_;  // octets that may still be read; set: no more than has arrived
};

}  // namespace tlspolicyd
