// The questions of one connection that have no answer yet, or stand behind one that has none:
// replies go out in the order of asking. Bounded in number and in octets. Answer loop only.
#pragma once

#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include "answer/answers.h"
#include "base/clock.h"
#include "cache/octets_of.h"
#include "event/ticket.h"

namespace tlspolicyd {

class PendingQuestions {
 public:
  struct Question {
    SteadyTime asked;
    std::string map_name, key;
    bool answered = false;
    std::optional<std::string> payload;  // if there was room for it
    Ticket ticket;                       // of whoever finds out
  };
  struct Answered {
    std::string payload;
    Ticket ticket;  // of whoever may be calling just now
  };
  static constexpr std::size_t kMaxOctets = 262'144;
  static constexpr std::size_t kMaxOne = 100'000;  // a reply as large as Postfix takes it

  explicit PendingQuestions(std::size_t limit) : limit_(limit) {}

  [[nodiscard]] bool empty() const { return questions_.empty(); }
  [[nodiscard]] bool has_room() const { return questions_.size() < limit_ && octets_ + kMaxOne <= kMaxOctets; }
  [[nodiscard]] SteadyTime asked_first() const { return questions_.front().asked; }

  // Stays where it is until it is taken.
  Question& add(const MapQuestion& question, SteadyTime asked);
  void answer(Question& question, std::string_view payload);
  // All that wait are answered by what is known now. False if none did.
  bool give_up(Answers& answers);

  [[nodiscard]] bool is_next_answered() const { return !questions_.empty() && questions_.front().answered; }
  // The next; by what is known now if there was no room for the payload that it got.
  [[nodiscard]] Answered take(Answers& answers);
  void clear();

 private:
  [[nodiscard]] static std::size_t octets_of(const Question& question);

  std::size_t limit_;
  std::size_t octets_ = 0;
  std::list<Question> questions_;
};

}  // namespace tlspolicyd
